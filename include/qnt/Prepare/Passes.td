//===- Passes.td - passes of the prepare stage -------------*- tablegen -*-===//
//
// Float to float. Run in the order raise, sink, fold batch norm, fold constants;
// each is correct alone and leaves valid tosa.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PREPARE_PASSES_TD
#define QNT_PREPARE_PASSES_TD

include "mlir/Pass/PassBase.td"

def QntSinkTransposes : Pass<"qnt-sink-transposes"> {
  let summary = "Move tosa.transpose towards the results until it cancels";
  let description = [{
    Models of NCHW layout are imported with a transpose on each side of every
    convolution and pool. This pass moves each `tosa.transpose` below its user:
    elementwise ops (other operands being constants or transposed alike),
    `tosa.concat`, `tosa.pad`, `tosa.slice`, reductions, `qnt.composite` of
    elementwise functions and softmax, and reshapes that merge neighbours.
    Adjacent transposes are composed, those of constants computed, and one that
    moves dimensions of size 1 only becomes a reshape. A transpose in front of a
    flattening fully connected layer is moved into its weights. What is left
    behind: a transpose at a function's argument or result, or one whose user
    mixes layouts.

    ```mlir
    func.func @f(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
      %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
      %a = tosa.abs %t : (tensor<1x4x2x3xf32>) -> tensor<1x4x2x3xf32>
      %u = tosa.transpose %a {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x4x2x3xf32>) -> tensor<1x2x3x4xf32>
      return %u : tensor<1x2x3x4xf32>
    }
    // ----- after
    func.func @f(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
      %a = tosa.abs %x : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
      return %a : tensor<1x2x3x4xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numRemoved", "removed", "Number of transposes fewer than before">,
    Statistic<"numLeft", "left", "Number of transposes left behind">
  ];
  let dependentDialects = ["::mlir::tosa::TosaDialect"];
}

def QntRaiseComposites : Pass<"qnt-raise-composites"> {
  let summary = "Recognize functions that exporters spell out";
  let description = [{
    Ops that together are a known function become a `qnt.composite` whose region
    is a copy of them: silu, mish, gelu, gelu-tanh and hardswish, so that they
    are one table in int8, and layer_norm and rms_norm over the last dimension,
    so that no mean or variance is rounded to 8 bits. Ops that others use too
    stay behind. Left alone: constants that are off by more than a ten
    thousandth, norms over other dimensions, parameters that are no constants.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %shift = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
      %s = tosa.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
      %y = tosa.mul %x, %s, %shift : (tensor<4xf32>, tensor<4xf32>, tensor<1xi8>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    // ----- after
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = qnt.composite "silu"(%x) {config = {alpha = 1.000000e+00 : f64}} : (tensor<4xf32>) -> tensor<4xf32> {
      ^bb0(%a: tensor<4xf32>):
        %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
        %s = tosa.sigmoid %a : (tensor<4xf32>) -> tensor<4xf32>
        %p = tosa.mul %a, %s, %shift : (tensor<4xf32>, tensor<4xf32>, tensor<1xi8>) -> tensor<4xf32>
        qnt.yield %p : tensor<4xf32>
      }
      return %y : tensor<4xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numRaised", "raised", "Number of composites made">
  ];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

def QntFoldBatchNorm : Pass<"qnt-fold-batch-norm"> {
  let summary = "Fold multiplications and additions per channel into convolutions";
  let description = [{
    A batch norm is imported as a multiplication and an addition by constants of
    one value per channel. After a `tosa.conv2d` or `tosa.depthwise_conv2d`
    (which fully connected layers are too, possibly with a reshape between) the
    factors go into weights and bias and the terms into the bias. In front of a
    convolution the factors go into the weights, and the terms into the bias
    where the convolution does not pad. Products are computed in double.
    Refused: weights that are not constants, convolutions with other users,
    constants that vary along another dimension.

    ```mlir
    func.func @f(%x: tensor<1x2x2x1xf32>, %z: tensor<1xf32>) -> tensor<1x2x2x1xf32> {
      %w = "tosa.const"() {values = dense<2.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
      %b = "tosa.const"() {values = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
      %t = "tosa.const"() {values = dense<0.5> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
      %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
      %a = tosa.add %c, %t : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x2x1xf32>
      return %a : tensor<1x2x2x1xf32>
    }
    // ----- after
    func.func @f(%x: tensor<1x2x2x1xf32>, %z: tensor<1xf32>) -> tensor<1x2x2x1xf32> {
      %w = "tosa.const"() <{values = dense<2.000000e+00> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
      %b = "tosa.const"() <{values = dense<1.500000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
      %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
      return %c : tensor<1x2x2x1xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numFolded", "folded", "Number of elementwise ops folded away">
  ];
  let dependentDialects = ["::mlir::tosa::TosaDialect"];
}

def QntFoldConstants : Pass<"qnt-fold-constants"> {
  let summary = "Compute float ops on constants and absorb padding";
  let description = [{
    Elementwise f32 tosa ops whose operands are all constants are computed, up
    to `max-elements` elements each. Reshapes move below elementwise ops of one
    operand, so that a clamp touches its convolution, and chains of them become
    one. `tosa.pad` of height and width goes into the padding of the convolution that is its
    only user if it pads with zero, and into that of a max pool if the padding
    can never be the maximum: it is the lowest float, or it is zero and the
    input has been clamped from below at zero or above.

    ```mlir
    func.func @f() -> tensor<2xf32> {
      %a = "tosa.const"() {values = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
      %b = "tosa.const"() {values = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
      %c = tosa.sub %a, %b : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
      return %c : tensor<2xf32>
    }
    // ----- after
    func.func @f() -> tensor<2xf32> {
      %c = "tosa.const"() <{values = dense<[5.000000e-01, 1.500000e+00]> : tensor<2xf32>}> : () -> tensor<2xf32>
      return %c : tensor<2xf32>
    }
    ```
  }];
  let options = [
    Option<"maxElements", "max-elements", "int64_t", /*default=*/"1048576",
           "The most elements of a result that is computed at compile time">
  ];
  let statistics = [
    Statistic<"numFolded", "folded", "Number of ops computed or absorbed">
  ];
  let dependentDialects = ["::mlir::tosa::TosaDialect"];
}

def QntKeepQuantization : Pass<"qnt-keep-quantization"> {
  let summary = "Bring a quantized model into the form that calibration gives";
  let description = [{
    A model that was quantized elsewhere arrives with `qnt.quantize` and
    `qnt.dequantize` of known parameters, and with ops on the stored integers
    between them. Ops that only move integers or pick the largest (transpose,
    reshape, slice, reverse, tile, concat, max pool) are written as float ops
    between a dequantize and a quantize of the same scheme; nothing rounds
    there. `qnt.fake_quant` becomes quantize and dequantize. A stored i32 row
    that is added to a convolution without bias becomes its bias; stored numbers
    of less than 8 bits become bytes of the same range. Every quantize
    op is marked `qnt.given`: no later pass changes its parameters or drops it.
    Other modules stay as they are.

    ```mlir
    func.func @f(%i: tensor<2x3xi8>) -> tensor<3x2xf32> {
      %t = tosa.transpose %i {perms = array<i32: 1, 0>} : (tensor<2x3xi8>) -> tensor<3x2xi8>
      %q = qnt.storage_cast %t : tensor<3x2xi8> to tensor<3x2x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>
      %d = qnt.dequantize %q : tensor<3x2x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<3x2xf32>
      return %d : tensor<3x2xf32>
    }
    // ----- after
    func.func @f(%i: tensor<2x3xi8>) -> tensor<3x2xf32> {
      %q = qnt.storage_cast %i : tensor<2x3xi8> to tensor<2x3x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>
      %d = qnt.dequantize %q : tensor<2x3x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<2x3xf32>
      %t = tosa.transpose %d {perms = array<i32: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
      %r = qnt.quantize %t {qnt.given} : tensor<3x2xf32> to tensor<3x2x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>
      %e = qnt.dequantize %r : tensor<3x2x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<3x2xf32>
      return %e : tensor<3x2xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numGiven", "given",
                              "Number of edges whose parameters are kept">];
  let dependentDialects = ["::mlir::qnt::QntDialect",
                           "::mlir::tosa::TosaDialect"];
}

def QntRaiseLinalg : Pass<"qnt-raise-linalg"> {
  let summary = "Raise linalg that other tools write to tosa";
  let description = [{
    torch-mlir and its like give linalg on tensors: `linalg.conv_2d_nchw_fchw`,
    depthwise ones, pools with channels second, `linalg.matmul`,
    `linalg.batch_matmul`, `linalg.transpose`, `tensor.pad`, and arithmetic as
    `linalg.generic`. They become tosa ops, windows with channels last between
    transposes that `qnt-sink-transposes` removes. A `tensor.pad` before a window
    becomes its padding, a vector that is broadcast into the initial value its
    bias; a comparison with a select becomes a clamp; a sum over height and width
    an average pool. Generics of one operand with longer bodies stay, since they
    are one table as a whole; so does what tosa has no op for.

    ```mlir
    func.func @relu(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<1x4xf32>
      %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x4xf32>) outs(%empty : tensor<1x4xf32>) {
      ^bb0(%in: f32, %out: f32):
        %c = arith.cmpf ugt, %in, %zero : f32
        %s = arith.select %c, %in, %zero : f32
        linalg.yield %s : f32
      } -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    // ----- after
    func.func @relu(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %y = tosa.clamp %x {max_val = 3.40282347E+38 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x4xf32>) -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numRaised", "raised",
                              "Number of linalg ops that became tosa">];
  let dependentDialects = ["::mlir::tosa::TosaDialect"];
}

#endif // QNT_PREPARE_PASSES_TD
