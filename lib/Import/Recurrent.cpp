//===- Recurrent.cpp - what an LSTM, GRU or RNN node says -----------------===//
//
// See the header. Parameters of activations follow ONNX Runtime: the lists give
// them in the order of the functions that have one.
//
//===----------------------------------------------------------------------===//

#include "Recurrent.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

namespace {
struct ActivationRow {
  const char *name;
  CellFunction function;
  bool hasAlpha, hasBeta;
  float alpha, beta;
};
} // namespace

static const ActivationRow activationTable[] = {
    {"affine", CellFunction::Affine, true, true, 1.0f, 0.0f},
    {"elu", CellFunction::Elu, true, false, 1.0f, 0.0f},
    {"hardsigmoid", CellFunction::HardSigmoid, true, true, 0.2f, 0.5f},
    {"leakyrelu", CellFunction::LeakyRelu, true, false, 0.01f, 0.0f},
    {"relu", CellFunction::Relu, false, false, 0.0f, 0.0f},
    {"scaledtanh", CellFunction::ScaledTanh, true, true, 1.0f, 1.0f},
    {"sigmoid", CellFunction::Sigmoid, false, false, 0.0f, 0.0f},
    {"softplus", CellFunction::Softplus, false, false, 0.0f, 0.0f},
    {"softsign", CellFunction::Softsign, false, false, 0.0f, 0.0f},
    {"tanh", CellFunction::Tanh, false, false, 0.0f, 0.0f},
    {"thresholdedrelu", CellFunction::ThresholdedRelu, true, false, 1.0f, 0.0f},
};

/// log(1 + exp(x)) without overflow: max(x, 0) + log(1 + exp(-|x|)).
static Value softplus(ValueMath &math, Value x) {
  Value tail = math.exp(math.negate(math.abs(x)));
  return math.add(math.relu(x), math.log(math.shift(tail, 1.0)));
}

Value applyActivation(ValueMath &math, const CellActivation &activation,
                      Value x) {
  if (!x)
    return {};
  double alpha = activation.alpha, beta = activation.beta;
  int64_t rank = shapeOf(x).size();
  switch (activation.function) {
  case CellFunction::Affine:
    return math.shift(math.scale(x, alpha), beta);
  case CellFunction::Elu: {
    Value tail = math.exp(math.minimum(x, math.splat(rank, 0.0)));
    return math.add(math.relu(x), math.scale(math.shift(tail, -1.0), alpha));
  }
  case CellFunction::HardSigmoid:
    return math.clamp(math.shift(math.scale(x, alpha), beta), 0.0f, 1.0f);
  case CellFunction::LeakyRelu:
    return math.select(math.greaterEqual(x, math.splat(rank, 0.0)), x,
                       math.scale(x, alpha));
  case CellFunction::Relu:
    return math.relu(x);
  case CellFunction::ScaledTanh:
    return math.scale(math.tanh(math.scale(x, beta)), alpha);
  case CellFunction::Sigmoid:
    return math.sigmoid(x);
  case CellFunction::Softplus:
    return softplus(math, x);
  case CellFunction::Softsign:
    return math.div(x, math.shift(math.abs(x), 1.0));
  case CellFunction::Tanh:
    return math.tanh(x);
  case CellFunction::ThresholdedRelu:
    return math.select(math.greater(x, math.splat(rank, alpha)), x,
                       math.splat(rank, 0.0));
  }
  llvm_unreachable("all functions are handled");
}

/// The strings of an attribute; empty if it is absent.
static SmallVector<std::string> readStrings(NodeImporter &n, StringRef name) {
  const onnx::AttributeProto *attr = n.findAttr(name);
  SmallVector<std::string> strings;
  if (attr)
    for (const std::string &text : attr->strings())
      strings.push_back(StringRef(text).lower());
  return strings;
}

static std::vector<float> readFloats(NodeImporter &n, StringRef name) {
  const onnx::AttributeProto *attr = n.findAttr(name);
  if (!attr)
    return {};
  return {attr->floats().begin(), attr->floats().end()};
}

static LogicalResult readActivations(NodeImporter &n, RecurrentConfig &config) {
  SmallVector<std::string> names = readStrings(n, "activations");
  if (names.empty()) {
    SmallVector<std::string> own =
        config.kind == CellKind::Lstm
            ? SmallVector<std::string>{"sigmoid", "tanh", "tanh"}
        : config.kind == CellKind::Gru
            ? SmallVector<std::string>{"sigmoid", "tanh"}
            : SmallVector<std::string>{"tanh"};
    for (int64_t i = 0; i < config.directions(); ++i)
      names.append(own);
  }
  int64_t perDirection = config.kind == CellKind::Lstm  ? 3
                         : config.kind == CellKind::Gru ? 2
                                                        : 1;
  int64_t expected = perDirection * config.directions();
  if (static_cast<int64_t>(names.size()) != expected)
    return n.invalid(
        llvm::formatv("attribute 'activations' has {0} entries, expected {1}",
                      names.size(), expected));
  std::vector<float> alphas = readFloats(n, "activation_alpha");
  std::vector<float> betas = readFloats(n, "activation_beta");
  size_t nextAlpha = 0, nextBeta = 0;
  for (StringRef name : names) {
    const auto *row = llvm::find_if(
        activationTable, [&](const auto &row) { return name == row.name; });
    if (row == std::end(activationTable))
      return n.unsupported("activation '" + name + "'");
    CellActivation activation{row->function, row->alpha, row->beta};
    if (row->hasAlpha && nextAlpha < alphas.size())
      activation.alpha = alphas[nextAlpha++];
    if (row->hasBeta && nextBeta < betas.size())
      activation.beta = betas[nextBeta++];
    config.activations.push_back(activation);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static LogicalResult readDirection(NodeImporter &n, RecurrentConfig &config) {
  std::string direction = n.getString("direction", "forward").lower();
  if (direction == "forward")
    config.reversed = {false};
  else if (direction == "reverse")
    config.reversed = {true};
  else if (direction == "bidirectional")
    config.reversed = {false, true};
  else
    return n.invalid("attribute 'direction' is '" + direction + "'");
  return success();
}

static LogicalResult checkInput(NodeImporter &n, unsigned i,
                                ArrayRef<int64_t> expected) {
  if (!n.hasInput(i) || n.shapeOf(i) == expected)
    return success();
  return n.invalid(llvm::formatv("input {0} has shape {1}, expected {2}", i,
                                 formatShape(n.shapeOf(i)),
                                 formatShape(expected)));
}

static LogicalResult checkInputs(NodeImporter &n,
                                 const RecurrentConfig &config) {
  int64_t directions = config.directions(), hidden = config.hidden;
  int64_t rows = config.gates * hidden;
  Shape state = config.batchFirst ? Shape{config.batch, directions, hidden}
                                  : Shape{directions, config.batch, hidden};
  if (failed(checkInput(n, kInputW, {directions, rows, config.inputSize})) ||
      failed(checkInput(n, kInputR, {directions, rows, hidden})) ||
      failed(checkInput(n, kInputBias, {directions, 2 * rows})) ||
      failed(checkInput(n, kInputLengths, {config.batch})) ||
      failed(checkInput(n, kInputH, state)) ||
      failed(checkInput(n, kInputC, state)) ||
      failed(checkInput(n, kInputPeepholes, {directions, 3 * hidden})))
    return failure();
  for (unsigned i = 0; i < n.numInputs(); ++i) {
    if (!n.hasInput(i))
      continue;
    bool wantsInteger = i == kInputLengths;
    if (wantsInteger ? !n.isInteger(i) : !n.isFloat(i))
      return n.invalid(llvm::formatv("input {0} has element type {1}", i,
                                     elementTypeName(n.elemOf(i))));
  }
  return success();
}

FailureOr<RecurrentConfig> readRecurrent(NodeImporter &n, CellKind kind) {
  RecurrentConfig config;
  config.kind = kind;
  config.gates = kind == CellKind::Lstm ? 4 : kind == CellKind::Gru ? 3 : 1;
  if (n.rankOf(kInputX) != 3 || n.rankOf(kInputR) != 3)
    return n.invalid("X and R have to be of rank 3");
  config.batchFirst = n.getInt("layout", 0) != 0;
  ArrayRef<int64_t> x = n.shapeOf(kInputX);
  config.steps = x[config.batchFirst ? 1 : 0];
  config.batch = x[config.batchFirst ? 0 : 1];
  config.inputSize = x[2];
  config.hidden = n.shapeOf(kInputR)[2];
  if (n.hasAttr("hidden_size") && n.getInt("hidden_size", 0) != config.hidden)
    return n.invalid(llvm::formatv("attribute 'hidden_size' is {0}, but R has "
                                   "{1} columns",
                                   n.getInt("hidden_size", 0), config.hidden));
  config.clip = n.getFloat("clip", 0.0f);
  if (!(config.clip >= 0.0f))
    return n.invalid("attribute 'clip' is negative");
  config.inputForget = n.getInt("input_forget", 0) != 0;
  config.linearBeforeReset = n.getInt("linear_before_reset", 0) != 0;
  if (failed(readDirection(n, config)) || failed(readActivations(n, config)) ||
      failed(checkInputs(n, config)))
    return failure();
  return config;
}

} // namespace mlir::qnt::onnx_import
