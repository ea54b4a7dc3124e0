//===- QntNumerics.cpp - attributes of the IR as Numerics sees them -------===//
//
// The bridge between the dialect and the numeric rules: nothing is computed
// here, only renamed.
//
//===----------------------------------------------------------------------===//

#include "qnt/Dialect/IR/QntNumerics.h"

#include "qnt/Numerics/Litert.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

num::Rounding mlir::qnt::toNumerics(Rounding rounding) {
  switch (rounding) {
  case Rounding::Fp32Rne:
    return num::Rounding::Fp32Rne;
  case Rounding::TfliteDouble:
    return num::Rounding::TfliteDouble;
  case Rounding::TfliteSingle:
    return num::Rounding::TfliteSingle;
  }
  llvm_unreachable("all rounding modes are listed");
}

Rounding mlir::qnt::fromNumerics(num::Rounding rounding) {
  switch (rounding) {
  case num::Rounding::Fp32Rne:
    return Rounding::Fp32Rne;
  case num::Rounding::TfliteDouble:
    return Rounding::TfliteDouble;
  case num::Rounding::TfliteSingle:
    return Rounding::TfliteSingle;
  }
  llvm_unreachable("all rounding modes are listed");
}

Home mlir::qnt::getHome(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto name = op->getAttrOfType<StringAttr>(kHomeAttr))
      return symbolizeHome(name.getValue()).value_or(Home::Native);
  return Home::Native;
}

num::Home mlir::qnt::toNumerics(Home home) {
  switch (home) {
  case Home::Native:
    return num::Home::Native;
  case Home::OnnxRuntime:
    return num::Home::OnnxRuntime;
  case Home::LitertXnnpack:
    return num::Home::LitertXnnpack;
  case Home::LitertReference:
    return num::Home::LitertReference;
  }
  llvm_unreachable("all homes are listed");
}

num::StorageRange mlir::qnt::storageRangeOf(QuantizedType type) {
  return {static_cast<int32_t>(type.getStorageMin()),
          static_cast<int32_t>(type.getStorageMax())};
}

num::RescaleParams mlir::qnt::rescaleParams(RescaleOp op, int64_t channel) {
  ArrayRef<double> multipliers = op.getMultipliers();
  num::RescaleParams params;
  params.multiplier =
      multipliers.size() == 1 ? multipliers[0] : multipliers[channel];
  params.inputZeroPoint = static_cast<int32_t>(op.getInputZp());
  params.outputZeroPoint = static_cast<int32_t>(op.getOutputZp());
  params.min = static_cast<int32_t>(op.getMin());
  params.max = static_cast<int32_t>(op.getMax());
  params.rounding = toNumerics(op.getRounding());
  if (std::optional<uint32_t> offset = op.getEarlyZp())
    params.earlyZeroPoint = static_cast<int32_t>(*offset);
  return params;
}

num::FloatSoftmax mlir::qnt::floatSoftmaxOf(SoftmaxOp op) {
  num::FloatSoftmax params;
  for (auto [entry, bits] : llvm::zip_equal(params.table, op.getTable()))
    entry = llvm::bit_cast<float>(bits);
  params.factor = op.getFactor()->convertToFloat();
  params.zeroPoint = static_cast<int32_t>(op.getOutputZp());
  return params;
}

template <typename OpTy>
static num::AddParams addParamsOf(OpTy op, bool negateB) {
  auto make = negateB ? num::makeSubParams : num::makeAddParams;
  auto min = static_cast<int32_t>(op.getMin());
  auto max = static_cast<int32_t>(op.getMax());
  if (op.getHome() == Home::LitertXnnpack)
    return num::makeXnnpackAdd(lhsParams(op), rhsParams(op), outputParams(op),
                               min, max, negateB);
  constexpr int32_t byteShift = 20;
  num::AddParams params =
      make(lhsParams(op), rhsParams(op), outputParams(op), min, max,
           toNumerics(op.getRounding()), byteShift);
  num::applyHome(params, homeOf(op));
  return params;
}

num::AddParams mlir::qnt::addParams(AddOp op) { return addParamsOf(op, false); }
num::AddParams mlir::qnt::addParams(SubOp op) { return addParamsOf(op, true); }
