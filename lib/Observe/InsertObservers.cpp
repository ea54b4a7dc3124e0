//===- InsertObservers.cpp - watch the activation edges -------------------===//
//
// Collects the edges first, in program order, then rewrites: a value is one
// edge, however many ops use it.
//
//===----------------------------------------------------------------------===//

#include "qnt/Observe/Passes.h"

#include "FloatMoves.h"
#include "qnt/Analysis/Edges.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTINSERTOBSERVERS
#include "qnt/Observe/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Which edges
//===----------------------------------------------------------------------===//

/// True for constants and for pure ops that see nothing but constants.
static bool isConstant(Value value, unsigned depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (matchPattern(op, m_Constant()))
    return true;
  // Deeper chains are folded before; the bound keeps the walk linear.
  return depth < 4 && op->getNumOperands() > 0 && isMemoryEffectFree(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isConstant(operand, depth + 1);
         });
}

/// True if `value` is quantized: by itself, or where the op that makes it ends.
static bool isQuantized(Value value) {
  if (llvm::any_of(value.getUsers(), llvm::IsaPred<QuantizeOp>))
    return true;
  QuantizableOpInterface producer = getQuantizable(value.getDefiningOp());
  if (!producer)
    return false;
  FusedChain chain = getFusedChain(producer);
  return chain.result != value && getQuantizer(chain.result);
}

/// The clamp that the producer of `value` absorbs: its only user.
static bool isAbsorbed(Value value) {
  auto producer = value.getDefiningOp<QuantizableOpInterface>();
  if (!producer || !producer.absorbsClamp() || !value.hasOneUse())
    return false;
  auto clamp = dyn_cast<QuantizableOpInterface>(*value.getUsers().begin());
  return clamp && clamp.getClampRange().has_value();
}

static bool isObservable(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isF32())
    return false;
  if (value.getDefiningOp<ObserveOp>() || value.getDefiningOp<DequantizeOp>())
    return false;
  if (llvm::any_of(value.getUsers(), llvm::IsaPred<ObserveOp>) ||
      isQuantized(value))
    return false;
  return !isConstant(value);
}

namespace {
/// The edges of a module, in the order in which ops mention them.
struct Edges {
  llvm::SetVector<Value> values;
  unsigned numAbsorbed = 0;

  void add(Value value) {
    if (isObservable(value) && !values.contains(value) && !isAbsorbed(value))
      values.insert(value);
  }
  void addOp(QuantizableOpInterface op) {
    for (const OperandRole &role : op.getOperandRoles())
      if (role.kind == OperandRole::Activation)
        add(op->getOperand(role.operand));
    for (OpResult result : op->getResults()) {
      if (!op.isResultQuantizable(result.getResultNumber()))
        continue;
      numAbsorbed += isAbsorbed(result);
      add(result);
    }
  }
};
} // namespace

static Edges collectEdges(ModuleOp module) {
  Edges edges;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto quantizable = dyn_cast<QuantizableOpInterface>(op);
    if (quantizable && !op->hasAttr("qnt.exclude"))
      edges.addOp(quantizable);
    // The region of a composite is its meaning, not a part of the model; what a
    // loop or a branch does has no integer form.
    bool holdsModel = isa<ModuleOp>(op) || isa<FunctionOpInterface>(op) ||
                      !op->getNumRegions();
    return holdsModel ? WalkResult::advance() : WalkResult::skip();
  });
  return edges;
}

/// True if `value` is multiplied by weights whose rounding a bias can make up
/// for.
static bool feedsBias(Value value) {
  return llvm::any_of(value.getUses(), [](OpOperand &use) {
    QuantizableOpInterface op = getQuantizable(use.getOwner());
    if (!op || use.getOperandNumber() != 0)
      return false;
    bool hasBias = false;
    for (const OperandRole &role : op.getOperandRoles()) {
      Value operand = op->getOperand(role.operand);
      if (role.kind == OperandRole::Activation)
        continue;
      auto type = dyn_cast<RankedTensorType>(operand.getType());
      if (!type || !isConstant(operand))
        return false;
      hasBias |= role.kind == OperandRole::Bias;
      if (role.kind == OperandRole::Weight &&
          !op.getWeightChannels(SmallVector<int64_t>(type.getRank(), 0)))
        return false;
    }
    return hasBias;
  });
}

/// `observer`, and the means of the channels with it.
static ObserverAttrInterface withMeans(ObserverAttrInterface observer,
                                       Value value) {
  int64_t channels = cast<RankedTensorType>(value.getType()).getShape().back();
  return ChannelMeansAttr::get(value.getContext(), channels, observer);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The first name inside a location.
static StringRef findName(Location location) {
  StringRef found;
  location->walk([&](Location nested) {
    auto name = dyn_cast<NameLoc>(nested);
    if (!name)
      return WalkResult::advance();
    found = name.getName();
    return WalkResult::interrupt();
  });
  return found;
}

static std::string getBaseName(Value value) {
  StringRef name = findName(value.getLoc());
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function =
        dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp());
    if (function && argument.getOwner()->isEntryBlock())
      if (auto given = function.getArgAttrOfType<StringAttr>(
              argument.getArgNumber(), "qnt.name"))
        return given.str();
    if (!name.empty())
      return name.str();
    return "arg" + std::to_string(argument.getArgNumber());
  }
  if (!name.empty())
    return name.str();
  return value.getDefiningOp()->getName().stripDialect().str();
}

namespace {
/// Gives each edge a name of its own.
class Namer {
public:
  explicit Namer(ModuleOp module) {
    module.walk([&](ObserveOp op) { taken[op.getEdge()] = 1; });
  }
  std::string get(Value value) {
    std::string base = getBaseName(value);
    std::string name = base;
    unsigned &count = taken[base];
    while (count != 0) {
      name = base + "#" + std::to_string(++count);
      if (taken.try_emplace(name, 1).second)
        return name;
    }
    count = 1;
    return name;
  }

private:
  llvm::StringMap<unsigned> taken;
};
} // namespace

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
class InsertObservers
    : public qnt::impl::QntInsertObserversBase<InsertObservers> {
public:
  using Base::Base;

private:
  FailureOr<ObserverAttrInterface> parseObserver();
  FailureOr<qnt::QuantizedType> parseTarget();
  LogicalResult checkQuantized();

  void runOnOperation() override {
    FailureOr<ObserverAttrInterface> observer = parseObserver();
    FailureOr<qnt::QuantizedType> target = parseTarget();
    if (failed(observer) || failed(target))
      return signalPassFailure();
    if (quantizedOnly) {
      if (failed(checkQuantized()))
        signalPassFailure();
      return;
    }
    if (floatScores)
      numExcluded += observe::excludeScores(getOperation());
    numExcluded += observe::excludeFloatMoves(getOperation());
    numExcluded += observe::excludeBetweenFloats(getOperation());
    if (floatTails)
      numExcluded += observe::excludeTails(getOperation());
    Edges edges = collectEdges(getOperation());
    Namer namer(getOperation());
    OpBuilder builder(&getContext());
    for (Value value : edges.values) {
      builder.setInsertionPointAfterValue(value);
      bool means = channelMeans && feedsBias(value);
      auto op =
          ObserveOp::create(builder, value.getLoc(), value.getType(), value,
                            builder.getStringAttr(namer.get(value)),
                            means ? withMeans(*observer, value) : *observer,
                            TypeAttr::get(*target));
      numMeans += means;
      value.replaceAllUsesExcept(op.getResult(), op);
    }
    numObserved += edges.values.size();
    numAbsorbed += edges.numAbsorbed;
  }
};
} // namespace

/// Without calibration all parameters have to be there.
LogicalResult InsertObservers::checkQuantized() {
  bool isQuantized = false;
  getOperation().walk(
      [&](Operation *op) { isQuantized |= isa<QuantizeOp, DequantizeOp>(op); });
  if (!isQuantized)
    return getOperation().emitError()
           << "quantize-int8 needs calibration-data=FILE or "
              "calibration-table=FILE";
  // What shares its scale with a quantized edge gets it in qnt-propagate.
  return success();
}

FailureOr<ObserverAttrInterface> InsertObservers::parseObserver() {
  MLIRContext *context = &getContext();
  StringRef name = observer;
  auto emit = [&] { return getOperation().emitError(); };
  if (name == "min-max")
    return ObserverAttrInterface(MinMaxAttr::get(context));
  if (name == "mse")
    return ObserverAttrInterface(MseAttr::get(context));
  Attribute parsed;
  if (name == "moving-average")
    parsed =
        MovingAverageAttr::getChecked(emit, context, APFloat(float(momentum)));
  else if (name == "percentile")
    parsed =
        PercentileAttr::getChecked(emit, context, APFloat(float(percentile)));
  else if (name.starts_with("#"))
    parsed = parseAttribute(name, context);
  else
    return emitError(getOperation().getLoc())
           << "unknown observer '" << name
           << "'; expected min-max, moving-average, percentile, mse or an "
              "attribute such as #qnt.min_max";
  // Whoever refused the parameters has said why.
  if (!parsed)
    return failure();
  auto result = dyn_cast<ObserverAttrInterface>(parsed);
  if (!result)
    return emitError(getOperation().getLoc())
           << "expected an observer attribute, found " << parsed;
  return result;
}

FailureOr<qnt::QuantizedType> InsertObservers::parseTarget() {
  MLIRContext *context = &getContext();
  if (storage != "i8" && storage != "ui8")
    return emitError(getOperation().getLoc())
           << "unknown storage '" << storage << "'; expected i8 or ui8";
  bool isUnsigned = storage == "ui8";
  if (isUnsigned && symmetric)
    return emitError(getOperation().getLoc())
           << "symmetric needs signed storage, found " << storage
           << "; choose i8";
  auto integer = IntegerType::get(
      context, 8, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
  auto scheme = PendingAttr::get(context, Granularity::PerTensor, std::nullopt,
                                 symmetric);
  return qnt::QuantizedType::get(integer, Float32Type::get(context), scheme);
}
