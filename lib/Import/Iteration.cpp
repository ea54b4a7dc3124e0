//===- Iteration.cpp - a graph that is applied many times -----------------===//
//
// See the header. A body is imported into a block of its own first, since what
// it returns decides which loop it becomes; blocks that are not used vanish.
//
//===----------------------------------------------------------------------===//

#include "Iteration.h"

#include "LoopBuilder.h"
#include "ValueMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// Nodes that the turns of one loop may write out to.
static constexpr int64_t kWrittenOutNodes = 4096;

Value materializeAny(NodeImporter &n, const OnnxValue &value) {
  if (!value.constant)
    return value.value;
  FailureOr<Value> constant = n.constant(*value.constant);
  return failed(constant) ? Value() : *constant;
}

Value scalarOf(NodeImporter &n, Value tensor) {
  LoopBuilder loops(n);
  SmallVector<Value> zeros(shapeOf(tensor).size());
  for (Value &zero : zeros)
    zero = loops.index(0);
  return loops.extract(tensor, zeros);
}

FailureOr<SmallVector<OnnxValue>> Iteration::run() {
  SmallVector<OnnxValue> results;
  Outcome outcome = Outcome::NotStatic;
  if (mayBeWrittenOut())
    outcome = writeOut(results);
  if (outcome == Outcome::NotStatic)
    outcome = emitFor(results);
  if (outcome == Outcome::NotStatic)
    outcome = emitWhile(results);
  if (outcome != Outcome::Done)
    return failure();
  results.resize(state.size() + numScanOutputs());
  return results;
}

FailureOr<SmallVector<OnnxValue>>
Iteration::importBody(ArrayRef<OnnxValue> head, ArrayRef<OnnxValue> states,
                      ArrayRef<OnnxValue> entries) {
  SmallVector<OnnxValue> arguments(head);
  arguments.append(states.begin(), states.end());
  arguments.append(entries.begin(), entries.end());
  FailureOr<SmallVector<OnnxValue>> results =
      n.subgraphs->importSubgraph(body, arguments);
  if (failed(results))
    return n.reported();
  size_t expected = firstScanOutput() + numScanOutputs();
  if (results->size() != expected)
    return n.invalid(llvm::formatv("the body has {0} outputs, expected {1}",
                                   results->size(), expected));
  return results;
}

static bool anyUnknown(ArrayRef<OnnxValue> values) {
  return llvm::any_of(values,
                      [](const OnnxValue &value) { return !value.isKnown(); });
}

//===----------------------------------------------------------------------===//
// Written out
//===----------------------------------------------------------------------===//

bool Iteration::mayBeWrittenOut() const {
  if (limit.isKnown() || (condition.isKnown() && !condition.constant))
    return false;
  int64_t nodes = std::max(body.node_size(), 1);
  // Without a limit the condition has to end it.
  return !turns || *turns <= kWrittenOutNodes / nodes;
}

OnnxValue Iteration::entryOf(size_t input, int64_t turn) {
  const Walk &walk = inputWalks[input];
  const OnnxValue &whole = scanned[input];
  int64_t at = walk.reverse ? whole.shape()[walk.axis] - 1 - turn : turn;
  OnnxValue entry = sliceOnnx(n, whole, walk.axis, at, 1);
  if (!entry.isKnown())
    return {};
  Shape shape(entry.shape());
  shape.erase(shape.begin() + walk.axis);
  return reshapeOnnx(n, entry, shape);
}

/// The entries along a new axis.
OnnxValue Iteration::collect(ArrayRef<OnnxValue> entries, const Walk &walk) {
  SmallVector<OnnxValue> parts(entries);
  if (walk.reverse)
    std::reverse(parts.begin(), parts.end());
  Shape shape(parts.front().shape());
  int64_t axis = walk.axis;
  shape.insert(shape.begin() + axis, 1);
  bool constant =
      axis == 0 && llvm::all_of(parts, [&](const OnnxValue &part) {
        return part.constant && part.shape() == parts.front().shape();
      });
  if (constant) {
    shape[0] = parts.size();
    std::optional<int64_t> count = countElements(shape);
    if (!count || failed(n.takeElements(*count)))
      return {};
    HostTensor all = *parts.front().constant;
    all.shape = shape;
    for (const OnnxValue &part : ArrayRef(parts).drop_front())
      all.bytes.append(part.constant->bytes.begin(),
                       part.constant->bytes.end());
    return OnnxValue(std::make_shared<HostTensor>(std::move(all)));
  }
  ValueMath math(n);
  SmallVector<Value> values;
  for (const OnnxValue &part : parts) {
    Shape own(part.shape());
    own.insert(own.begin() + std::min<int64_t>(axis, own.size()), 1);
    if (own != shape) {
      (void)n.unsupported("an output changes its shape from turn to turn");
      return {};
    }
    values.push_back(math.reshape(materializeAny(n, part), shape));
  }
  Value all = math.concat(values, axis);
  return all ? OnnxValue(all, parts.front().elem) : OnnxValue();
}

Iteration::Outcome Iteration::writeOut(SmallVectorImpl<OnnxValue> &results) {
  SmallVector<OnnxValue> states(state);
  SmallVector<SmallVector<OnnxValue>> collected(numScanOutputs());
  bool go = !condition.constant || condition.constant->intAt(0) != 0;
  int64_t nodes = std::max(body.node_size(), 1);
  for (int64_t turn = 0; go && (!turns || turn < *turns); ++turn) {
    if (turn > kWrittenOutNodes / nodes)
      return Outcome::NotStatic;
    SmallVector<OnnxValue> head, entries;
    if (hasCondition) {
      head.push_back(OnnxValue(
          std::make_shared<HostTensor>(HostTensor::ofInts({}, {turn}))));
      head.push_back(OnnxValue(std::make_shared<HostTensor>(
          HostTensor::ofInts({}, {1}, Elem::Bool))));
    }
    for (size_t i = 0; i < scanned.size(); ++i)
      entries.push_back(entryOf(i, turn));
    if (anyUnknown(entries))
      return Outcome::Failed;
    FailureOr<SmallVector<OnnxValue>> outputs =
        importBody(head, states, entries);
    if (failed(outputs))
      return Outcome::Failed;
    if (anyUnknown(*outputs))
      return Outcome::Done;
    if (hasCondition) {
      if (!outputs->front().constant || outputs->front().constant->size() != 1)
        return Outcome::NotStatic;
      go = outputs->front().constant->intAt(0) != 0;
    }
    for (size_t i = 0; i < states.size(); ++i)
      states[i] = (*outputs)[(hasCondition ? 1 : 0) + i];
    for (size_t i = 0; i < collected.size(); ++i)
      collected[i].push_back((*outputs)[firstScanOutput() + i]);
  }
  results.append(states.begin(), states.end());
  for (auto [entries, walk] : llvm::zip(collected, outputWalks)) {
    // Without a turn an output has no entry, and nobody can say its shape.
    results.push_back(entries.empty() ? OnnxValue() : collect(entries, walk));
    if (!entries.empty() && !results.back().isKnown())
      return Outcome::Failed;
  }
  return Outcome::Done;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

bool Iteration::materializeState(SmallVectorImpl<Value> &values) {
  for (const OnnxValue &value : state) {
    if (value.sequence) {
      (void)n.unsupported("a sequence in a loop that is not written out");
      return false;
    }
    values.push_back(materializeAny(n, value));
    if (!values.back())
      return false;
  }
  return true;
}

bool Iteration::checkState(size_t index, Value next, Value carried) {
  if (!next)
    return false;
  if (next.getType() == carried.getType())
    return true;
  (void)n.unsupported(llvm::formatv(
      "state {0} changes its shape from {1} to {2} in a loop that is too long "
      "to be written out",
      index, formatShape(shapeOf(carried)), formatShape(shapeOf(next))));
  return false;
}

/// The scalar tensor of the turn, int64.
Value Iteration::turnNumber(Value index) {
  OpBuilder &b = n.builder;
  Value number = arith::IndexCastOp::create(b, n.loc, b.getI64Type(), index);
  return tensor::FromElementsOp::create(
      b, n.loc, RankedTensorType::get({}, b.getI64Type()), number);
}

/// Entry `index` of a scanned input, which is a value.
Value Iteration::extractEntry(size_t input, Value index) {
  OpBuilder &b = n.builder;
  const Walk &walk = inputWalks[input];
  Value whole = materializeAny(n, scanned[input]);
  if (!whole)
    return {};
  Shape shape(shapeOf(whole));
  if (walk.reverse)
    index =
        LoopBuilder(n).sub(LoopBuilder(n).index(shape[walk.axis] - 1), index);
  SmallVector<OpFoldResult> start(shape.size(), b.getIndexAttr(0)), size;
  SmallVector<OpFoldResult> step(shape.size(), b.getIndexAttr(1));
  start[walk.axis] = index;
  for (auto [i, dim] : llvm::enumerate(shape))
    size.push_back(
        b.getIndexAttr(static_cast<int64_t>(i) == walk.axis ? 1 : dim));
  shape.erase(shape.begin() + walk.axis);
  return tensor::ExtractSliceOp::create(
      b, n.loc, RankedTensorType::get(shape, elementTypeOf(whole)), whole,
      start, size, step);
}

/// Writes an entry of an output into the tensor that collects them.
static Value insertEntry(NodeImporter &n, Value entry, Value into, Value index,
                         const Walk &walk) {
  OpBuilder &b = n.builder;
  Shape shape(shapeOf(into));
  if (walk.reverse)
    index =
        LoopBuilder(n).sub(LoopBuilder(n).index(shape[walk.axis] - 1), index);
  SmallVector<OpFoldResult> start(shape.size(), b.getIndexAttr(0)), size;
  SmallVector<OpFoldResult> step(shape.size(), b.getIndexAttr(1));
  start[walk.axis] = index;
  for (auto [i, dim] : llvm::enumerate(shape))
    size.push_back(
        b.getIndexAttr(static_cast<int64_t>(i) == walk.axis ? 1 : dim));
  return tensor::InsertSliceOp::create(b, n.loc, entry, into, start, size,
                                       step);
}

/// How many turns, as an index; null if there is no limit.
Value Iteration::emitLimit() {
  LoopBuilder loops(n);
  Value count;
  if (turns)
    count = loops.index(*turns);
  else if (limit.value)
    count = loops.castIndex(scalarOf(n, limit.value), n.builder.getIndexType());
  if (count && condition.value)
    count = loops.select(scalarOf(n, condition.value), count, loops.index(0));
  return count;
}

Iteration::Outcome Iteration::emitFor(SmallVectorImpl<OnnxValue> &results) {
  OpBuilder &b = n.builder;
  SmallVector<Value> inits;
  if (condition.constant && condition.constant->intAt(0) == 0) {
    results.append(state.begin(), state.end());
    return Outcome::Done;
  }
  if (turns && *turns > kMaxDim) {
    (void)n.unsupported(llvm::formatv("a loop of {0} turns", *turns));
    return Outcome::Failed;
  }
  if (!materializeState(inits))
    return Outcome::Failed;
  Region region;
  Block *block = new Block;
  region.push_back(block);
  Value index = block->addArgument(b.getIndexType(), n.loc);
  for (Value init : inits)
    block->addArgument(init.getType(), n.loc);
  SmallVector<Elem> elems;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(block);
    SmallVector<OnnxValue> head, states, entries;
    if (hasCondition) {
      head.push_back(OnnxValue(turnNumber(index), Elem::Int64));
      head.push_back(OnnxValue(std::make_shared<HostTensor>(
          HostTensor::ofInts({}, {1}, Elem::Bool))));
    }
    for (auto [i, value] : llvm::enumerate(state))
      states.push_back(OnnxValue(block->getArgument(i + 1), value.elem));
    for (size_t i = 0; i < scanned.size(); ++i) {
      Value entry = extractEntry(i, index);
      if (!entry)
        return Outcome::Failed;
      entries.push_back(OnnxValue(entry, scanned[i].elem));
    }
    FailureOr<SmallVector<OnnxValue>> outputs =
        importBody(head, states, entries);
    if (failed(outputs))
      return Outcome::Failed;
    if (anyUnknown(*outputs))
      return Outcome::Done;
    size_t first = hasCondition ? 1 : 0;
    if (hasCondition && !(outputs->front().constant &&
                          outputs->front().constant->intAt(0) != 0))
      return Outcome::NotStatic;
    SmallVector<Value> next;
    for (size_t i = 0; i < state.size(); ++i) {
      next.push_back(materializeAny(n, (*outputs)[first + i]));
      if (!checkState(i, next.back(), inits[i]))
        return Outcome::Failed;
    }
    for (size_t i = 0; i < numScanOutputs(); ++i) {
      const OnnxValue &output = (*outputs)[firstScanOutput() + i];
      Value entry = materializeAny(n, output);
      if (!entry)
        return Outcome::Failed;
      if (!turns) {
        (void)n.unsupported("outputs that a loop of unknown length collects");
        return Outcome::Failed;
      }
      Shape shape(shapeOf(entry));
      shape.insert(shape.begin() + outputWalks[i].axis, *turns);
      FailureOr<RankedTensorType> type =
          n.tensorType(shape, elementTypeOf(entry));
      if (failed(type))
        return Outcome::Failed;
      Value whole = block->addArgument(*type, n.loc);
      next.push_back(insertEntry(n, entry, whole, index, outputWalks[i]));
      elems.push_back(output.elem);
    }
    scf::YieldOp::create(b, n.loc, next);
  }
  Value count = emitLimit();
  if (!count) {
    (void)n.invalid("the loop has no limit and no condition that ends it");
    return Outcome::Failed;
  }
  LoopBuilder loops(n);
  for (BlockArgument whole : block->getArguments().drop_front(inits.size() + 1))
    inits.push_back(loops.empty(shapeOf(whole), elementTypeOf(whole)));
  auto loop = scf::ForOp::create(b, n.loc, loops.index(0), count,
                                 loops.index(1), inits);
  loop.getRegion().takeBody(region);
  for (auto [i, value] : llvm::enumerate(loop.getResults()))
    results.push_back(OnnxValue(
        value, i < state.size() ? state[i].elem : elems[i - state.size()]));
  return Outcome::Done;
}

/// The loop goes on while a value computed at run time says so.
Iteration::Outcome Iteration::emitWhile(SmallVectorImpl<OnnxValue> &results) {
  OpBuilder &b = n.builder;
  if (numScanOutputs() > 0) {
    (void)n.unsupported("outputs that a loop of unknown length collects");
    return Outcome::Failed;
  }
  LoopBuilder loops(n);
  SmallVector<Value> inits{loops.index(0)};
  inits.push_back(condition.value ? scalarOf(n, condition.value)
                                  : loops.number(b.getI1Type(), 1));
  if (!materializeState(inits))
    return Outcome::Failed;
  // The limit is carried, so that the loop reads no scalar from around it.
  Value count = emitLimit();
  if (count)
    inits.push_back(count);
  TypeRange types = ValueRange(inits).getTypes();
  SmallVector<Location> locations(inits.size(), n.loc);
  Region region;
  Block *after = new Block;
  region.push_back(after);
  after->addArguments(types, locations);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(after);
    SmallVector<OnnxValue> head{
        OnnxValue(turnNumber(after->getArgument(0)), Elem::Int64),
        OnnxValue(std::make_shared<HostTensor>(
            HostTensor::ofInts({}, {1}, Elem::Bool)))};
    SmallVector<OnnxValue> states;
    for (auto [i, value] : llvm::enumerate(state))
      states.push_back(OnnxValue(after->getArgument(i + 2), value.elem));
    FailureOr<SmallVector<OnnxValue>> outputs = importBody(head, states, {});
    if (failed(outputs))
      return Outcome::Failed;
    if (anyUnknown(*outputs))
      return Outcome::Done;
    Value proceed = materializeAny(n, outputs->front());
    if (!proceed || *countElements(shapeOf(proceed)) != 1)
      return Outcome::Failed;
    SmallVector<Value> next{loops.add(after->getArgument(0), loops.index(1)),
                            scalarOf(n, proceed)};
    for (size_t i = 0; i < state.size(); ++i) {
      next.push_back(materializeAny(n, (*outputs)[i + 1]));
      if (!checkState(i, next.back(), inits[i + 2]))
        return Outcome::Failed;
    }
    if (count)
      next.push_back(after->getArguments().back());
    scf::YieldOp::create(b, n.loc, next);
  }
  auto loop = scf::WhileOp::create(b, n.loc, types, inits);
  loop.getAfter().takeBody(region);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, types, locations);
  Value go = before->getArgument(1);
  if (count)
    go = loops.both(
        go, loops.less(before->getArgument(0), before->getArguments().back()));
  scf::ConditionOp::create(b, n.loc, go, before->getArguments());
  for (auto [i, value] : llvm::enumerate(state))
    results.push_back(OnnxValue(loop.getResult(i + 2), value.elem));
  return Outcome::Done;
}

} // namespace mlir::qnt::onnx_import
