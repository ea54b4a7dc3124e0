//===- Steps.cpp - what the handlers of ops share -------------------------===//
//
// Invariant: the key of an elementwise kernel holds the accesses and types of
// all operands beside the handler's own text, so sharing is always sound.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Steps.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::qnt;

Access mlir::qnt::broadcastAccess(const View &view, ArrayRef<int64_t> shape) {
  Access access = accessOf(view);
  for (size_t dim = 0; dim < shape.size(); ++dim)
    if (view.shape[dim] == 1 && shape[dim] != 1)
      access.strides[dim] = 0;
  return access;
}

FailureOr<KernelCall>
mlir::qnt::emitElementwise(KernelModule &module, const Step &step,
                           const ElementwiseKernel &kernel) {
  const View &output = step.outputs[0];
  SmallVector<Type> types;
  SmallVector<Access> accesses;
  std::string key =
      "elementwise:" + kernel.stem + ":" + kernel.key + ":" +
      llvm::formatv("{0:$[x]}",
                    llvm::make_range(output.shape.begin(), output.shape.end()))
          .str();
  auto add = [&](Type type, Access access) {
    llvm::raw_string_ostream(key) << ":" << type << access.key();
    types.push_back(type);
    accesses.push_back(std::move(access));
  };
  for (const View &input : step.inputs)
    add(bufferTypeOf(*input.buffer), broadcastAccess(input, output.shape));
  Access channel;
  channel.strides.assign(output.shape.size(), 0);
  if (!channel.strides.empty())
    channel.strides.back() = 1;
  for (memref::GlobalOp global : kernel.perChannel)
    add(global.getType(), channel);
  size_t walked = types.size();
  for (memref::GlobalOp global : kernel.tables)
    types.push_back(global.getType());
  Access outAccess = accessOf(output);
  add(bufferTypeOf(*output.buffer), outAccess);

  FailureOr<func::FuncOp> function = module.getOrCreateKernel(
      step.loc, kernel.stem, key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
        SmallVector<NestOperand> operands;
        for (size_t i = 0; i < walked; ++i)
          operands.push_back({arguments[i], accesses[i]});
        ValueRange tables = arguments.slice(walked, kernel.tables.size());
        emitNest(b, output.shape, operands, {arguments.back(), outAccess},
                 kernel.lanes,
                 [&](ImplicitLocOpBuilder &b, ValueRange vectors) {
                   return kernel.body(b, vectors, tables);
                 });
        return success();
      });
  if (failed(function))
    return failure();
  KernelCall call{*function, kernel.perChannel};
  llvm::append_range(call.constants, kernel.tables);
  return call;
}

//===----------------------------------------------------------------------===//
// Rescale
//===----------------------------------------------------------------------===//

RescaleSpec mlir::qnt::specOf(RescaleOp op, int64_t accMin, int64_t accMax) {
  RescaleSpec spec;
  llvm::append_range(spec.multipliers, op.getMultipliers());
  if (llvm::all_equal(spec.multipliers))
    spec.multipliers.resize(1);
  int32_t shift = signedShift(op.getType());
  spec.inputZp = static_cast<int32_t>(op.getInputZp()) -
                 signedShift(op.getInput().getType());
  spec.outputZp = static_cast<int32_t>(op.getOutputZp()) - shift;
  spec.min = static_cast<int32_t>(op.getMin()) - shift;
  spec.max = static_cast<int32_t>(op.getMax()) - shift;
  spec.rounding = op.getRounding();
  // What is stored here lacks `shift` more to the numbers of the model.
  if (std::optional<uint32_t> offset = op.getEarlyZp())
    spec.earlyZp = static_cast<int32_t>(*offset) + shift;
  spec.accMin = accMin;
  spec.accMax = accMax;
  return spec;
}

SmallVector<memref::GlobalOp>
mlir::qnt::rescaleTables(KernelModule &module, const RescaleSpec &spec) {
  if (spec.multipliers.size() == 1)
    return {};
  SmallVector<int32_t> multipliers, shifts;
  for (double multiplier : spec.multipliers) {
    RescaleWords words = getRescaleWords(multiplier, spec.rounding);
    multipliers.push_back(words.multiplier);
    shifts.push_back(words.shift);
  }
  SmallVector<memref::GlobalOp> tables = {
      module.addConstant("multipliers", multipliers)};
  if (spec.rounding != Rounding::Fp32Rne)
    tables.push_back(module.addConstant("shifts", shifts));
  return tables;
}

RescaleOperands mlir::qnt::rescaleOperands(ImplicitLocOpBuilder &b,
                                           const RescaleSpec &spec, Value acc,
                                           ValueRange words) {
  if (words.empty())
    return rescaleConstants(b, spec, acc.getType());
  if (spec.rounding != Rounding::Fp32Rne)
    return {words[0], words[1]};
  Type real = Float32Type::get(b.getContext());
  if (auto vector = dyn_cast<VectorType>(acc.getType()))
    real = vector.clone(real);
  return {arith::BitcastOp::create(b, real, words[0]), Value()};
}

FailureOr<RescaleOp> mlir::qnt::onlyRescale(Operation *op) {
  Value result = op->getResult(0);
  if (result.hasOneUse())
    if (auto rescale = dyn_cast<RescaleOp>(*result.user_begin()))
      if (rescale.getType().getElementType().isInteger(8))
        return rescale;
  return op->emitError()
         << "'" << op->getName()
         << "' has a kernel only together with the qnt.rescale to i8 that is "
            "its single user; lower it with qnt-lower-to-integer";
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

LogicalResult mlir::qnt::expectBytes(Operation *op, Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && type.hasStaticShape() &&
      type.getElementType().isSignlessInteger(8) && type.getNumElements() > 0)
    return success();
  return op->emitError() << "'" << op->getName() << "' has no kernel for type "
                         << value.getType()
                         << "; expected a static tensor of i8";
}

static Type withElement(Type like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like))
    return vector.clone(element);
  return element;
}

Value mlir::qnt::splatInt(ImplicitLocOpBuilder &b, Value like, int32_t value) {
  Type type = withElement(like.getType(), b.getI32Type());
  Attribute attr = b.getI32IntegerAttr(value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, type, cast<TypedAttr>(attr));
}

Value mlir::qnt::splatFloat(ImplicitLocOpBuilder &b, Value like, float value) {
  Type type = withElement(like.getType(), b.getF32Type());
  Attribute attr = b.getF32FloatAttr(value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, type, cast<TypedAttr>(attr));
}

Value mlir::qnt::emitWiden(ImplicitLocOpBuilder &b, Value bytes,
                           const KernelTarget &target) {
  Type type = withElement(bytes.getType(), b.getI32Type());
  if (!target.unsignedActivations)
    return arith::ExtSIOp::create(b, type, bytes);
  Value wide = arith::ExtUIOp::create(b, type, bytes);
  return arith::SubIOp::create(b, wide, splatInt(b, wide, 128));
}

Value mlir::qnt::emitRoundToByte(ImplicitLocOpBuilder &b, Value x, int32_t low,
                                 int32_t high, int32_t shift) {
  using arith::CmpFPredicate;
  Value bottom = splatFloat(b, x, static_cast<float>(low));
  Value top = splatFloat(b, x, static_cast<float>(high));
  Value above = arith::CmpFOp::create(b, CmpFPredicate::OGT, x, bottom);
  x = arith::SelectOp::create(b, above, x, bottom);
  Value below = arith::CmpFOp::create(b, CmpFPredicate::OLT, x, top);
  x = arith::SelectOp::create(b, below, x, top);
  // 1.5 * 2^23 + x has x, rounded to even, in its low bits: one addition rounds
  // on every machine, where a rounding instruction may be a library call.
  constexpr float magic = 12582912.0f;
  constexpr int32_t magicBits = 0x4B400000;
  x = arith::AddFOp::create(b, x, splatFloat(b, x, magic));
  Value bits =
      arith::BitcastOp::create(b, withElement(x.getType(), b.getI32Type()), x);
  bits = arith::SubIOp::create(b, bits, splatInt(b, x, magicBits - shift));
  return arith::TruncIOp::create(b, withElement(x.getType(), b.getI8Type()),
                                 bits);
}

/// The double of x * y + z rounded to odd, which rounds to float as the exact
/// sum does: the product is exact, the error of the sum is found exactly.
static Value emitOddSum(ImplicitLocOpBuilder &b, Value product, Value z) {
  Type f64 = product.getType(), i64 = withElement(f64, b.getI64Type());
  auto integer = [&](int64_t value) -> Value {
    Attribute attr = b.getI64IntegerAttr(value);
    if (auto vector = dyn_cast<VectorType>(i64))
      attr = DenseElementsAttr::get(vector, attr);
    return arith::ConstantOp::create(b, i64, cast<TypedAttr>(attr));
  };
  Value sum = arith::AddFOp::create(b, product, z);
  Value part = arith::SubFOp::create(b, sum, product);
  Value error = arith::AddFOp::create(
      b, arith::SubFOp::create(b, product, arith::SubFOp::create(b, sum, part)),
      arith::SubFOp::create(b, z, part));
  Value zero =
      arith::ConstantOp::create(b, f64, cast<TypedAttr>(b.getZeroAttr(f64)));
  using arith::CmpFPredicate;
  using arith::CmpIPredicate;
  Value bits = arith::BitcastOp::create(b, i64, sum);
  Value isEven = arith::CmpIOp::create(
      b, CmpIPredicate::eq, arith::AndIOp::create(b, bits, integer(1)),
      integer(0));
  Value isInexact = arith::CmpFOp::create(b, CmpFPredicate::ONE, error, zero);
  Value errorIsUp = arith::CmpFOp::create(b, CmpFPredicate::OGT, error, zero);
  Value sumIsUp = arith::CmpFOp::create(b, CmpFPredicate::OGT, sum, zero);
  Value away = arith::CmpIOp::create(b, CmpIPredicate::eq, errorIsUp, sumIsUp);
  Value step = arith::SelectOp::create(b, away, integer(1), integer(-1));
  step = arith::SelectOp::create(b, arith::AndIOp::create(b, isEven, isInexact),
                                 step, integer(0));
  return arith::BitcastOp::create(b, f64, arith::AddIOp::create(b, bits, step));
}

Value mlir::qnt::emitFma(ImplicitLocOpBuilder &b, Value x, Value y, Value z,
                         const KernelTarget &target) {
  if (target.hasFma)
    return math::FmaOp::create(b, x, y, z);
  Type f64 = withElement(x.getType(), b.getF64Type());
  auto widen = [&](Value v) { return arith::ExtFOp::create(b, f64, v); };
  Value product = arith::MulFOp::create(b, widen(x), widen(y));
  return arith::TruncFOp::create(b, x.getType(),
                                 emitOddSum(b, product, widen(z)));
}
