//===- ImportAttention.cpp - scaled dot product attention -----------------===//
//
// Attention of the default domain, in all its forms, as one composite over
// query, key and value in [batch, heads, length, size]. Query heads that share
// a key head are rows of one product, so keys are never repeated. What a query
// may not attend has the score -inf; a query that may attend nothing gives
// zeros.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"
#include "ValueMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/Support/FormatVariadic.h"

#include <cfloat>
#include <cmath>
#include <limits>

namespace mlir::qnt::onnx_import {

namespace {

enum AttentionInput {
  kQuery,
  kKey,
  kValue,
  kMask,
  kPastKey,
  kPastValue,
  kLengths,
};

/// What the optional fourth output shows.
enum class Shown { Scores, Capped, Biased, Probabilities };

struct AttentionConfig {
  int64_t batch, heads, keyHeads, queries, keys, past;
  float scale, softcap;
  bool causal;
  int64_t left, right;
  Shown shown;

  /// Whether positions alone forbid some pairs.
  bool hasPositions() const { return causal || left >= 0 || right >= 0; }
};

/// Builds the body of the composite.
class AttentionBody {
public:
  AttentionBody(NodeImporter &n, const AttentionConfig &config)
      : n(n), config(config), math(n) {}

  /// The outputs for [batch, heads, length, size] operands: the result and what
  /// the node shows of the scores.
  std::pair<Value, Value> build(Value q, Value k, Value v, Value mask,
                                Value positions);

private:
  Value addMask(Value scores, Value mask);
  Value softmax(Value scores, bool mayHideRows);

  NodeImporter &n;
  const AttentionConfig &config;
  ValueMath math;
};

} // namespace

static constexpr float kInfinity = std::numeric_limits<float>::infinity();

//===----------------------------------------------------------------------===//
// The body
//===----------------------------------------------------------------------===//

/// A boolean mask says what may be attended, a float mask is added; minus
/// infinity wins over whatever the score is.
Value AttentionBody::addMask(Value scores, Value mask) {
  if (!scores || !mask)
    return {};
  bool chooses = elementTypeOf(mask).isInteger(1);
  FailureOr<Value> result = genericElementwise(
      n, {scores, mask}, elementTypeOf(scores),
      [&](OpBuilder &b, Location loc, ValueRange in) -> Value {
        Value hidden = arith::ConstantOp::create(
            b, loc, b.getFloatAttr(in[0].getType(), -kInfinity));
        if (chooses)
          return arith::SelectOp::create(b, loc, in[1], in[0], hidden);
        Value sum = arith::AddFOp::create(b, loc, in[0], in[1]);
        Value hides = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                                            in[1], hidden);
        return arith::SelectOp::create(b, loc, hides, hidden, sum);
      });
  return failed(result) ? Value() : *result;
}

Value AttentionBody::softmax(Value scores, bool mayHideRows) {
  if (!scores || !mayHideRows)
    return math.softmax(scores, 3);
  NamedAttribute attribute = configInt(n, "axis", 3);
  FailureOr<Value> result = emitComposite(
      n, "softmax", scores, scores.getType(), attribute,
      [&](ValueRange args) -> FailureOr<Value> {
        // Rows of -inf: a finite maximum makes their terms 0, and a sum that is
        // not 0 keeps them so. Other sums are at least 1.
        Value max = math.maximum(math.reduceMax(args[0], 3),
                                 math.splat(4, -FLT_MAX));
        Value exps = math.exp(math.sub(args[0], max));
        Value sum =
            math.maximum(math.reduceSum(exps, 3), math.splat(4, FLT_MIN));
        Value result = math.mul(exps, math.reciprocal(sum));
        if (!result)
          return failure();
        return result;
      });
  return failed(result) ? Value() : *result;
}

std::pair<Value, Value> AttentionBody::build(Value q, Value k, Value v,
                                             Value mask, Value positions) {
  int64_t shared = config.heads / config.keyHeads;
  int64_t rows = shared * config.queries, size = shapeOf(q)[3];
  Shape grouped{config.batch, config.keyHeads, rows, size};
  Shape scoreShape{config.batch, config.heads, config.queries, config.keys};
  q = math.reshape(math.scale(q, config.scale), grouped);
  Value scores = math.reshape(
      math.matmul(q, math.transpose(k, {0, 1, 3, 2})), scoreShape);
  Value shown = scores;
  if (config.softcap > 0.0f)
    scores = math.scale(math.tanh(math.scale(scores, 1.0 / config.softcap)),
                        config.softcap);
  if (config.shown == Shown::Capped)
    shown = scores;
  if (mask)
    scores = addMask(scores, mask);
  if (positions)
    scores = addMask(scores, positions);
  if (config.shown == Shown::Biased)
    shown = scores;
  Value weights = softmax(scores, mask || positions);
  if (config.shown == Shown::Probabilities)
    shown = weights;
  weights = math.reshape(
      weights, {config.batch, config.keyHeads, rows, config.keys});
  Value result = math.matmul(weights, v);
  if (result)
    result = math.reshape(result, {config.batch, config.heads, config.queries,
                                   shapeOf(v)[3]});
  return {result, shown};
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// [batch, length, heads * size] -> [batch, heads, length, size]
static Value splitHeads(NodeImporter &n, unsigned input, int64_t heads) {
  FailureOr<Value> value = n.valueOf(input);
  if (failed(value) || n.rankOf(input) == 4)
    return failed(value) ? Value() : *value;
  ValueMath math(n);
  ArrayRef<int64_t> shape = n.shapeOf(input);
  Value split =
      math.reshape(*value, {shape[0], shape[1], heads, shape[2] / heads});
  return math.transpose(split, {0, 2, 1, 3});
}

/// The past in front of what is new, along the length.
static Value addPast(NodeImporter &n, unsigned input, Value fresh) {
  if (!n.hasInput(input) || !fresh)
    return fresh;
  FailureOr<Value> past = n.valueOf(input);
  return failed(past) ? Value() : ValueMath(n).concat({*past, fresh}, 2);
}

static FailureOr<AttentionConfig> readAttention(NodeImporter &n) {
  AttentionConfig config;
  int64_t rank = n.rankOf(kQuery);
  for (unsigned i : {kQuery, kKey, kValue})
    if (n.rankOf(i) != rank || (rank != 3 && rank != 4))
      return n.invalid("query, key and value have to be of rank 3 or 4");
  bool flat = rank == 3;
  ArrayRef<int64_t> q = n.shapeOf(kQuery), k = n.shapeOf(kKey);
  ArrayRef<int64_t> v = n.shapeOf(kValue);
  config.batch = q[0];
  config.heads = flat ? n.getInt("q_num_heads", 0) : q[1];
  config.keyHeads = flat ? n.getInt("kv_num_heads", 0) : k[1];
  if (config.heads < 1 || config.keyHeads < 1 ||
      config.heads % config.keyHeads != 0)
    return n.invalid(llvm::formatv("{0} query heads do not share {1} key heads",
                                   config.heads, config.keyHeads));
  int64_t size = flat ? q[2] / config.heads : q[3];
  int64_t keySize = flat ? k[2] / config.keyHeads : k[3];
  bool divides = !flat || (q[2] % config.heads == 0 &&
                           k[2] % config.keyHeads == 0 &&
                           v[2] % config.keyHeads == 0);
  if (!divides || size != keySize || k[0] != q[0] || v[0] != q[0] ||
      k[rank - 2] != v[rank - 2] || (!flat && v[1] != k[1]))
    return n.invalid(llvm::formatv("shapes {0}, {1} and {2} do not match",
                                   formatShape(q), formatShape(k),
                                   formatShape(v)));
  if (n.hasInput(kPastKey) != n.hasInput(kPastValue) ||
      (n.hasInput(kPastKey) &&
       (n.rankOf(kPastKey) != 4 || n.rankOf(kPastValue) != 4 ||
        n.hasInput(kLengths))))
    return n.invalid("the past is incomplete, or comes with lengths");
  config.past = n.hasInput(kPastKey) ? n.shapeOf(kPastKey)[2] : 0;
  config.queries = q[rank - 2];
  config.keys = config.past + k[rank - 2];
  config.scale = n.getFloat("scale", 0.0f);
  if (config.scale == 0.0f)
    config.scale = 1.0f / std::sqrt(static_cast<float>(size));
  config.softcap = n.getFloat("softcap", 0.0f);
  config.causal = n.getInt("is_causal", 0) != 0;
  config.left = n.getInt("left_window_size", -1);
  config.right = n.getInt("right_window_size", -1);
  int64_t mode = n.getInt("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    return n.invalid(
        llvm::formatv("attribute 'qk_matmul_output_mode' is {0}", mode));
  config.shown = static_cast<Shown>(mode);
  return config;
}

/// The mask with all its columns; those that it lacks are hidden.
static FailureOr<Value> readMask(NodeImporter &n,
                                 const AttentionConfig &config) {
  FailureOr<Value> mask =
      n.isBool(kMask) ? n.anyValueOf(kMask) : n.valueOf(kMask);
  if (failed(mask))
    return failure();
  Shape shape(shapeOf(*mask));
  if (shape.empty() || shape.size() > 4)
    return n.invalid("the mask has to be of rank 1 to 4");
  shape.insert(shape.begin(), 4 - shape.size(), 1);
  if (failed(mask = n.reshape(*mask, shape)))
    return failure();
  int64_t missing = config.keys - shape[3];
  if (shape[3] != 1 && missing > 0) {
    Shape high{0, 0, 0, missing};
    mask = n.pad(*mask, {0, 0, 0, 0}, high, n.isBool(kMask) ? 0.0 : -kInfinity);
    shape[3] = config.keys;
  }
  Shape full{config.batch, config.heads, config.queries, config.keys};
  for (auto [own, wanted] : llvm::zip(shape, full))
    if (own != 1 && own != wanted)
      return n.invalid(llvm::formatv("a mask of shape {0} does not fit {1}",
                                     formatShape(n.shapeOf(kMask)),
                                     formatShape(full)));
  return mask;
}

/// What query `i` may see of the keys by its position, as booleans
/// [batch or 1, 1, queries, keys].
static FailureOr<Value> readPositions(NodeImporter &n,
                                      const AttentionConfig &config) {
  Value lengths;
  if (n.hasInput(kLengths)) {
    if (!n.isInteger(kLengths) ||
        n.shapeOf(kLengths) != ArrayRef<int64_t>{config.batch})
      return n.invalid("the lengths are not one integer per batch");
    FailureOr<Value> value = n.anyValueOf(kLengths);
    if (failed(value))
      return failure();
    lengths = *value;
  }
  Shape shape{lengths ? config.batch : 1, 1, config.queries, config.keys};
  return emitLoops(
      n, shape, n.builder.getI1Type(), [&](ArrayRef<Scalar> i) -> Scalar {
        Scalar query = i[2], key = i[3];
        Scalar position = query + static_cast<double>(config.past);
        Scalar allowed = key >= 0.0;
        if (lengths) {
          Scalar length = toIndex(at(lengths, {i[0]}));
          allowed = key < length;
          position = query + length - static_cast<double>(config.queries);
        }
        if (config.causal)
          allowed = allowed & (key <= position);
        if (config.left >= 0)
          allowed = allowed &
                    (position <= key + static_cast<double>(config.left));
        if (config.right >= 0)
          allowed = allowed &
                    (key <= position + static_cast<double>(config.right));
        return allowed;
      });
}

//===----------------------------------------------------------------------===//
// The node
//===----------------------------------------------------------------------===//

static DictionaryAttr describe(NodeImporter &n, const AttentionConfig &config) {
  return n.builder.getDictionaryAttr(
      {configInt(n, "heads", config.heads),
       configInt(n, "key_heads", config.keyHeads),
       configFloat(n, "scale", config.scale)});
}

LogicalResult buildAttention(NodeImporter &n) {
  FailureOr<AttentionConfig> config = readAttention(n);
  if (failed(config))
    return failure();
  Value q = splitHeads(n, kQuery, config->heads);
  Value k = addPast(n, kPastKey, splitHeads(n, kKey, config->keyHeads));
  Value v = addPast(n, kPastValue, splitHeads(n, kValue, config->keyHeads));
  if (!q || !k || !v)
    return failure();
  SmallVector<Value> operands{q, k, v};
  bool hasMask = n.hasInput(kMask);
  bool hasPositions = config->hasPositions() || n.hasInput(kLengths);
  if (hasMask) {
    FailureOr<Value> mask = readMask(n, *config);
    if (failed(mask))
      return failure();
    operands.push_back(*mask);
  }
  if (hasPositions) {
    FailureOr<Value> positions = readPositions(n, *config);
    if (failed(positions))
      return failure();
    operands.push_back(*positions);
  }
  bool shows = n.node.output_size() > 3 && !n.node.output(3).empty();
  FailureOr<SmallVector<Value>> results = emitComposite(
      n, "attention", operands, describe(n, *config),
      [&](ValueRange args) -> FailureOr<SmallVector<Value>> {
        auto [result, shown] = AttentionBody(n, *config).build(
            args[0], args[1], args[2], hasMask ? args[3] : Value(),
            hasPositions ? args.back() : Value());
        if (!result || !shown)
          return failure();
        SmallVector<Value> all{result};
        if (shows)
          all.push_back(shown);
        return all;
      });
  if (failed(results))
    return failure();
  Elem elem = n.elemOf(kQuery);
  Value y = results->front();
  if (n.rankOf(kQuery) == 3) {
    int64_t width = config->heads * shapeOf(y)[3];
    ValueMath math(n);
    y = math.reshape(math.transpose(y, {0, 2, 1, 3}),
                     {config->batch, config->queries, width});
    if (!y)
      return failure();
  }
  n.setResult(0, y, elem);
  n.setResult(1, k, elem);
  n.setResult(2, v, elem);
  if (shows)
    n.setResult(3, results->back(), elem);
  return success();
}

} // namespace mlir::qnt::onnx_import
