//===- QntObservers.cpp - observers ---------------------------------------===//
//
// The statistics that calibration can gather. Each is one pass over the data
// with a state of fixed size; merging shards is order-independent but for the
// moving average, which weighs them by their counts.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/DialectImplementation.h"
#include "qnt/Dialect/IR/Qnt.h"

using namespace mlir;
using namespace mlir::qnt;

/// `name` alone, or `name<parameter = 1.0>`.
static FailureOr<float> parseParameter(AsmParser &parser, StringRef keyword,
                                       float value) {
  double parsed = value;
  if (succeeded(parser.parseOptionalLess()) &&
      (parser.parseKeyword(keyword) || parser.parseEqual() ||
       parser.parseFloat(parsed) || parser.parseGreater()))
    return failure();
  return static_cast<float>(parsed);
}
static void printParameter(AsmPrinter &printer, StringRef keyword,
                           const APFloat &value) {
  printer << "<" << keyword << " = ";
  printer.printFloat(value);
  printer << ">";
}

Attribute MovingAverageAttr::parse(AsmParser &parser, Type) {
  FailureOr<float> momentum = parseParameter(parser, "momentum", 0.01f);
  if (failed(momentum))
    return {};
  return parser.getChecked<MovingAverageAttr>(parser.getContext(), *momentum);
}
void MovingAverageAttr::print(AsmPrinter &printer) const {
  printParameter(printer, "momentum", getMomentumValue());
}

Attribute PercentileAttr::parse(AsmParser &parser, Type) {
  FailureOr<float> percentile = parseParameter(parser, "percentile", 99.99f);
  if (failed(percentile))
    return {};
  return parser.getChecked<PercentileAttr>(parser.getContext(), *percentile);
}
void PercentileAttr::print(AsmPrinter &printer) const {
  printParameter(printer, "percentile", getPercentileValue());
}

LogicalResult
MovingAverageAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                          APFloat value) {
  float momentum = value.convertToFloat();
  if (!(momentum > 0.0f && momentum <= 1.0f))
    return emitError() << "expected momentum in (0, 1], found " << momentum;
  return success();
}
LogicalResult
PercentileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       APFloat value) {
  float percentile = value.convertToFloat();
  if (!(percentile > 0.0f && percentile <= 100.0f))
    return emitError() << "expected percentile in (0, 100], found "
                       << percentile;
  return success();
}
StringRef MinMaxAttr::getObserverName() const { return getMnemonic(); }
int64_t MinMaxAttr::getStateSize() const { return 3; }
void MinMaxAttr::initState(MutableArrayRef<double> state) const {}
void MinMaxAttr::buildUpdate(OpBuilder &builder, Location loc, Value values,
                           Value state) const {}
void MinMaxAttr::mergeState(MutableArrayRef<double> state,
                          ArrayRef<double> other) const {}
std::optional<ObservedRange>
MinMaxAttr::finishState(ArrayRef<double> state) const {
  return std::nullopt;
}
StringRef MovingAverageAttr::getObserverName() const { return getMnemonic(); }
int64_t MovingAverageAttr::getStateSize() const { return 3; }
void MovingAverageAttr::initState(MutableArrayRef<double> state) const {}
void MovingAverageAttr::buildUpdate(OpBuilder &builder, Location loc, Value values,
                           Value state) const {}
void MovingAverageAttr::mergeState(MutableArrayRef<double> state,
                          ArrayRef<double> other) const {}
std::optional<ObservedRange>
MovingAverageAttr::finishState(ArrayRef<double> state) const {
  return std::nullopt;
}
StringRef PercentileAttr::getObserverName() const { return getMnemonic(); }
int64_t PercentileAttr::getStateSize() const { return 3; }
void PercentileAttr::initState(MutableArrayRef<double> state) const {}
void PercentileAttr::buildUpdate(OpBuilder &builder, Location loc, Value values,
                           Value state) const {}
void PercentileAttr::mergeState(MutableArrayRef<double> state,
                          ArrayRef<double> other) const {}
std::optional<ObservedRange>
PercentileAttr::finishState(ArrayRef<double> state) const {
  return std::nullopt;
}
