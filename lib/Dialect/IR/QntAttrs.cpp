//===- QntAttrs.cpp - schemes and targets ---------------------------------===//
//
// Parsing, verification and the interface of the attributes; observers have a
// file of their own. Every scale that gets past a verifier is finite and above
// zero.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::qnt;

#include "qnt/Dialect/IR/QntEnums.cpp.inc"

#include "qnt/Dialect/IR/QntAttrInterfaces.cpp.inc"

/// Floats are rounded to float32, so printing and parsing gives the same one.
static ParseResult parseFloat(AsmParser &parser, FailureOr<APFloat> &value) {
  double parsed = 0.0;
  if (parser.parseFloat(parsed))
    return failure();
  value = APFloat(static_cast<float>(parsed));
  return success();
}
static void printFloat(AsmPrinter &printer, const APFloat &value) {
  printer.printFloat(value);
}

/// `[1.0, 2.0]` with as many digits as the floats need: the array's own printer
/// has too few.
static ParseResult parseFloats(AsmParser &parser, DenseF32ArrayAttr &values) {
  SmallVector<float> parsed;
  auto parseOne = [&]() -> ParseResult {
    double value = 0.0;
    if (parser.parseFloat(value))
      return failure();
    parsed.push_back(static_cast<float>(value));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne))
    return failure();
  values = DenseF32ArrayAttr::get(parser.getContext(), parsed);
  return success();
}
static void printFloats(AsmPrinter &printer, DenseF32ArrayAttr values) {
  printer << "[";
  llvm::interleaveComma(values.asArrayRef(), printer, [&](float value) {
    printer.printFloat(APFloat(value));
  });
  printer << "]";
}

/// `, axis = 3` and `, symmetric = true`, each optional, in this order.
static ParseResult parsePendingOptions(AsmParser &parser,
                                       std::optional<int64_t> &axis,
                                       bool &symmetric) {
  axis = std::optional<int64_t>();
  symmetric = false;
  if (failed(parser.parseOptionalComma()))
    return success();
  if (succeeded(parser.parseOptionalKeyword("axis"))) {
    int64_t value = 0;
    if (parser.parseEqual() || parser.parseInteger(value))
      return failure();
    axis = std::optional<int64_t>(value);
    if (failed(parser.parseOptionalComma()))
      return success();
  }
  if (parser.parseKeyword("symmetric") || parser.parseEqual())
    return failure();
  SMLoc location = parser.getCurrentLocation();
  symmetric = succeeded(parser.parseOptionalKeyword("true"));
  if (!symmetric && failed(parser.parseOptionalKeyword("false")))
    return parser.emitError(location, "expected true or false");
  return success();
}
static void printPendingOptions(AsmPrinter &printer,
                                std::optional<int64_t> axis, bool symmetric) {
  if (axis)
    printer << ", axis = " << *axis;
  if (symmetric)
    printer << ", symmetric = true";
}

#define GET_ATTRDEF_CLASSES
#include "qnt/Dialect/IR/QntAttrs.cpp.inc"

void QntDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "qnt/Dialect/IR/QntAttrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

using EmitError = function_ref<InFlightDiagnostic()>;

static LogicalResult verifyScale(EmitError emitError, float scale) {
  if (!std::isfinite(scale) || scale <= 0.0f)
    return emitError() << "expected scale to be finite and above 0, found "
                       << scale;
  return success();
}

/// Zero points must be storable: the domain of the storage type holds them.
static LogicalResult verifyZeroPoint(EmitError emitError, int32_t zeroPoint,
                                     Type storage) {
  auto integer = dyn_cast<IntegerType>(storage);
  if (!integer) {
    if (zeroPoint != 0)
      return emitError() << "expected zero point 0 for storage " << storage
                         << ", found " << zeroPoint;
    return success();
  }
  unsigned width = integer.getWidth();
  bool isUnsigned = integer.isUnsigned();
  int64_t min = isUnsigned ? 0 : -(int64_t(1) << (width - 1));
  int64_t max =
      isUnsigned ? (int64_t(1) << width) - 1 : (int64_t(1) << (width - 1)) - 1;
  if (zeroPoint < min || zeroPoint > max)
    return emitError() << "expected zero point in [" << min << ", " << max
                       << "] of storage " << storage << ", found " << zeroPoint;
  return success();
}

static LogicalResult verifyAxis(EmitError emitError, int64_t axis,
                                ShapedType type) {
  if (type.hasRank() && axis >= type.getRank())
    return emitError() << "expected quantized axis below rank "
                       << type.getRank() << ", found " << axis;
  return success();
}

//===----------------------------------------------------------------------===//
// PerTensorAttr
//===----------------------------------------------------------------------===//

LogicalResult PerTensorAttr::verify(EmitError emitError, APFloat scale,
                                    int32_t zeroPoint) {
  return verifyScale(emitError, scale.convertToFloat());
}
bool PerTensorAttr::isComplete() const { return true; }
LogicalResult PerTensorAttr::verifyScheme(EmitError emitError, ShapedType type,
                                          Type storage) const {
  return verifyZeroPoint(emitError, getZeroPoint(), storage);
}
SmallVector<float> PerTensorAttr::getScaleValues() const {
  return {getScale()};
}
SmallVector<int32_t> PerTensorAttr::getZeroPointValues() const {
  return {getZeroPoint()};
}
std::optional<int64_t> PerTensorAttr::getQuantizedAxis() const {
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// PerAxisAttr
//===----------------------------------------------------------------------===//

LogicalResult PerAxisAttr::verify(EmitError emitError, int64_t axis,
                                  DenseF32ArrayAttr scales,
                                  DenseI32ArrayAttr zeroPoints) {
  if (axis < 0)
    return emitError() << "expected axis of at least 0, found " << axis;
  if (scales.empty())
    return emitError() << "expected at least one scale";
  for (float scale : scales.asArrayRef())
    if (failed(verifyScale(emitError, scale)))
      return failure();
  if (zeroPoints && zeroPoints.size() != scales.size())
    return emitError() << "expected " << scales.size()
                       << " zero points, one per scale, found "
                       << zeroPoints.size();
  return success();
}
bool PerAxisAttr::isComplete() const { return true; }
LogicalResult PerAxisAttr::verifyScheme(EmitError emitError, ShapedType type,
                                        Type storage) const {
  if (failed(verifyAxis(emitError, getAxis(), type)))
    return failure();
  int64_t size =
      type.hasRank() ? type.getDimSize(getAxis()) : ShapedType::kDynamic;
  if (!ShapedType::isDynamic(size) && size != getScales().size())
    return emitError() << "expected scale of axis " << getAxis() << " to have "
                       << size << " entries, found " << getScales().size();
  for (int32_t zeroPoint : getZeroPointValues())
    if (failed(verifyZeroPoint(emitError, zeroPoint, storage)))
      return failure();
  return success();
}
SmallVector<float> PerAxisAttr::getScaleValues() const {
  return SmallVector<float>(getScales().asArrayRef());
}
SmallVector<int32_t> PerAxisAttr::getZeroPointValues() const {
  if (!getZeroPoints())
    return SmallVector<int32_t>(getScales().size(), 0);
  return SmallVector<int32_t>(getZeroPoints().asArrayRef());
}
std::optional<int64_t> PerAxisAttr::getQuantizedAxis() const {
  return getAxis();
}

//===----------------------------------------------------------------------===//
// PerBlockAttr
//===----------------------------------------------------------------------===//

LogicalResult PerBlockAttr::verify(EmitError emitError, int64_t axis,
                                   int64_t blockSize, DenseElementsAttr scales,
                                   DenseElementsAttr zeroPoints) {
  if (axis < 0)
    return emitError() << "expected axis of at least 0, found " << axis;
  if (blockSize < 1)
    return emitError() << "expected block size of at least 1, found "
                       << blockSize;
  if (!scales.getElementType().isF32())
    return emitError() << "expected f32 scales, found "
                       << scales.getElementType();
  for (float scale : scales.getValues<float>())
    if (failed(verifyScale(emitError, scale)))
      return failure();
  if (!zeroPoints)
    return success();
  if (!zeroPoints.getElementType().isSignlessInteger(32))
    return emitError() << "expected i32 zero points, found "
                       << zeroPoints.getElementType();
  if (zeroPoints.getType().getShape() != scales.getType().getShape())
    return emitError() << "expected zero points to have the shape of the "
                          "scales";
  return success();
}
bool PerBlockAttr::isComplete() const { return true; }
LogicalResult PerBlockAttr::verifyScheme(EmitError emitError, ShapedType type,
                                         Type storage) const {
  if (!type.hasStaticShape())
    return emitError() << "expected a static shape for a per-block scheme, "
                          "found "
                       << type;
  if (failed(verifyAxis(emitError, getAxis(), type)))
    return failure();
  SmallVector<int64_t> expected(type.getShape());
  if (expected[getAxis()] % getBlockSize() != 0)
    return emitError() << "expected block size to divide dimension "
                       << getAxis() << " of size " << expected[getAxis()]
                       << ", found " << getBlockSize();
  expected[getAxis()] /= getBlockSize();
  if (ArrayRef<int64_t>(expected) != getScales().getType().getShape())
    return emitError() << "expected scales of shape " << expected << ", found "
                       << getScales().getType().getShape();
  for (int32_t zeroPoint : getZeroPointValues())
    if (failed(verifyZeroPoint(emitError, zeroPoint, storage)))
      return failure();
  return success();
}
SmallVector<float> PerBlockAttr::getScaleValues() const {
  return llvm::to_vector(getScales().getValues<float>());
}
SmallVector<int32_t> PerBlockAttr::getZeroPointValues() const {
  if (!getZeroPoints())
    return SmallVector<int32_t>(getScales().getNumElements(), 0);
  return llvm::to_vector(getZeroPoints().getValues<int32_t>());
}
std::optional<int64_t> PerBlockAttr::getQuantizedAxis() const {
  return getAxis();
}

//===----------------------------------------------------------------------===//
// DynamicAttr and PendingAttr: no parameters yet
//===----------------------------------------------------------------------===//

LogicalResult DynamicAttr::verify(EmitError emitError,
                                  Granularity granularity) {
  if (granularity != Granularity::PerTensor &&
      granularity != Granularity::PerToken)
    return emitError() << "expected per_tensor or per_token, found "
                       << stringifyGranularity(granularity);
  return success();
}
bool DynamicAttr::isComplete() const { return false; }
LogicalResult DynamicAttr::verifyScheme(EmitError emitError, ShapedType type,
                                        Type storage) const {
  if (getGranularity() == Granularity::PerToken && type.hasRank() &&
      type.getRank() == 0)
    return emitError() << "expected a rank of at least 1 for per_token, found "
                       << type;
  return success();
}
SmallVector<float> DynamicAttr::getScaleValues() const { return {}; }
SmallVector<int32_t> DynamicAttr::getZeroPointValues() const { return {}; }
std::optional<int64_t> DynamicAttr::getQuantizedAxis() const {
  return std::nullopt;
}

LogicalResult PendingAttr::verify(EmitError emitError, Granularity granularity,
                                  std::optional<int64_t> axis, bool symmetric) {
  bool wantsAxis = granularity == Granularity::PerAxis;
  if (granularity != Granularity::PerTensor && !wantsAxis)
    return emitError() << "expected per_tensor or per_axis, found "
                       << stringifyGranularity(granularity);
  if (wantsAxis != axis.has_value())
    return emitError() << "expected an axis for per_axis and only for it";
  if (axis && *axis < 0)
    return emitError() << "expected axis of at least 0, found " << *axis;
  return success();
}
bool PendingAttr::isComplete() const { return false; }
LogicalResult PendingAttr::verifyScheme(EmitError emitError, ShapedType type,
                                        Type storage) const {
  return getAxis() ? verifyAxis(emitError, *getAxis(), type) : success();
}
SmallVector<float> PendingAttr::getScaleValues() const { return {}; }
SmallVector<int32_t> PendingAttr::getZeroPointValues() const { return {}; }
std::optional<int64_t> PendingAttr::getQuantizedAxis() const {
  return getAxis();
}

//===----------------------------------------------------------------------===//
// CpuTargetAttr
//===----------------------------------------------------------------------===//

StringRef CpuTargetAttr::getTargetTriple() const { return getTriple(); }
bool CpuTargetAttr::supportsStorage(Type storage) const {
  auto integer = dyn_cast<IntegerType>(storage);
  return integer && (integer.getWidth() == 8 || integer.getWidth() == 16 ||
                     integer.getWidth() == 32);
}
bool CpuTargetAttr::supportsProduct(Type lhs, Type rhs,
                                    Type accumulator) const {
  return lhs.isInteger(8) && rhs.isInteger(8) && accumulator.isInteger(32);
}
bool CpuTargetAttr::hasFloatUnit() const {
  return !getFeatures().contains("+soft-float") &&
         !getFeatures().contains("-fp-armv8");
}
