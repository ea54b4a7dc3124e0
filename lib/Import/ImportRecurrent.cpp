//===- ImportRecurrent.cpp - LSTM, GRU and RNN ----------------------------===//
//
// One composite per node. The products with the input weights are one layer
// over all steps; the recurrence is unrolled when short, so that every step's
// product can be quantized, and an scf.for over the steps when long:
//
//   g = X * W^T + b                      [steps, batch, gates * hidden]
//   h(t) = cell(g[t] + h(t-1) * R^T)     per step
//
// A sequence that is over keeps its state, and its output is zero.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"
#include "Recurrent.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::qnt::onnx_import {

/// Steps up to which the recurrence is unrolled.
static constexpr int64_t kUnrolledSteps = 64;

namespace {

/// The cell's state; LSTM alone has a second part.
struct CellState {
  Value h, c;
};

/// The operands of one direction.
struct Direction {
  bool reversed;
  ArrayRef<CellActivation> activations;
  LinearLayer input;
  LinearLayer recurrent;
  /// The rows of R that GRU applies behind the reset gate.
  LinearLayer candidate;
  /// Input, output and forget gate, each [1, hidden], or null.
  Value peepholes[3];
};

/// Builds the body of the composite.
class RecurrentBody {
public:
  RecurrentBody(NodeImporter &n, const RecurrentConfig &config,
                ArrayRef<OnnxValue> in)
      : n(n), config(config), in(in), math(n) {}

  /// Y, Y_h and Y_c; null where building failed.
  SmallVector<Value> build();

private:
  Direction readDirection(int64_t index);
  OnnxValue rowsOf(RecurrentInput input, int64_t direction, int64_t start,
                   int64_t size);
  OnnxValue biasOf(int64_t direction, int64_t start, int64_t size);
  CellState initialState(int64_t direction);

  Value unroll(const Direction &d, Value projected, CellState &state);
  Value loop(const Direction &d, Value projected, CellState &state);
  Value advance(const Direction &d, Value gates, Value active,
                CellState &state);
  CellState step(const Direction &d, Value gates, CellState state);
  CellState stepLstm(const Direction &d, Value gates, CellState state);
  CellState stepGru(const Direction &d, Value gates, CellState state);
  Value gate(Value gates, int64_t index, int64_t count = 1) {
    return math.slice(gates, 1, index * config.hidden, count * config.hidden);
  }
  Value activate(const Direction &d, unsigned index, Value x) {
    if (config.clip > 0.0f)
      x = math.clamp(x, -config.clip, config.clip);
    return applyActivation(math, d.activations[index], x);
  }
  Value zeros(ArrayRef<int64_t> shape) {
    return math.constant(HostTensor::zeros(shape, Elem::Float));
  }

  NodeImporter &n;
  const RecurrentConfig &config;
  ArrayRef<OnnxValue> in;
  ValueMath math;
};

} // namespace

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Rows of the weights or biases of one direction.
OnnxValue RecurrentBody::rowsOf(RecurrentInput input, int64_t direction,
                                int64_t start, int64_t size) {
  OnnxValue part = sliceOnnx(n, in[input], 0, direction, 1);
  if (!part.isKnown())
    return {};
  Shape shape(part.shape().drop_front());
  return sliceOnnx(n, reshapeOnnx(n, part, shape), 0, start, size);
}

OnnxValue RecurrentBody::biasOf(int64_t direction, int64_t start,
                                int64_t size) {
  if (!in[kInputBias].isKnown())
    return {};
  return rowsOf(kInputBias, direction, start, size);
}

Direction RecurrentBody::readDirection(int64_t index) {
  Direction d;
  d.reversed = config.reversed[index];
  d.activations = config.activationsOf(index);
  int64_t hidden = config.hidden, rows = config.gates * hidden;
  bool isGru = config.kind == CellKind::Gru;
  OnnxValue inputBias = biasOf(index, 0, rows);
  OnnxValue recurrentBias = biasOf(index, rows, rows);
  // Where nothing stands between the two biases they are one.
  bool separate = isGru && config.linearBeforeReset;
  if (!separate)
    inputBias = addOnnx(n, inputBias, recurrentBias);
  d.input = math.linear(rowsOf(kInputW, index, 0, rows), inputBias);
  if (isGru && !separate) {
    d.recurrent = math.linear(rowsOf(kInputR, index, 0, 2 * hidden));
    d.candidate = math.linear(rowsOf(kInputR, index, 2 * hidden, hidden));
  } else {
    d.recurrent = math.linear(rowsOf(kInputR, index, 0, rows),
                              separate ? recurrentBias : OnnxValue());
  }
  // A bias that could not be read must not pass for none.
  if (in[kInputBias].isKnown() && !inputBias.isKnown())
    d.input.weights = {};
  for (int64_t i = 0; i < 3; ++i) {
    d.peepholes[i] = {};
    if (in[kInputPeepholes].isKnown()) {
      OnnxValue part = rowsOf(kInputPeepholes, index, i * hidden, hidden);
      if (part.isKnown())
        d.peepholes[i] = math.reshape(math.materialize(part), {1, hidden});
    }
  }
  return d;
}

CellState RecurrentBody::initialState(int64_t direction) {
  auto read = [&](RecurrentInput input) {
    Shape shape{config.batch, config.hidden};
    if (!in[input].isKnown())
      return zeros(shape);
    int64_t axis = config.batchFirst ? 1 : 0;
    return math.reshape(
        math.slice(math.materialize(in[input]), axis, direction, 1), shape);
  };
  return {read(kInputH),
          config.kind == CellKind::Lstm ? read(kInputC) : Value()};
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

CellState RecurrentBody::stepLstm(const Direction &d, Value gates,
                                  CellState state) {
  gates = math.add(gates, math.apply(d.recurrent, state.h));
  Value input, output, forget, next;
  bool peeks = d.peepholes[0] != nullptr;
  if (!peeks && !config.inputForget) {
    // One call for the three gates that share a function.
    Value all = activate(d, 0, gate(gates, 0, 3));
    input = gate(all, 0), output = gate(all, 1), forget = gate(all, 2);
  } else {
    auto peek = [&](unsigned index, Value cell) {
      Value own = gate(gates, index);
      if (peeks)
        own = math.add(own, math.mul(d.peepholes[index], cell));
      return activate(d, 0, own);
    };
    input = peek(0, state.c);
    forget = config.inputForget ? math.shift(math.negate(input), 1.0)
                                : peek(2, state.c);
  }
  next = math.mul(input, activate(d, 1, gate(gates, 3)));
  Value cell = math.add(math.mul(forget, state.c), next);
  if (!output) {
    output = gate(gates, 1);
    if (peeks)
      output = math.add(output, math.mul(d.peepholes[1], cell));
    output = activate(d, 0, output);
  }
  return {math.mul(output, activate(d, 2, cell)), cell};
}

CellState RecurrentBody::stepGru(const Direction &d, Value gates,
                                 CellState state) {
  Value product = math.apply(d.recurrent, state.h);
  Value both = product;
  if (config.linearBeforeReset)
    both = product ? gate(product, 0, 2) : Value();
  both = activate(d, 0, math.add(gate(gates, 0, 2), both));
  Value update = gate(both, 0), reset = gate(both, 1), memory;
  if (config.linearBeforeReset)
    memory = product ? math.mul(reset, gate(product, 2)) : Value();
  else
    memory = math.apply(d.candidate, math.mul(reset, state.h));
  Value candidate = activate(d, 1, math.add(gate(gates, 2), memory));
  Value rest = math.shift(math.negate(update), 1.0);
  return {math.add(math.mul(rest, candidate), math.mul(update, state.h)), {}};
}

CellState RecurrentBody::step(const Direction &d, Value gates,
                              CellState state) {
  switch (config.kind) {
  case CellKind::Lstm:
    return stepLstm(d, gates, state);
  case CellKind::Gru:
    return stepGru(d, gates, state);
  case CellKind::Rnn:
    return {activate(d, 0, math.add(gates, math.apply(d.recurrent, state.h))),
            {}};
  }
  llvm_unreachable("all kinds are handled");
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// One step; `active` chooses the sequences that are not over, null is all.
/// Returns the output of the step.
Value RecurrentBody::advance(const Direction &d, Value gates, Value active,
                             CellState &state) {
  CellState next = step(d, gates, state);
  if (!active) {
    state = next;
    return next.h;
  }
  Value output = math.select(active, next.h, math.splat(2, 0.0));
  state.h = math.select(active, next.h, state.h);
  if (state.c)
    state.c = math.select(active, next.c, state.c);
  return output;
}

/// How many sequences are longer than `t`, if that is known.
static int64_t countActive(const HostTensor &lengths, int64_t t) {
  int64_t count = 0;
  for (int64_t i = 0; i < lengths.size(); ++i)
    count += lengths.intAt(i) > t;
  return count;
}

Value RecurrentBody::unroll(const Direction &d, Value projected,
                            CellState &state) {
  const OnnxValue &lengths = in[kInputLengths];
  SmallVector<Value> outputs(config.steps);
  Value column;
  for (int64_t i = 0; i < config.steps; ++i) {
    int64_t t = d.reversed ? config.steps - 1 - i : i;
    int64_t count =
        lengths.constant ? countActive(*lengths.constant, t) : config.batch;
    bool masked =
        lengths.isKnown() && (!lengths.constant || count != config.batch);
    Value active;
    if (masked && count > 0) {
      if (!column)
        column = math.reshape(math.materialize(lengths), {config.batch, 1});
      HostTensor step = HostTensor::ofInts({1, 1}, {t}, lengths.elem);
      active = math.greater(column, math.constant(step));
      if (!active)
        return {};
    }
    Value gates = math.reshape(math.slice(projected, 0, t, 1),
                               {config.batch, config.gates * config.hidden});
    Value output = count == 0 ? zeros({config.batch, config.hidden})
                              : advance(d, gates, active, state);
    outputs[t] = math.reshape(output, {1, config.batch, config.hidden});
    if (!outputs[t])
      return {};
  }
  return math.concat(outputs, 0);
}

Value RecurrentBody::loop(const Direction &d, Value projected,
                          CellState &state) {
  OpBuilder &b = n.builder;
  int64_t batch = config.batch, hidden = config.hidden;
  Value column, all = zeros({config.steps, batch, hidden});
  if (in[kInputLengths].isKnown())
    column = math.reshape(math.materialize(in[kInputLengths]), {batch, 1});
  if (!all || !projected || !state.h)
    return {};
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, n.loc, value);
  };
  Value one = index(1), steps = index(config.steps);
  SmallVector<Value> inits{all, state.h};
  if (state.c)
    inits.push_back(state.c);
  auto loop = scf::ForOp::create(b, n.loc, index(0), steps, one, inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value t = loop.getInductionVar();
  if (d.reversed)
    t = arith::SubIOp::create(b, n.loc, index(config.steps - 1), t);
  SmallVector<OpFoldResult> start{t, b.getIndexAttr(0), b.getIndexAttr(0)};
  SmallVector<OpFoldResult> ones(3, b.getIndexAttr(1));
  auto sizes = [&](int64_t last) -> SmallVector<OpFoldResult> {
    return {b.getIndexAttr(1), b.getIndexAttr(batch), b.getIndexAttr(last)};
  };
  int64_t width = config.gates * hidden;
  Value gates = tensor::ExtractSliceOp::create(
      b, n.loc, RankedTensorType::get({batch, width}, b.getF32Type()),
      projected, start, sizes(width), ones);
  Value active;
  if (column) {
    Type type = elementTypeOf(column);
    Value number = arith::IndexCastOp::create(b, n.loc, type, t);
    active = math.greater(
        column, tensor::FromElementsOp::create(
                    b, n.loc, RankedTensorType::get({1, 1}, type), number));
  }
  ValueRange args = loop.getRegionIterArgs();
  CellState inner{args[1], state.c ? args[2] : Value()};
  Value output = advance(d, gates, active, inner);
  if (!output || !inner.h)
    return {};
  SmallVector<Value> next{tensor::InsertSliceOp::create(
      b, n.loc, output, args[0], start, sizes(hidden), ones)};
  next.push_back(inner.h);
  if (inner.c)
    next.push_back(inner.c);
  scf::YieldOp::create(b, n.loc, next);
  state.h = loop.getResult(1);
  if (state.c)
    state.c = loop.getResult(2);
  return loop.getResult(0);
}

SmallVector<Value> RecurrentBody::build() {
  Value x = math.materialize(in[kInputX]);
  if (config.batchFirst)
    x = math.transpose(x, {1, 0, 2});
  Shape row{config.steps, 1, config.batch, config.hidden};
  SmallVector<Value> outputs, hs, cs;
  for (int64_t i = 0; i < config.directions(); ++i) {
    Direction d = readDirection(i);
    CellState state = initialState(i);
    Value projected = math.apply(d.input, x);
    Value output = config.steps <= kUnrolledSteps ? unroll(d, projected, state)
                                                  : loop(d, projected, state);
    if (!output)
      return {};
    Shape flat{1, config.batch, config.hidden};
    outputs.push_back(math.reshape(output, row));
    hs.push_back(math.reshape(state.h, flat));
    cs.push_back(math.reshape(state.c, flat));
  }
  Value y = math.concat(outputs, 1), h = math.concat(hs, 0), c;
  if (config.kind == CellKind::Lstm)
    c = math.concat(cs, 0);
  if (config.batchFirst) {
    y = math.transpose(y, {2, 0, 1, 3});
    h = math.transpose(h, {1, 0, 2});
    c = math.transpose(c, {1, 0, 2});
  }
  return {y, h, c};
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// The inputs: constants stay on the host, values become arguments.
static LogicalResult collectInputs(NodeImporter &n,
                                   SmallVectorImpl<OnnxValue> &inputs,
                                   SmallVectorImpl<Value> &arguments) {
  inputs.resize(kNumRecurrentInputs);
  for (unsigned i = 0; i < n.numInputs(); ++i) {
    if (!n.hasInput(i))
      continue;
    if (i == kInputLengths ? n.constantRef(i) : n.floatConstantOf(i)) {
      inputs[i] = OnnxValue(i == kInputLengths ? n.constantRef(i)
                                               : n.floatConstantOf(i));
      continue;
    }
    FailureOr<Value> value =
        i == kInputLengths ? n.anyValueOf(i) : n.valueOf(i);
    if (failed(value))
      return failure();
    Elem elem = i == kInputLengths ? n.elemOf(i) : Elem::Float;
    inputs[i] = OnnxValue(*value, elem);
    arguments.push_back(*value);
  }
  return success();
}

static DictionaryAttr describe(NodeImporter &n, const RecurrentConfig &config) {
  OpBuilder &b = n.builder;
  StringRef direction = config.directions() == 2 ? "bidirectional"
                        : config.reversed[0]     ? "reverse"
                                                 : "forward";
  return b.getDictionaryAttr({
      b.getNamedAttr("direction", b.getStringAttr(direction)),
      b.getNamedAttr("hidden_size", b.getI64IntegerAttr(config.hidden)),
      b.getNamedAttr("steps", b.getI64IntegerAttr(config.steps)),
  });
}

static LogicalResult buildRecurrent(NodeImporter &n, StringRef name,
                                    CellKind kind) {
  FailureOr<RecurrentConfig> config = readRecurrent(n, kind);
  SmallVector<OnnxValue> inputs;
  SmallVector<Value> arguments;
  if (failed(config) || failed(collectInputs(n, inputs, arguments)))
    return failure();
  // Only the outputs that the node names are made.
  SmallVector<unsigned> wanted;
  for (int i = 0; i < n.node.output_size() && i < 3; ++i)
    if (!n.node.output(i).empty())
      wanted.push_back(i);
  FailureOr<SmallVector<Value>> results =
      emitComposite(n, name, arguments, describe(n, *config),
                    [&](ValueRange args) -> FailureOr<SmallVector<Value>> {
                      unsigned next = 0;
                      for (OnnxValue &input : inputs)
                        if (input.value)
                          input.value = args[next++];
                      SmallVector<Value> all =
                          RecurrentBody(n, *config, inputs).build();
                      SmallVector<Value> picked;
                      for (unsigned i : wanted) {
                        if (i >= all.size() || !all[i])
                          return failure();
                        picked.push_back(all[i]);
                      }
                      return picked;
                    });
  if (failed(results))
    return failure();
  for (auto [i, value] : llvm::zip(wanted, *results))
    n.setResult(i, value, n.elemOf(kInputX));
  return success();
}

LogicalResult buildLstm(NodeImporter &n) {
  return buildRecurrent(n, "lstm", CellKind::Lstm);
}

LogicalResult buildGru(NodeImporter &n) {
  return buildRecurrent(n, "gru", CellKind::Gru);
}

LogicalResult buildRnn(NodeImporter &n) {
  return buildRecurrent(n, "rnn", CellKind::Rnn);
}

} // namespace mlir::qnt::onnx_import
