//===- ElementType.cpp - the element types of ONNX tensors ----------------===//
//
// See the header. The table has one row per value of the enum.
//
//===----------------------------------------------------------------------===//

#include "ElementType.h"
#include "OnnxProto.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/ErrorHandling.h"

namespace mlir::qnt::onnx_import {

namespace {
enum class Kind { Float, Signed, Unsigned, Bool };

struct Row {
  Elem elem;
  const char *name;
  Kind kind;
  unsigned bits;
};
} // namespace

static const Row rows[] = {
    {Elem::Float, "float32", Kind::Float, 32},
    {Elem::UInt8, "uint8", Kind::Unsigned, 8},
    {Elem::Int8, "int8", Kind::Signed, 8},
    {Elem::UInt16, "uint16", Kind::Unsigned, 16},
    {Elem::Int16, "int16", Kind::Signed, 16},
    {Elem::Int32, "int32", Kind::Signed, 32},
    {Elem::Int64, "int64", Kind::Signed, 64},
    {Elem::Bool, "bool", Kind::Bool, 8},
    {Elem::Float16, "float16", Kind::Float, 16},
    {Elem::Double, "float64", Kind::Float, 64},
    {Elem::UInt32, "uint32", Kind::Unsigned, 32},
    {Elem::UInt64, "uint64", Kind::Unsigned, 64},
    {Elem::BFloat16, "bfloat16", Kind::Float, 16},
    {Elem::UInt4, "uint4", Kind::Unsigned, 4},
    {Elem::Int4, "int4", Kind::Signed, 4},
};

static const Row &rowOf(Elem elem) {
  for (const Row &row : rows)
    if (row.elem == elem)
      return row;
  llvm_unreachable("every element type has a row");
}

std::optional<Elem> elemFromOnnx(int32_t dataType) {
  for (const Row &row : rows)
    if (static_cast<int32_t>(row.elem) == dataType)
      return row.elem;
  return std::nullopt;
}

std::string elementTypeName(int32_t dataType) {
  using onnx::TensorProto;
  if (std::optional<Elem> elem = elemFromOnnx(dataType))
    return rowOf(*elem).name;
  switch (dataType) {
  case TensorProto::UNDEFINED:
    return "undefined";
  case TensorProto::STRING:
    return "string";
  case TensorProto::COMPLEX64:
    return "complex64";
  case TensorProto::COMPLEX128:
    return "complex128";
  case 17: // The 8-bit floats are newer than some protobuf definitions.
    return "float8e4m3fn";
  case 18:
    return "float8e4m3fnuz";
  case 19:
    return "float8e5m2";
  case 20:
    return "float8e5m2fnuz";
  case 23:
    return "float4e2m1";
  case 24:
    return "float8e8m0";
  case 25:
    return "uint2";
  case 26:
    return "int2";
  default:
    return "number " + std::to_string(dataType);
  }
}

bool isFloat(Elem elem) { return rowOf(elem).kind == Kind::Float; }

bool isUnsigned(Elem elem) { return rowOf(elem).kind == Kind::Unsigned; }

bool isInteger(Elem elem) {
  Kind kind = rowOf(elem).kind;
  return kind == Kind::Signed || kind == Kind::Unsigned;
}

unsigned bitsOf(Elem elem) { return rowOf(elem).bits; }

Type irType(MLIRContext *context, Elem elem) {
  if (elem == Elem::Double)
    return Float64Type::get(context);
  if (isFloat(elem))
    return Float32Type::get(context);
  return IntegerType::get(context, elem == Elem::Bool ? 1 : bitsOf(elem));
}

Type signatureType(MLIRContext *context, Elem elem) {
  if (elem == Elem::Float16)
    return Float16Type::get(context);
  if (elem == Elem::BFloat16)
    return BFloat16Type::get(context);
  if (bitsOf(elem) == 4)
    return IntegerType::get(context, 8);
  return irType(context, elem);
}

Elem elemFromIR(Type type) {
  if (type.isF64())
    return Elem::Double;
  if (type.isF16())
    return Elem::Float16;
  if (type.isBF16())
    return Elem::BFloat16;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return Elem::Float;
  switch (integer.getWidth()) {
  case 1:
    return Elem::Bool;
  case 4:
    return Elem::Int4;
  case 8:
    return Elem::Int8;
  case 16:
    return Elem::Int16;
  case 32:
    return Elem::Int32;
  default:
    return Elem::Int64;
  }
}

} // namespace mlir::qnt::onnx_import
