//===- ElementType.h - the element types of ONNX tensors --------*- C++ -*-===//
//
// One enum for what TensorProto calls a data type, and what each means here:
// its name, how a host constant stores it and which IR type holds it. Every
// value of the enum has a row; types that cannot be held are not in the enum.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_ELEMENTTYPE_H
#define QNT_LIB_IMPORT_ELEMENTTYPE_H

#include "mlir/IR/Types.h"

#include <optional>
#include <string>

namespace mlir::qnt::onnx_import {

/// The numbers are those of TensorProto.DataType.
enum class Elem : int32_t {
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  BFloat16 = 16,
  UInt4 = 21,
  Int4 = 22,
};

/// The element type of that number, if it is one that can be held.
std::optional<Elem> elemFromOnnx(int32_t dataType);
/// What ONNX and numpy call it, e.g. `int64`; any number has a text.
std::string elementTypeName(int32_t dataType);
inline std::string elementTypeName(Elem elem) {
  return elementTypeName(static_cast<int32_t>(elem));
}

/// float32, float16, bfloat16 or float64.
bool isFloat(Elem elem);
/// uint4 to uint64; not bool.
bool isUnsigned(Elem elem);
/// Signed or unsigned; not bool.
bool isInteger(Elem elem);
/// Bits of one element: 4 for int4, 8 for bool, 16 for float16.
unsigned bitsOf(Elem elem);

/// The type of an element in the IR: float16 and bfloat16 are computed as f32,
/// integers are signless, bool is i1.
Type irType(MLIRContext *context, Elem elem);
/// The type in the signature of the function: as `irType`, but float16 and
/// bfloat16 are themselves, and 4-bit integers lie in a byte.
Type signatureType(MLIRContext *context, Elem elem);
/// The element type that an IR type stands for when nothing else is known.
Elem elemFromIR(Type type);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_ELEMENTTYPE_H
