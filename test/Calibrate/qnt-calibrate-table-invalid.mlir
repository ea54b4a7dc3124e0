// Tables that don't fit the model, and models that can't be calibrated.

// RUN: rm -rf %t && split-file %s %t && %python %S/Inputs/make_arrays.py %t/arrays

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/missing.json" 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: cannot open calibration table '{{.*}}missing.json': {{[Nn]}}o such file or directory

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/one.mlir" 2>&1 | FileCheck %s --check-prefix=JSON
// JSON: error: calibration table '{{.*}}one.mlir' is not valid JSON:

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/other.json" 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: calibration table '{{.*}}other.json' is not a calibration table: its format is not qnt-calibration

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/future.json" 2>&1 | FileCheck %s --check-prefix=FUTURE
// FUTURE: error: calibration table '{{.*}}future.json' has version 2; expected 1

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/state.json" 2>&1 | FileCheck %s --check-prefix=STATE
// STATE: error: calibration table '{{.*}}state.json' is damaged: edge 'x' has no valid state

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/model.json" 2>&1 | FileCheck %s --check-prefix=MODEL
// MODEL: error: calibration table '{{.*}}model.json' is of model cafe, but this is model beef; calibrate this one with data=

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/edge.json" 2>&1 | FileCheck %s --check-prefix=EDGE
// EDGE: error: calibration table '{{.*}}edge.json' has no edge 'x'; calibrate again with data=

// RUN: not quant-opt %t/one.mlir --qnt-calibrate="table=%t/observer.json" 2>&1 | FileCheck %s --check-prefix=OBSERVER
// OBSERVER: error: edge 'x' was observed by #qnt.moving_average<momentum = 5.000000e-01> in calibration table '{{.*}}observer.json', but is by #qnt.min_max here; insert observers of that kind

// RUN: not quant-opt %t/twice.mlir --qnt-calibrate="data=%t/arrays/ramp.npz" 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: edge 'x' is observed twice

// RUN: not quant-opt %t/branch.mlir --qnt-calibrate="data=%t/arrays/ramp.npz" 2>&1 | FileCheck %s --check-prefix=NEVER
// NEVER: error: calibration never ran on edge 'branch'; give samples that reach it

// RUN: not quant-opt %t/axis.mlir --qnt-calibrate="data=%t/arrays/ramp.npz" 2>&1 | FileCheck %s --check-prefix=AXIS
// AXIS: error: edge 'x' asks for #qnt.pending<per_axis, axis = 1>; calibration completes #qnt.pending<per_tensor> alone

// RUN: not quant-opt %t/root.mlir --qnt-calibrate="data=%t/arrays/ramp.npz" 2>&1 | FileCheck %s --check-prefix=ROOT
// ROOT: error: edge 'root' is not finite: sample 0 leads to NaN or infinity there; remove the sample from '{{.*}}ramp.npz' or mend the model

//--- one.mlir
module attributes {qnt.model_sha256 = "beef"} {
  func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
    %a = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
    return %a : tensor<1x4xf32>
  }
}

//--- twice.mlir
func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
  %a = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  %b = qnt.observe %a "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  return %b : tensor<1x4xf32>
}

//--- branch.mlir
func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1.0e+09 : f32
  %v = tensor.extract %x[%zero, %zero] : tensor<1x4xf32>
  %c = arith.cmpf ogt, %v, %one : f32
  %r = scf.if %c -> (tensor<1x4xf32>) {
    %a = qnt.observe %x "branch" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
    scf.yield %a : tensor<1x4xf32>
  } else {
    scf.yield %x : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

//--- root.mlir
func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
  %minus = arith.constant dense<-1.0> : tensor<1x4xf32>
  %n = arith.mulf %x, %minus : tensor<1x4xf32>
  %m = arith.addf %n, %minus : tensor<1x4xf32>
  %r = math.sqrt %m : tensor<1x4xf32>
  %b = qnt.observe %r "root" by #qnt.percentile as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  return %b : tensor<1x4xf32>
}

//--- axis.mlir
func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
  %a = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_axis, axis = 1>> : tensor<1x4xf32>
  return %a : tensor<1x4xf32>
}

//--- other.json
{"format": "something else"}

//--- future.json
{"format": "qnt-calibration", "version": 2}

//--- state.json
{"format": "qnt-calibration", "version": 1, "model_sha256": "beef", "edges": [
  {"name": "x", "observer": "#qnt.min_max", "state": [0, "0*99"]}]}

//--- model.json
{"format": "qnt-calibration", "version": 1, "model_sha256": "cafe", "edges": []}

//--- edge.json
{"format": "qnt-calibration", "version": 1, "model_sha256": "beef", "edges": []}

//--- observer.json
{"format": "qnt-calibration", "version": 1, "model_sha256": "beef", "edges": [
  {"name": "x", "observer": "#qnt.moving_average<momentum = 0.5>", "state": [0, 1, 0, 1, 4, 1]}]}
