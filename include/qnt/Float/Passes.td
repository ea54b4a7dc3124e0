//===- Passes.td - float passes -------------------------*- tablegen -*-===//
//
// Tensors: composites inlined, quantization simulated, inputs protected.
// Buffers: loops ordered for vectors, convolutions tiled for registers, copies
// and transcendental functions without library calls. None depends on a target.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_FLOAT_PASSES_TD
#define QNT_FLOAT_PASSES_TD

include "mlir/Pass/PassBase.td"

def QntInlineComposites : Pass<"qnt-inline-composites"> {
  let summary = "Replace composites by their decomposition";
  let description = [{
    Each `qnt.composite`, nested ones included, becomes the ops of its region.
    Nothing is refused; all other ops stay.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %r = qnt.composite "double" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
      ^bb0(%a: tensor<4xf32>):
        %s = arith.addf %a, %a : tensor<4xf32>
        qnt.yield %s : tensor<4xf32>
      }
      return %r : tensor<4xf32>
    }
    // ----- after
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %s = arith.addf %x, %x : tensor<4xf32>
      return %s : tensor<4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numInlined", "inlined",
                              "Number of composites inlined">];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

def QntExactExtrema : Pass<"qnt-exact-extrema"> {
  let summary = "Start float maxima and minima at infinity";
  let description = [{
    `tosa.reduce_max` and `tosa.reduce_min` of floats become a `linalg.reduce`
    that starts at -inf or +inf, so that a row of -inf, as masks have them, has
    the maximum -inf and not the least finite number that upstream starts at.
    Left alone: integers, dynamic shapes, and ops that ignore NaN.

    ```mlir
    func.func @f(%x: tensor<2x4xf32>) -> tensor<2x1xf32> {
      %m = tosa.reduce_max %x {axis = 1 : i32} : (tensor<2x4xf32>) -> tensor<2x1xf32>
      return %m : tensor<2x1xf32>
    }
    // ----- after
    func.func @f(%x: tensor<2x4xf32>) -> tensor<2x1xf32> {
      %inf = arith.constant 0xFF800000 : f32
      %empty = tensor.empty() : tensor<2xf32>
      %init = linalg.fill ins(%inf : f32) outs(%empty : tensor<2xf32>) -> tensor<2xf32>
      %reduced = linalg.reduce ins(%x : tensor<2x4xf32>) outs(%init : tensor<2xf32>) dimensions = [1]
        (%in: f32, %acc: f32) {
          %r = arith.maximumf %in, %acc : f32
          linalg.yield %r : f32
        }
      %m = tensor.expand_shape %reduced [[0, 1]] output_shape [2, 1] : tensor<2xf32> into tensor<2x1xf32>
      return %m : tensor<2x1xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numRewritten", "rewritten",
                              "Number of maxima and minima rewritten">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def QntSimulateQuantization
    : Pass<"qnt-simulate-quantization", "::mlir::ModuleOp"> {
  let summary = "Compute quantize and dequantize in float arithmetic";
  let description = [{
    Quantized tensors become tensors of their storage type, function signatures
    included; `qnt.quantize`, `qnt.dequantize`, `qnt.fake_quant`,
    `qnt.requantize` and `qnt.storage_cast` become `linalg.generic` with the
    arithmetic of rules N12 and N13 of docs/Numerics.md, so a module between
    Calibrate and Lower can run and gives what its integers will stand for.
    `qnt.to_int` and `qnt.to_float` at the borders of integer code are computed
    likewise. Refused: schemes without parameters, unless parameters are
    operands; storage that is no integer of 8, 16 or 32 bits; quantized types in
    ops of other dialects that check their element types.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>>
      %d = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>> to tensor<4xf32>
      return %d : tensor<4xf32>
    }
    // ----- after
    ...
      arith.divf
      ...
      math.roundeven
    ...
    ```
  }];
  let statistics = [Statistic<"numSimulated", "simulated",
                              "Number of qnt ops computed in float">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def QntProtectInputs : Pass<"qnt-protect-inputs", "::mlir::ModuleOp"> {
  let summary = "Forbid bufferization to write into the inputs of a model";
  let description = [{
    Tensor arguments of public functions get `bufferization.writable = false`:
    the caller owns them. An argument that says something else already keeps it.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    }
    // ----- after
    func.func @f(%x: tensor<4xf32> {bufferization.writable = false}) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numProtected", "protected",
                              "Number of arguments protected">];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def QntFlattenEmpty : Pass<"qnt-flatten-empty", "::mlir::func::FuncOp"> {
  let summary = "Give buffers without elements one dimension";
  let description = [{
    An argument of several dimensions, one of which is zero, gets the type
    `memref<0xT>`, and copies to and from it go: the conversion to LLVM does not
    take such types. Other arguments, and empty ones that something else uses,
    stay; nothing is refused.

    ```mlir
    func.func @f(%x: memref<4x0xf32>, %y: memref<4xf32>) {
      return
    }
    // ----- after
    func.func @f(%x: memref<0xf32>, %y: memref<4xf32>) {
      return
    }
    ```
  }];
  let statistics = [Statistic<"numFlattened", "flattened",
                              "Number of arguments changed">];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def QntAnchorLoops : Pass<"qnt-anchor-loops"> {
  let summary = "Make loops write what they carry into one buffer";
  let description = [{
    Each tensor that `scf.for` yields is written into the argument that carries
    it, so that bufferization gives the loop one buffer. What is yielded
    stays as it is if it is that argument, parts of it overwritten by
    `tensor.insert`, `tensor.insert_slice` or inner loops; loops without tensors
    are not touched; nothing is refused.

    ```mlir
    func.func @f(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (tensor<4xf32>) {
        %s = math.exp %a : tensor<4xf32>
        scf.yield %s : tensor<4xf32>
      }
      return %r : tensor<4xf32>
    }
    // ----- after
    ...
        %s = math.exp %a : tensor<4xf32>
        %w = bufferization.materialize_in_destination %s in %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        scf.yield %w : tensor<4xf32>
    ...
    ```
  }];
  let statistics = [Statistic<"numAnchored", "anchored",
                              "Number of carried tensors that are written">];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect",
                           "::mlir::scf::SCFDialect"];
}

def QntTileFloatConvs : Pass<"qnt-tile-float-convs"> {
  let summary = "Turn float convolutions on buffers into register-tiled loops";
  let description = [{
    `linalg.conv_2d_nhwc_hwcf` and one-to-one `linalg.depthwise_conv_2d_nhwc_hwcm`
    on f32 buffers of static shape become loops around a tile of output columns
    by vectors of output channels that stays in registers while the kernel is
    walked. All other ops stay, convolutions on strided channels included.

    ```mlir
    func.func @f(%x: memref<1x4x4x8xf32>, %w: memref<1x1x8x16xf32>, %y: memref<1x4x4x16xf32>) {
      linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
        ins(%x, %w : memref<1x4x4x8xf32>, memref<1x1x8x16xf32>) outs(%y : memref<1x4x4x16xf32>)
      return
    }
    ```
  }];
  let options = [Option<"vectorLength", "vector-length", "int64_t",
                        /*default=*/"16",
                        "Floats in a vector of output channels">,
                 Option<"tileVectors", "tile-vectors", "int64_t",
                        /*default=*/"6", "Accumulator vectors of a tile">];
  let statistics = [Statistic<"numTiled", "tiled",
                              "Number of convolutions tiled">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def QntOrderLoops : Pass<"qnt-order-loops"> {
  let summary = "Let the innermost loop of reductions walk along memory";
  let description = [{
    Structured ops on buffers whose reduction runs innermost (pooling, matrix
    products, sums over outer dimensions) become `linalg.generic` with the last
    dimension of the output innermost, if every operand is contiguous along it
    or does not depend on it. Sums into one element per row keep their order.

    ```mlir
    func.func @f(%a: memref<1x4x8xf32>, %b: memref<1x8x16xf32>, %c: memref<1x4x16xf32>) {
      linalg.batch_matmul ins(%a, %b : memref<1x4x8xf32>, memref<1x8x16xf32>) outs(%c : memref<1x4x16xf32>)
      return
    }
    // ----- after
    ...
      linalg.generic {...iterator_types = ["parallel", "parallel", "reduction", "parallel"]}...
    ...
    ```
  }];
  let statistics = [Statistic<"numReordered", "reordered",
                              "Number of ops reordered">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def QntExpandCopies : Pass<"qnt-expand-copies"> {
  let summary = "Turn copies between strided buffers into loops";
  let description = [{
    Upstream lowers `memref.copy` of strided buffers to a call of its runtime
    library, which a model can't expect to find. Such copies become
    `linalg.generic`; copies of contiguous buffers stay and become a memcpy.

    ```mlir
    func.func @f(%x: memref<4x4xf32>, %y: memref<4x4xf32, strided<[8, 1]>>) {
      memref.copy %x, %y : memref<4x4xf32> to memref<4x4xf32, strided<[8, 1]>>
      return
    }
    // ----- after
    ...
      linalg.generic {...} ins(...) outs(...)
    ...
    ```
  }];
  let statistics = [Statistic<"numExpanded", "expanded",
                              "Number of copies expanded">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def QntApproximateMath : Pass<"qnt-approximate-math"> {
  let summary = "Replace transcendental functions by polynomials";
  let description = [{
    exp, log, sin, cos, tanh, erf and their relatives on f32 become polynomials
    that are right to about 1e-6, vectorize, and call no library; tan, sinh,
    cosh, asinh, acosh and atanh become formulas over these. Functions that no
    polynomial is known for (pow, fmod) stay.

    ```mlir
    func.func @f(%x: f32) -> f32 {
      %y = math.exp %x : f32
      return %y : f32
    }
    ```
  }];
  let statistics = [Statistic<"numApproximated", "approximated",
                              "Number of functions replaced">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // QNT_FLOAT_PASSES_TD
