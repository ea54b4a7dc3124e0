//===- LitertForms.cpp - integer forms that only LiteRT has ---------------===//
//
// The home litert_xnnpack in the models: which formula a sum, product or table
// takes, and the composites that the TFLite importer writes for ops whose
// rounding no tosa op says. All arithmetic on scales is Numerics'.
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "qnt/Numerics/Litert.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
namespace num = ::qnt::num;

//===----------------------------------------------------------------------===//
// Sums, products, tables
//===----------------------------------------------------------------------===//

BinaryMode models::binaryMode(const IntegerForm &form, bool isProduct) {
  if (form.home != Home::LitertXnnpack)
    return {form.rounding, form.home};
  float lhs = paramsOf(form.operandTypes[0]).scale;
  float rhs = paramsOf(form.operandTypes[1]).scale;
  float result = resultForm(form).params.scale;
  if (isProduct && num::isXnnpackMul(lhs, rhs, result))
    return {Rounding::Fp32Rne};
  if (!isProduct && num::isXnnpackAdd(lhs, rhs, result))
    return {Rounding::Fp32Rne, Home::LitertXnnpack};
  return {Rounding::TfliteDouble};
}

/// A float of the configuration of a composite.
static float configFloat(CompositeOp op, StringRef key, float otherwise) {
  DictionaryAttr config = op.getConfigAttr();
  auto value = config ? config.getAs<FloatAttr>(key) : FloatAttr();
  return value ? static_cast<float>(value.getValueAsDouble()) : otherwise;
}

std::optional<std::array<int8_t, 256>>
models::litertTable(Operation *op, unsigned operand, const IntegerForm &form) {
  // Functions joined into one have no counterpart there.
  if (form.home != Home::LitertXnnpack || form.scalar)
    return std::nullopt;
  num::QuantParams in = paramsOf(form.operandTypes[operand]);
  num::QuantParams out = paramsOf(form.resultTypes.front());
  if (auto clamp = dyn_cast<tosa::ClampOp>(op)) {
    auto low = dyn_cast<FloatAttr>(clamp.getMinValAttr());
    auto high = dyn_cast<FloatAttr>(clamp.getMaxValAttr());
    if (!low || !high)
      return std::nullopt;
    return num::litertClamp(in, out, static_cast<float>(low.getValueAsDouble()),
                            static_cast<float>(high.getValueAsDouble()));
  }
  if (isa<tosa::AbsOp>(op))
    return num::litertAbs(in, out);
  auto composite = dyn_cast<CompositeOp>(op);
  if (!composite)
    return std::nullopt;
  if (composite.getName() == "hardswish")
    return num::litertHardSwish(in, out);
  if (composite.getName() == "leaky_relu")
    return num::litertLeakyRelu(in, out,
                                configFloat(composite, "alpha", 0.01f));
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Composites
//===----------------------------------------------------------------------===//

bool models::isLitertComposite(CompositeOp op) {
  return (op.getName() == "average_pool" || op.getName() == "mean") &&
         op.getInputs().size() == 1 && op.getOutputs().size() == 1;
}

static int32_t configInt(CompositeOp op, StringRef key) {
  DictionaryAttr config = op.getConfigAttr();
  auto value = config ? config.getAs<IntegerAttr>(key) : IntegerAttr();
  return value ? static_cast<int32_t>(value.getInt()) : 0;
}

static SmallVector<int64_t> configInts(CompositeOp op, StringRef key) {
  DictionaryAttr config = op.getConfigAttr();
  auto value =
      config ? config.getAs<DenseI64ArrayAttr>(key) : DenseI64ArrayAttr();
  return value ? SmallVector<int64_t>(value.asArrayRef())
               : SmallVector<int64_t>();
}

Value models::buildSumPool(RewriterBase &rewriter, Location loc, Value input,
                           ArrayRef<int64_t> kernel, ArrayRef<int64_t> stride,
                           ArrayRef<int64_t> resultShape) {
  Type i32 = rewriter.getI32Type();
  auto type = RankedTensorType::get(resultShape, i32);
  Value zero =
      arith::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(0));
  Value empty = tensor::EmptyOp::create(rewriter, loc, resultShape, i32);
  Value init =
      linalg::FillOp::create(rewriter, loc, ValueRange{zero}, ValueRange{empty})
          .getResult(0);
  Value window =
      tensor::EmptyOp::create(rewriter, loc, kernel, rewriter.getI8Type());
  return linalg::PoolingNhwcSumOp::create(
             rewriter, loc, TypeRange{type}, ValueRange{input, window},
             ValueRange{init}, rewriter.getI64VectorAttr(stride),
             rewriter.getI64VectorAttr({1, 1}))
      .getResult(0);
}

// N66.
static FailureOr<Values> buildAveragePool(RewriterBase &rewriter,
                                          CompositeOp op,
                                          const IntegerForm &form,
                                          std::string &reason) {
  ResultForm result = resultForm(form);
  if (paramsOf(form.operandTypes[0]) != paramsOf(form.resultTypes[0])) {
    reason = "the average of stored numbers has the scale of its operand, and "
             "its result another";
    return failure();
  }
  return Values{StoredAverageOp::create(
      rewriter, op.getLoc(), storedType(op, form), form.operands[0],
      configInts(op, "kernel"), configInts(op, "stride"), configInts(op, "pad"),
      configInt(op, "offset"), result.min, result.max)};
}

/// The mean over dimensions 1 and 2.
// N67.
static FailureOr<Values> buildMean(RewriterBase &rewriter, CompositeOp op,
                                   const IntegerForm &form,
                                   std::string &reason) {
  auto from = cast<RankedTensorType>(op.getInputs()[0].getType());
  auto to = cast<RankedTensorType>(op.getOutputs()[0].getType());
  int64_t count = from.getDimSize(1) * from.getDimSize(2);
  if (count > (int64_t(1) << 22)) {
    reason = "a sum of " + std::to_string(count) +
             " numbers overflows 32 bits; exclude the op";
    return failure();
  }
  Value sum = buildSumPool(rewriter, op.getLoc(), form.operands[0],
                           from.getShape().slice(1, 2), {1, 1}, to.getShape());
  num::QuantParams input = paramsOf(form.operandTypes[0]);
  ResultForm result = resultForm(form);
  float scale = num::litertMeanScale(input.scale, result.params.scale, count);
  auto type = cast<RankedTensorType>(sum.getType());
  return Values{RescaleOp::create(
      rewriter, op.getLoc(),
      type.clone(form.resultTypes.front().getArithmeticType()), sum,
      ArrayRef<double>{scale}, static_cast<int32_t>(input.zeroPoint * count),
      result.params.zeroPoint, result.min, result.max, Rounding::Fp32Rne,
      rewriter.getI32IntegerAttr(configInt(op, "offset")))};
}

FailureOr<Values> models::buildLitertComposite(RewriterBase &rewriter,
                                               CompositeOp op,
                                               const IntegerForm &form,
                                               std::string &reason) {
  if (failed(checkForm(op, form, reason)))
    return failure();
  return op.getName() == "mean" ? buildMean(rewriter, op, form, reason)
                                : buildAveragePool(rewriter, op, form, reason);
}

// N68.
FailureOr<Values> models::buildLitertSoftmax(RewriterBase &rewriter,
                                             CompositeOp op,
                                             const IntegerForm &form,
                                             std::string &reason) {
  if (failed(checkForm(op, form, reason)))
    return failure();
  num::FloatTable table = num::litertSoftmaxTable(
      paramsOf(form.operandTypes[0]).scale, configFloat(op, "beta", 1.0f));
  num::QuantParams result = paramsOf(form.resultTypes[0]);
  return Values{SoftmaxF32Op::create(rewriter, op.getLoc(),
                                     storedType(op, form), form.operands[0],
                                     rewriter.getDenseF32ArrayAttr(table),
                                     APFloat(result.scale), result.zeroPoint)};
}
