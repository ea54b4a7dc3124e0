//===- QntOps.td - the ops of the qnt dialect --------------*- tablegen -*-===//
//
// Three groups: ops on edges of a float model (observe, quantize, dequantize,
// ...), integer arithmetic whose rounding is explicit (rescale, add, table,
// ...), and the composite that keeps a known pattern whole.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_OPS_TD
#define QNT_OPS_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "qnt/Dialect/IR/QntDialect.td"
include "qnt/Dialect/IR/QntTypes.td"
include "qnt/Dialect/IR/QntAttrs.td"

class Qnt_Op<string mnemonic, list<Trait> traits = []>
    : Op<Qnt_Dialect, mnemonic, traits>;

def Qnt_F32Tensor : TensorOf<[F32]>;
def Qnt_QuantizedElement
    : Type<CPred<"::llvm::isa<::mlir::qnt::QuantizedType>($_self)">,
           "quantized element type", "::mlir::qnt::QuantizedType">;
def Qnt_QuantizedTensor : TensorOf<[Qnt_QuantizedElement]>;
def Qnt_StorageTensor : TensorOf<[AnyInteger, F16, BF16]>;
def Qnt_IntTensor : TensorOf<[AnyInteger]>;

//===----------------------------------------------------------------------===//
// Edges
//===----------------------------------------------------------------------===//

def Qnt_ObserveOp : Qnt_Op<"observe", [AllTypesMatch<["input", "result"]>]> {
  let summary = "watch an edge during calibration";
  let description = [{
    Passes its operand through. Calibrate replaces it by a quantize and a
    dequantize whose scheme completes `target`. `edge` names it in tables and
    reports and is unique in the module. It is not free of side effects: it
    must not vanish before calibration.

    ```mlir
    %y = qnt.observe %x "conv1" by #qnt.min_max
        as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<4xf32>
    ```
  }];
  let arguments = (ins Qnt_F32Tensor:$input, StrAttr:$edge,
                   Qnt_ObserverInterface:$observer, TypeAttrOf<Qnt_QuantizedElement>:$target);
  let results = (outs Qnt_F32Tensor:$result);
  let assemblyFormat = [{
    $input $edge `by` $observer `as` $target attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def Qnt_QuantizeOp : Qnt_Op<"quantize", [Pure,
    AllShapesMatch<["input", "result"]>, AttrSizedOperandSegments]> {
  let summary = "store real numbers: clamp(round(x / scale) + zero_point)";
  let description = [{
    Rounds half to even (N-rules of docs/Numerics.md). A dynamic scheme takes
    its parameters as operands.
  }];
  let arguments = (ins Qnt_F32Tensor:$input,
                   Optional<Qnt_F32Tensor>:$scale,
                   Optional<TensorOf<[I32]>>:$zeroPoint);
  let results = (outs Qnt_QuantizedTensor:$result);
  let assemblyFormat = [{
    $input (`params` `(` $scale^ `:` type($scale) `,` $zeroPoint `:` type($zeroPoint) `)`)?
        attr-dict `:` type($input) `to` type($result)
  }];
  let builders = [OpBuilder<(ins "Type":$result, "Value":$input)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Qnt_DequantizeOp : Qnt_Op<"dequantize", [Pure,
    AllShapesMatch<["input", "result"]>, AttrSizedOperandSegments]> {
  let summary = "recover real numbers: scale * (q - zero_point)";
  let description = [{
    Never folded to a constant: the stored integers of a weight are what the
    integer form is built from.
  }];
  let arguments = (ins Qnt_QuantizedTensor:$input,
                   Optional<Qnt_F32Tensor>:$scale,
                   Optional<TensorOf<[I32]>>:$zeroPoint);
  let results = (outs Qnt_F32Tensor:$result);
  let assemblyFormat = [{
    $input (`params` `(` $scale^ `:` type($scale) `,` $zeroPoint `:` type($zeroPoint) `)`)?
        attr-dict `:` type($input) `to` type($result)
  }];
  let builders = [OpBuilder<(ins "Type":$result, "Value":$input)>];
  let hasVerifier = 1;
}

def Qnt_RequantizeOp : Qnt_Op<"requantize", [Pure, SameOperandsAndResultShape]> {
  let summary = "move stored numbers to another scale and zero point";
  let description = "Equal to a rescale of the stored integers.";
  let arguments = (ins Qnt_QuantizedTensor:$input,
                   DefaultValuedAttr<Qnt_RoundingAttr, "::mlir::qnt::Rounding::Fp32Rne">:$rounding);
  let results = (outs Qnt_QuantizedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Qnt_FakeQuantOp : Qnt_Op<"fake_quant", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "quantize and dequantize in one step, as training does";
  let arguments = (ins Qnt_F32Tensor:$input, TypeAttrOf<Qnt_QuantizedElement>:$target);
  let results = (outs Qnt_F32Tensor:$result);
  let assemblyFormat = "$input `as` $target attr-dict `:` type($input)";
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Qnt_ChooseParamsOp : Qnt_Op<"choose_params", [Pure]> {
  let summary = "scale and zero point of a tensor at run time";
  let description = [{
    Per tensor (rank-0 results) or per token (results shaped like the input
    without its last dimension).
  }];
  let arguments = (ins Qnt_F32Tensor:$input, TypeAttrOf<Qnt_QuantizedElement>:$target);
  let results = (outs Qnt_F32Tensor:$scale, TensorOf<[I32]>:$zeroPoint);
  let assemblyFormat = [{
    $input `for` $target attr-dict `:` type($input) `->` type($scale) `,` type($zeroPoint)
  }];
  let hasVerifier = 1;
}

def Qnt_StorageCastOp : Qnt_Op<"storage_cast", [Pure, SameOperandsAndResultShape]> {
  let summary = "see stored integers as quantized numbers, or the reverse";
  let arguments = (ins AnyTensor:$input);
  let results = (outs AnyTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Integer arithmetic
//===----------------------------------------------------------------------===//

def Qnt_ToIntOp : Qnt_Op<"to_int", [Pure, SameOperandsAndResultShape]> {
  let summary = "float to stored integers at the border of integer code";
  let description = [{
    `clamp(round_half_even(x / scale) + zero_point, min, max)`.
  }];
  let arguments = (ins Qnt_F32Tensor:$input, F32Attr:$scale, I32Attr:$zero_point,
                   I32Attr:$min, I32Attr:$max);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Qnt_ToFloatOp : Qnt_Op<"to_float", [Pure, SameOperandsAndResultShape]> {
  let summary = "stored integers to float at the border of integer code";
  let description = "`scale * (q - zero_point)`.";
  let arguments = (ins Qnt_IntTensor:$input, F32Attr:$scale, I32Attr:$zero_point);
  let results = (outs Qnt_F32Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Qnt_RescaleOp : Qnt_Op<"rescale", [Pure, SameOperandsAndResultShape]> {
  let summary = "accumulator to narrow integer: multiply, round, add, clamp";
  let description = [{
    `clamp(round((acc - input_zp) * multiplier) + output_zp, min, max)` in the
    given rounding mode; one multiplier, or one per index of the last dimension.
    In the tflite modes the multiplier stands for its 31-bit fixed-point form.

    ```mlir
    %q = qnt.rescale %acc {multipliers = array<f64: 2.0e-03>, input_zp = 0 : i32,
        output_zp = -3 : i32, min = -128 : i32, max = 127 : i32,
        rounding = #qnt.rounding<fp32_rne>} : tensor<1x4xi32> to tensor<1x4xi8>
    ```
  }];
  let arguments = (ins Qnt_IntTensor:$input, DenseF64ArrayAttr:$multipliers,
                   DefaultValuedAttr<I32Attr, "0">:$input_zp,
                   DefaultValuedAttr<I32Attr, "0">:$output_zp,
                   I32Attr:$min, I32Attr:$max, Qnt_RoundingAttr:$rounding,
                   OptionalAttr<I32Attr>:$early_zp);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let builders = [OpBuilder<(ins "Type":$result, "Value":$input,
      "ArrayRef<double>":$multipliers, "int32_t":$inputZp, "int32_t":$outputZp,
      "int32_t":$min, "int32_t":$max, "Rounding":$rounding), [{
    build($_builder, $_state, result, input, multipliers, inputZp, outputZp,
          min, max, rounding, IntegerAttr());
  }]>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

class Qnt_BinaryIntOp<string mnemonic> : Qnt_Op<mnemonic, [Pure]> {
  let arguments = (ins Qnt_IntTensor:$lhs, Qnt_IntTensor:$rhs,
      F32Attr:$lhs_scale, I32Attr:$lhs_zp, F32Attr:$rhs_scale, I32Attr:$rhs_zp,
      F32Attr:$output_scale, I32Attr:$output_zp, I32Attr:$min, I32Attr:$max,
      Qnt_RoundingAttr:$rounding,
      DefaultValuedAttr<Qnt_HomeAttr, "::mlir::qnt::Home::Native">:$home,
      UnitAttr:$as_unsigned);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Qnt_AddOp : Qnt_BinaryIntOp<"add"> {
  let summary = "sum of stored integers of different scales";
  let description = [{
    Stores `lhs_scale * (lhs - lhs_zp) + rhs_scale * (rhs - rhs_zp)` with the
    scale and zero point of the output, rounded once (rule N20 of
    docs/Numerics.md) and clamped to [min, max]; a relu behind the sum is in
    `min`. Operands broadcast as tosa ops do (equal rank, dimensions of 1
    expand); each keeps its own scale. `home` names the runtime whose formula
    is used where rules differ; `as_unsigned` says that its bytes are unsigned
    (rules N43, N44 and N60).

    ```mlir
    %y = qnt.add %a, %b {lhs_scale = 0.5 : f32, lhs_zp = 0 : i32,
        rhs_scale = 0.25 : f32, rhs_zp = 3 : i32, output_scale = 0.5 : f32,
        output_zp = -128 : i32, min = -128 : i32, max = 127 : i32,
        rounding = #qnt.rounding<fp32_rne>}
        : tensor<1x4x4x8xi8>, tensor<1x4x4x8xi8> to tensor<1x4x4x8xi8>
    ```
  }];
}
def Qnt_SubOp : Qnt_BinaryIntOp<"sub"> {
  let summary = "difference of stored integers of different scales";
  let description = [{
    `qnt.add` with the scale of `rhs` negated (rule N20).
  }];
}
def Qnt_MulOp : Qnt_BinaryIntOp<"mul"> {
  let summary = "product of stored integers of different scales";
  let description = [{
    Rescales `(lhs - lhs_zp) * (rhs - rhs_zp)` by
    `lhs_scale * rhs_scale / output_scale` (rule N21). Broadcasts as `qnt.add`.
  }];
}

def Qnt_TableOp : Qnt_Op<"table", [Pure, SameOperandsAndResultShape]> {
  let summary = "look up each 8-bit integer in 256 entries";
  let description = [{
    Entry `i` is the result for the signed input `i - 128` (unsigned: `i`).
  }];
  let arguments = (ins Qnt_IntTensor:$input, DenseI8ArrayAttr:$table);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Qnt_SoftmaxOp : Qnt_Op<"softmax", [Pure, SameOperandsAndResultShape]> {
  let summary = "softmax of 8-bit integers, in integer arithmetic";
  let description = [{
    The result has scale 1/256 and zero point -128. `table` holds the fixed-point
    exponentials of the differences 0 to 255 (rule N25 of docs/Numerics.md).

    With `factor`, the entries are the bits of float32 exponentials, and the
    result is `factor` times the share, plus `output_zp` (rule N45).
  }];
  let arguments = (ins Qnt_IntTensor:$input, I64Attr:$axis,
      DenseI32ArrayAttr:$table, OptionalAttr<F32Attr>:$factor,
      DefaultValuedAttr<I32Attr, "-128">:$output_zp);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Qnt_AveragePoolOp : Qnt_Op<"average_pool", [Pure]> {
  let summary = "means of windows of bytes, added up in float";
  let description = [{
    What ONNX Runtime computes for windows smaller than the image (rule N46):
    each byte is dequantized, a window is added up in float32 in its order, and
    the mean is quantized. Windows lie inside the input, [N, H, W, C].
    `as_unsigned` says that the model's bytes are unsigned.
  }];
  let arguments = (ins Qnt_IntTensor:$input, DenseI64ArrayAttr:$kernel,
      DenseI64ArrayAttr:$stride, F32Attr:$input_scale, I32Attr:$input_zp,
      F32Attr:$output_scale, I32Attr:$output_zp, I32Attr:$min, I32Attr:$max,
      UnitAttr:$as_unsigned);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Qnt_SoftmaxF32Op : Qnt_Op<"softmax_f32", [Pure, SameOperandsAndResultShape]> {
  let summary = "softmax of 8-bit integers along the last dimension, in float";
  let description = [{
    What LiteRT computes (rule N68 of docs/Numerics.md): exponentials of the
    differences 0 to 255 from `table`, summed in float32 in order. The result
    has the given scale and zero point.
  }];
  let arguments = (ins Qnt_IntTensor:$input, DenseF32ArrayAttr:$table,
                   F32Attr:$output_scale, I32Attr:$output_zp);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Qnt_StoredAverageOp : Qnt_Op<"stored_average", [Pure]> {
  let summary = "average of stored numbers over windows of [N, H, W, C]";
  let description = [{
    The sum over the part of each window inside the input, divided by the number
    of elements there and rounded to nearest, ties away from zero, then clamped
    (rule N66). Ties are those of `stored + offset`. `pad` is top, bottom, left,
    right.

    ```mlir
    %y = qnt.stored_average %x {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>,
        pad = array<i64: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32}
        : tensor<1x4x4x8xi8> to tensor<1x2x2x8xi8>
    ```
  }];
  let arguments = (ins Qnt_IntTensor:$input, DenseI64ArrayAttr:$kernel,
                   DenseI64ArrayAttr:$stride, DenseI64ArrayAttr:$pad,
                   DefaultValuedAttr<I32Attr, "0">:$offset,
                   I32Attr:$min, I32Attr:$max);
  let results = (outs Qnt_IntTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Composite
//===----------------------------------------------------------------------===//

def Qnt_CompositeOp : Qnt_Op<"composite", [Pure, IsolatedFromAbove,
    SingleBlockImplicitTerminator<"::mlir::qnt::YieldOp">]> {
  let summary = "a named function with its decomposition";
  let description = [{
    Keeps whole what a lower dialect would scatter (softmax, layer norm, GELU,
    hard-swish, ...). The region is the meaning: any pass may inline it; a pass
    that knows the name may quantize or lower it as one. Region arguments match
    the operands.

    ```mlir
    %r = qnt.composite "relu6" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>):
      %c = tosa.clamp %a {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
      qnt.yield %c : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<AnyTensor>:$inputs,
                   OptionalAttr<DictionaryAttr>:$config);
  let results = (outs Variadic<AnyTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
}

def Qnt_YieldOp : Qnt_Op<"yield", [Pure, Terminator, ReturnLike,
                                   HasParent<"::mlir::qnt::CompositeOp">]> {
  let summary = "the results of a composite";
  let arguments = (ins Variadic<AnyTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ }]>];
}

#endif // QNT_OPS_TD
