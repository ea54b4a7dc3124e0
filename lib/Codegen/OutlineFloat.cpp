//===- OutlineFloat.cpp - what has no kernel becomes functions ------------===//
//
// Groups connected ops that no kernel computes, above all on floats, and moves
// each group into a function of an inner
// module. Invariant: ops of one group lie equally many integer stretches behind
// the inputs, so no group waits for itself through an integer op.
//
//===----------------------------------------------------------------------===//

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "qnt/Codegen/Passes.h"
#include "qnt/Codegen/Plan.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_OUTLINEFLOAT
#include "qnt/Codegen/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static bool isFloatTensor(Type type) {
  return isa<TensorType>(type) && isa<FloatType>(getElementTypeOrSelf(type));
}

/// Ops that are copied to where they are used.
static bool isConstant(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() ||
         isa<tosa::ConstShapeOp, tensor::EmptyOp>(op);
}

/// Ops that the integer side handles itself.
static bool isBorder(Operation *op) {
  return isa<ToIntOp, ToFloatOp, tosa::ReshapeOp, tensor::ExpandShapeOp,
             tensor::CollapseShapeOp, func::CallOp>(op) ||
         op->hasTrait<OpTrait::IsTerminator>() || isConstant(op);
}

/// Tensors of what kernels compute with: bytes and their sums.
static bool isKernelTensor(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  return !tensor || tensor.getElementType().isInteger(8) ||
         tensor.getElementType().isInteger(32);
}

/// Ops on integers that a kernel computes.
static bool hasKernel(Operation *op) {
  static const StepHandlers handlers = allHandlers();
  if (!llvm::all_of(op->getOperandTypes(), isKernelTensor) ||
      !llvm::all_of(op->getResultTypes(), isKernelTensor))
    return false;
  // The start of a sum that a kernel computes.
  if (isa<linalg::FillOp>(op))
    return llvm::all_of(op->getUsers(), [](Operation *user) {
      return handlers.count(user->getName().getStringRef()) > 0;
    });
  // Extrema have a kernel for bytes only.
  if (isa<tosa::ReduceMaxOp, tosa::ReduceMinOp, tosa::MaximumOp,
          tosa::MinimumOp>(op))
    return getElementTypeOrSelf(op->getResult(0)).isInteger(8);
  // A cast, a sum and a rescale are one kernel, which the cast stands for.
  if (auto sum = dyn_cast<tosa::ReduceSumOp>(op))
    return sum.getInput().getDefiningOp<tosa::CastOp>() &&
           llvm::all_of(op->getUsers(), llvm::IsaPred<RescaleOp>);
  return handlers.count(op->getName().getStringRef()) > 0;
}

/// Ops of the model's own arithmetic: on floats, or on integers that were never
/// quantized. An op of the integer form without a kernel is left to the error
/// that names it.
static bool isFloatOp(Operation *op) {
  if (isBorder(op))
    return false;
  if (llvm::any_of(op->getOperandTypes(), isFloatTensor) ||
      llvm::any_of(op->getResultTypes(), isFloatTensor))
    return true;
  bool isOurs =
      isa_and_present<QntDialect>(op->getDialect()) && !isa<CompositeOp>(op);
  return !isOurs && !hasKernel(op);
}

namespace {

/// The groups of one function.
class Outliner {
public:
  Outliner(func::FuncOp function, ModuleOp islands)
      : function(function), islands(islands) {}

  /// Ops of each group in their order, groups by their first op; fails where an
  /// op could not be compiled.
  LogicalResult findGroups();
  void outline();
  unsigned numGroups() const { return groups.size(); }
  bool empty() const { return groups.empty(); }

private:
  using Group = SmallVector<Operation *>;
  void adoptReshapes();
  void outlineGroup(Group &group, unsigned index);

  func::FuncOp function;
  ModuleOp islands;
  llvm::SetVector<Operation *> members;
  SmallVector<Group> groups;
};

} // namespace

/// Reshapes between float ops of the function belong to them.
void Outliner::adoptReshapes() {
  for (Operation &op : function.getBody().front()) {
    if (isFloatOp(&op)) {
      members.insert(&op);
      continue;
    }
    if (!isa<tosa::ReshapeOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
            op))
      continue;
    Operation *source = op.getOperand(0).getDefiningOp();
    bool between = source && members.contains(source) &&
                   llvm::any_of(op.getUsers(), [](Operation *user) {
                     return isFloatOp(user);
                   });
    if (between)
      members.insert(&op);
  }
}

/// Memory is planned at compile time, so every size must be known.
static LogicalResult checkStatic(Operation *op) {
  for (Type type : op->getResultTypes())
    if (auto shaped = dyn_cast<ShapedType>(type))
      if (!shaped.hasStaticShape())
        return op->emitError()
               << "'" << op->getName() << "' has a result of dynamic size "
               << type << "; give the model fixed input shapes";
  return success();
}

LogicalResult Outliner::findGroups() {
  adoptReshapes();
  for (Operation *op : members)
    if (failed(checkStatic(op)))
      return failure();
  DenseMap<Operation *, unsigned> level;
  llvm::EquivalenceClasses<Operation *> classes;
  for (Operation &op : function.getBody().front()) {
    bool isFloat = members.contains(&op);
    unsigned own = 0;
    for (Value operand : op.getOperands()) {
      Operation *source = operand.getDefiningOp();
      if (!source || isConstant(source))
        continue;
      bool crosses = members.contains(source) != isFloat;
      own = std::max(own, level.lookup(source) + (crosses ? 1 : 0));
    }
    level[&op] = own;
    if (!isFloat)
      continue;
    classes.insert(&op);
    for (Value operand : op.getOperands())
      if (Operation *source = operand.getDefiningOp())
        if (members.contains(source) && level.lookup(source) == own)
          classes.unionSets(source, &op);
  }
  llvm::MapVector<Operation *, Group> byLeader;
  for (Operation *op : members)
    byLeader[classes.getLeaderValue(op)].push_back(op);
  for (auto &entry : byLeader)
    groups.push_back(std::move(entry.second));
  return success();
}

/// Values that the ops of `group` use but do not make, constants left out.
static SmallVector<Value> inputsOf(ArrayRef<Operation *> group) {
  llvm::SetVector<Value> inputs;
  for (Operation *op : group)
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        Operation *source = operand.getDefiningOp();
        bool inside = source && llvm::any_of(group, [&](Operation *member) {
                        return member->isAncestor(source);
                      });
        Block *owner = operand.getParentBlock();
        bool nested = owner->getParentOp() != op->getParentOp();
        if (!inside && !nested && !(source && isConstant(source)))
          inputs.insert(operand);
      }
    });
  return inputs.takeVector();
}

static SmallVector<Value> outputsOf(ArrayRef<Operation *> group) {
  SmallVector<Value> outputs;
  for (Operation *op : group)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return llvm::none_of(group, [&](Operation *member) {
              return member->isAncestor(user);
            });
          }))
        outputs.push_back(result);
  return outputs;
}

/// Clones the constants that `op` uses and that are not mapped yet.
static void cloneConstants(OpBuilder &builder, Operation *op,
                           IRMapping &mapping) {
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (Operation *source = operand.getDefiningOp())
        if (isConstant(source) && !mapping.contains(operand) &&
            !op->isProperAncestor(source))
          builder.clone(*source, mapping);
  });
}

/// Multiply-accumulates of a contraction: the result's elements times what each
/// sums over.
static int64_t macsOf(Operation *op) {
  auto size = [](Value value) {
    return cast<ShapedType>(value.getType()).getNumElements();
  };
  auto channels = [](Value value) {
    return cast<ShapedType>(value.getType()).getShape().back();
  };
  if (auto conv = dyn_cast<tosa::Conv2DOp>(op))
    return size(conv.getOutput()) * size(conv.getWeight()) /
           channels(conv.getOutput());
  if (auto conv = dyn_cast<tosa::DepthwiseConv2DOp>(op))
    return size(conv.getOutput()) * size(conv.getWeight()) /
           channels(conv.getOutput());
  if (auto product = dyn_cast<tosa::MatMulOp>(op))
    return size(product.getOutput()) * channels(product.getA());
  return 0;
}

void Outliner::outlineGroup(Group &group, unsigned index) {
  SmallVector<Value> inputs = inputsOf(group), outputs = outputsOf(group);
  Location loc = group.front()->getLoc();
  std::string name =
      llvm::formatv("{0}_float_{1}", function.getSymName(), index);
  OpBuilder builder = OpBuilder::atBlockEnd(islands.getBody());
  auto type = builder.getFunctionType(TypeRange(ValueRange(inputs)),
                                      TypeRange(ValueRange(outputs)));
  auto island = func::FuncOp::create(builder, loc, name, type);
  builder.setInsertionPointToStart(island.addEntryBlock());
  IRMapping mapping;
  mapping.map(inputs, island.getArguments());
  for (Operation *op : group) {
    cloneConstants(builder, op, mapping);
    builder.clone(*op, mapping);
  }
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(mapping.lookup(output));
  func::ReturnOp::create(builder, loc, results);

  builder.setInsertionPoint(function);
  auto declaration = func::FuncOp::create(builder, loc, name, type);
  declaration.setPrivate();
  declaration->setAttr(kScratchAttr, builder.getI64IntegerAttr(0));
  int64_t macs = 0;
  for (Operation *op : group)
    op->walk([&](Operation *inner) { macs += macsOf(inner); });
  if (macs > 0)
    island->setAttr(kMacsAttr, builder.getI64IntegerAttr(macs));
  builder.setInsertionPoint(group.back());
  auto call = func::CallOp::create(builder, loc, declaration, inputs);
  for (auto [output, result] : llvm::zip(outputs, call.getResults()))
    output.replaceAllUsesWith(result);
  for (Operation *op : llvm::reverse(group))
    op->erase();
}

void Outliner::outline() {
  for (auto [index, group] : llvm::enumerate(groups))
    outlineGroup(group, index);
  sortTopologically(&function.getBody().front());
}

namespace {

struct OutlineFloat : mlir::qnt::impl::OutlineFloatBase<OutlineFloat> {
  using OutlineFloatBase::OutlineFloatBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto islands = ModuleOp::create(builder, module.getLoc(), kFloatModule);
    SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      if (function.isExternal() || !function.getBody().hasOneBlock())
        continue;
      Outliner outliner(function, islands);
      if (failed(outliner.findGroups()))
        return signalPassFailure();
      outliner.outline();
      numFunctions += outliner.numGroups();
    }
    if (islands.getBody()->empty())
      islands.erase();
  }
};

} // namespace
