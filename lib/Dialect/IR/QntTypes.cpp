//===- QntTypes.cpp - the quantized element type --------------------------===//
//
// Parsing, verification and queries of `!qnt.quantized`. The stored range lies
// within the storage type, whatever its origin.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnt;

/// The smallest and largest storable number; floats have none and give {0, 0}.
static std::pair<int64_t, int64_t> fullRange(Type storage) {
  auto integer = dyn_cast<IntegerType>(storage);
  if (!integer || integer.getWidth() > 32)
    return {0, 0};
  unsigned width = integer.getWidth();
  if (integer.isUnsigned())
    return {0, (int64_t(1) << width) - 1};
  return {-(int64_t(1) << (width - 1)), (int64_t(1) << (width - 1)) - 1};
}

/// `i8` or `i8<-127:127>`: the range is optional, so it takes a parser.
static ParseResult parseStorage(AsmParser &parser, Type &storage, int64_t &min,
                                int64_t &max) {
  if (parser.parseType(storage))
    return failure();
  std::tie(min, max) = fullRange(storage);
  if (failed(parser.parseOptionalLess()))
    return success();
  return failure(parser.parseInteger(min) || parser.parseColon() ||
                 parser.parseInteger(max) || parser.parseGreater());
}
static void printStorage(AsmPrinter &printer, Type storage, int64_t min,
                         int64_t max) {
  printer << storage;
  if (std::make_pair(min, max) != fullRange(storage))
    printer << "<" << min << ":" << max << ">";
}

#define GET_TYPEDEF_CLASSES
#include "qnt/Dialect/IR/QntTypes.cpp.inc"

void QntDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "qnt/Dialect/IR/QntTypes.cpp.inc"
      >();
}

QuantizedType QuantizedType::get(Type storage, Type expressed,
                                 SchemeAttrInterface scheme) {
  auto [min, max] = fullRange(storage);
  return get(storage.getContext(), storage, min, max, expressed, scheme);
}

LogicalResult
QuantizedType::verify(function_ref<InFlightDiagnostic()> emitError,
                      Type storage, int64_t min, int64_t max, Type expressed,
                      SchemeAttrInterface scheme) {
  auto integer = dyn_cast<IntegerType>(storage);
  if (!integer && !storage.isF16() && !storage.isBF16())
    return emitError() << "expected storage to be an integer, f16 or bf16, "
                          "found "
                       << storage;
  if (integer && (integer.getWidth() < 1 || integer.getWidth() > 32))
    return emitError() << "expected storage of 1 to 32 bits, found " << storage;
  if (!expressed.isF32())
    return emitError() << "expected expressed type f32, found " << expressed;
  auto [low, high] = fullRange(storage);
  if (min < low || max > high || (integer && min >= max))
    return emitError() << "expected stored range within [" << low << ", "
                       << high << "] of " << storage << ", found [" << min
                       << ", " << max << "]";
  if (!scheme)
    return emitError() << "expected a scheme";
  return success();
}

unsigned QuantizedType::getStorageWidth() const {
  return getStorage().getIntOrFloatBitWidth();
}

bool QuantizedType::isSigned() const {
  return !getStorage().isUnsignedInteger();
}

QuantizedType QuantizedType::withScheme(SchemeAttrInterface scheme) const {
  return get(getContext(), getStorage(), getStorageMin(), getStorageMax(),
             getExpressed(), scheme);
}

Type QuantizedType::getArithmeticType() const {
  if (isa<IntegerType>(getStorage()) && isSigned())
    return IntegerType::get(getContext(), getStorageWidth());
  return getStorage();
}

std::optional<std::pair<float, int32_t>>
QuantizedType::getPerTensorParams() const {
  SchemeAttrInterface scheme = getScheme();
  if (!scheme.isComplete() || scheme.getQuantizedAxis())
    return std::nullopt;
  return std::make_pair(scheme.getScaleValues().front(),
                        scheme.getZeroPointValues().front());
}
