// Every wrong array, table and option, each with its exact error.

// RUN: rm -rf %t && %python %S/Inputs/make_arrays.py %t
// DEFINE: %{data} =
// DEFINE: %{run} = not quant-opt %s --qnt-calibrate="data=%t/%{data}" 2>&1 | FileCheck %s --check-prefix

// RUN: not quant-opt %s --qnt-calibrate 2>&1 | FileCheck %s --check-prefix=NEITHER
// NEITHER: error: calibration never ran on edge 'x'; give data= or table= (the model takes x float32 [N, 4])

// REDEFINE: %{data} = missing.npz
// RUN: %{run}=MISSING
// MISSING: error: calibration: cannot open '{{.*}}missing.npz': {{[Nn]}}o such file or directory

// REDEFINE: %{data} = zero-bytes.npz
// RUN: %{run}=BYTES
// BYTES: error: calibration: '{{.*}}zero-bytes.npz' is empty

// REDEFINE: %{data} = empty.npz
// RUN: %{run}=EMPTY
// EMPTY: error: calibration: '{{.*}}empty.npz' holds no array

// REDEFINE: %{data} = text.npz
// RUN: %{run}=TEXT
// TEXT: error: calibration: '{{.*}}text.npz' is neither a .npz archive nor a .npy array

// REDEFINE: %{data} = truncated.npz
// RUN: %{run}=TRUNCATED
// TRUNCATED: error: calibration: '{{.*}}truncated.npz' is not a valid .npz archive: its directory is missing; the file is probably truncated

// REDEFINE: %{data} = short.npz
// RUN: %{run}=SHORT
// SHORT: error: calibration: array 'x' in '{{.*}}short.npz' is truncated: its shape [64, 4] of float32 takes 1024 bytes, but it holds 1020

// REDEFINE: %{data} = damaged.npz
// RUN: %{run}=DAMAGED
// DAMAGED: error: calibration: array 'x' in '{{.*}}damaged.npz' is damaged: its checksum does not match

// REDEFINE: %{data} = names.npz
// RUN: %{run}=NAMES
// NAMES: error: calibration: no array named 'x' in '{{.*}}names.npz', which holds a float32 [64, 4]; b float32 [64, 4]; the model takes x float32 [N, 4]

// REDEFINE: %{data} = shape.npz
// RUN: %{run}=SHAPE
// SHAPE: error: calibration: array 'x' in '{{.*}}shape.npz' has shape [128, 2], but the model takes x float32 [N, 4]

// REDEFINE: %{data} = none.npz
// RUN: %{run}=NONE
// NONE: error: calibration: array 'x' in '{{.*}}none.npz' holds no sample

// REDEFINE: %{data} = double.npz
// RUN: %{run}=DOUBLE
// DOUBLE: error: calibration: array 'x' in '{{.*}}double.npz' has dtype float64, but the model takes x float32 [N, 4]; save it with .astype(numpy.float32)

// REDEFINE: %{data} = objects.npz
// RUN: %{run}=OBJECTS
// OBJECTS: error: calibration: array 'x' in '{{.*}}objects.npz' holds Python objects; save numbers, e.g. with .astype(numpy.float32)

// REDEFINE: %{data} = unknown.npz
// RUN: %{run}=UNKNOWN
// UNKNOWN: error: calibration: array 'x' in '{{.*}}unknown.npz' has dtype '<c8', which is not supported; expected bool, int8 to int64, uint8 to uint64, float16, bfloat16, float32 or float64

// REDEFINE: %{data} = nan.npz
// RUN: %{run}=NAN
// NAN: error: calibration: array 'x' in '{{.*}}nan.npz' is not finite: sample 1 holds NaN at element 2

// RUN: not quant-opt %s --qnt-calibrate="data=%t/ramp.npz lowering=magic" 2>&1 | FileCheck %s --check-prefix=LOWERING
// LOWERING: error: no lowering named 'magic'; expected one of: {{.*}}float

// RUN: not quant-opt %s --qnt-calibrate="data=%t/ramp.npz samples=-1" 2>&1 | FileCheck %s --check-prefix=SAMPLES
// SAMPLES: error: expected samples of at least 0, found -1

// RUN: not quant-opt %s --qnt-calibrate="data=%t/ramp.npz write-table=%t/none/t.json" 2>&1 | FileCheck %s --check-prefix=WRITE
// WRITE: error: {{.*}}none
func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
  %a = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  return %a : tensor<1x4xf32>
}
