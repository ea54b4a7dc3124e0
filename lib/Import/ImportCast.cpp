//===- ImportCast.cpp - between element types -----------------------------===//
//
// Cast, CastLike and BitCast. A cast that the IR does not see (uint8 to int8,
// float32 to float32) costs nothing.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "OpTable.h"
#include "ScalarMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::qnt::onnx_import {

FailureOr<Value> emitCast(NodeImporter &n, Value value, Elem from, Elem to) {
  // float16 values are f32 in the IR but may hold more digits.
  bool free = from == to || (from == Elem::Float16 && to == Elem::Float) ||
              (from == Elem::BFloat16 && to == Elem::Float) ||
              (isInteger(from) && isInteger(to) && bitsOf(from) == bitsOf(to));
  if (free)
    return value;
  return genericElementwise(
      n, value, n.irType(to),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        return ScalarMath(builder, loc, from).castTo(args[0], to);
      });
}

static LogicalResult castTo(NodeImporter &n, Elem to) {
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x) || failed(x = emitCast(n, *x, n.elemOf(0), to)))
    return failure();
  n.setResult(0, *x, to);
  return success();
}

LogicalResult buildCast(NodeImporter &n) {
  int64_t number = n.getInt("to", 0);
  std::optional<Elem> to = elemFromOnnx(static_cast<int32_t>(number));
  if (!to)
    return n.unsupported("cast to element type " + elementTypeName(number));
  return castTo(n, *to);
}

LogicalResult buildCastLike(NodeImporter &n) { return castTo(n, n.elemOf(1)); }

LogicalResult buildBitCast(NodeImporter &n) {
  int64_t number = n.getInt("to", 0);
  std::optional<Elem> to = elemFromOnnx(static_cast<int32_t>(number));
  if (!to)
    return n.unsupported("cast to element type " + elementTypeName(number));
  Elem from = n.elemOf(0);
  // A bool is a byte that is 0 or 1.
  if (bitsOf(from) == bitsOf(*to) && (from == Elem::Bool || *to == Elem::Bool))
    return castTo(n, *to);
  if (bitsOf(from) != bitsOf(*to))
    return n.invalid(elementTypeName(from) + " and " + elementTypeName(*to) +
                     " have different sizes");
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x))
    return failure();
  MLIRContext *context = n.builder.getContext();
  FailureOr<Value> bits = genericElementwise(
      n, *x, n.irType(*to),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        Value value = args[0];
        Type narrow = signatureType(context, from);
        // 4-bit types are themselves here, not the byte outside.
        if (isFloat(from) && value.getType() != narrow)
          value = arith::TruncFOp::create(builder, loc, narrow, value);
        Type target = isFloat(*to) ? signatureType(context, *to)
                                   : onnx_import::irType(context, *to);
        if (value.getType() != target)
          value = arith::BitcastOp::create(builder, loc, target, value);
        Type wide = onnx_import::irType(context, *to);
        if (value.getType() != wide)
          value = arith::ExtFOp::create(builder, loc, wide, value);
        return value;
      });
  if (failed(bits))
    return failure();
  n.setResult(0, *bits, *to);
  return success();
}

} // namespace mlir::qnt::onnx_import
