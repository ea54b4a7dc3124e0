//===- ImportFusedAttention.cpp - attention of com.microsoft --------------===//
//
// Attention, MultiHeadAttention, GroupQueryAttention and the rotary embedding
// of both domains, as graphs around Attention of the default domain. Operands
// are brought to [batch, heads, length, size].
//
//===----------------------------------------------------------------------===//

#include "GraphMaker.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

using Name = GraphMaker::Name;

//===----------------------------------------------------------------------===//
// Rotary embedding
//===----------------------------------------------------------------------===//

namespace {
struct Rotation {
  /// Cosines and sines, [batch or 1, length, size / 2].
  Name cosine, sine;
  /// How much of the head size turns.
  int64_t size;
  bool interleaved;
};
} // namespace

/// Turns x, [batch, length, heads, headSize], pair by pair.
static Name rotate(GraphMaker &g, const Name &x, ArrayRef<int64_t> shape,
                   const Rotation &r) {
  int64_t headSize = shape[3];
  Name turning = g.slice(x, 3, 0, r.size);
  bool step = r.interleaved;
  Name a = step ? g.slice(turning, 3, 0, r.size, 2)
                : g.slice(turning, 3, 0, r.size / 2);
  Name b = step ? g.slice(turning, 3, 1, r.size, 2)
                : g.slice(turning, 3, r.size / 2, r.size);
  Name cosine = g.add("Unsqueeze", {r.cosine, g.ints({2})});
  Name sine = g.add("Unsqueeze", {r.sine, g.ints({2})});
  Name real = g.add("Sub", {g.add("Mul", {cosine, a}),
                            g.add("Mul", {sine, b})});
  Name imaginary = g.add("Add", {g.add("Mul", {sine, a}),
                                 g.add("Mul", {cosine, b})});
  Name result;
  if (step) {
    Name pairs = g.concat({g.add("Unsqueeze", {real, g.ints({4})}),
                           g.add("Unsqueeze", {imaginary, g.ints({4})})},
                          4);
    result = g.reshape(pairs, {shape[0], shape[1], shape[2], r.size});
  } else {
    result = g.concat({real, imaginary}, 3);
  }
  if (r.size < headSize)
    result = g.concat({result, g.slice(x, 3, r.size, headSize)}, 3);
  return result;
}

/// Rows of the caches for each position: [batch, length, size / 2]. A single
/// position is the first of consecutive ones.
static Name positionsOf(NodeImporter &n, GraphMaker &g, unsigned input,
                        int64_t batch, int64_t length) {
  if (n.rankOf(input) == 2)
    return g.input(input);
  SmallVector<int64_t> steps;
  for (int64_t i = 0; i < length; ++i)
    steps.push_back(i);
  Name first = g.add("Cast", {g.input(input)},
                     {intAttr("to", static_cast<int64_t>(Elem::Int64))});
  Name row = g.reshape(g.add("Add", {first, g.ints(steps)}), {1, length});
  return g.add("Expand", {row, g.ints({batch, length})});
}

LogicalResult buildRotaryEmbedding(NodeImporter &n) {
  bool isDefault = n.node.domain().empty() || n.node.domain() == "ai.onnx";
  unsigned cosine = isDefault ? 1 : 2, sine = cosine + 1;
  unsigned positions = isDefault ? 3 : 1;
  int64_t rank = n.rankOf(0), heads = n.getInt("num_heads", 0);
  if (rank != 3 && rank != 4)
    return n.invalid("the input has to be of rank 3 or 4");
  if (n.getInt("is_packed_batching", 0) != 0 || n.getFloat("scale", 1.0f) != 1)
    return n.unsupported("packed batches or a scale");
  ArrayRef<int64_t> x = n.shapeOf(0);
  int64_t batch = x[0], length = rank == 4 ? x[2] : x[1];
  GraphMaker g(n);
  int64_t half = n.shapeOf(cosine).empty() ? 0 : n.shapeOf(cosine).back();
  int64_t turning = n.getInt("rotary_embedding_dim", 0);
  if (rank == 4)
    heads = x[1];
  else if (heads == 0 && half > 0 && turning == 0)
    heads = x[2] / (2 * half);
  if (heads < 1 || (rank == 3 && x[2] % heads != 0))
    return n.invalid(llvm::formatv("{0} heads do not divide {1}", heads,
                                   formatShape(x)));
  int64_t size = rank == 4 ? x[3] : x[2] / heads;
  if (turning == 0)
    turning = size;
  if (turning > size || turning % 2 != 0 || half != turning / 2)
    return n.invalid(llvm::formatv(
        "caches of {0} columns do not turn {1} of {2} elements", half, turning,
        size));
  Shape shape{batch, length, heads, size};
  Name input = rank == 4 ? g.transpose(g.input(0), {0, 2, 1, 3})
                         : g.reshape(g.input(0), shape);
  Rotation r{g.input(cosine), g.input(sine), turning,
             n.getInt("interleaved", 0) != 0};
  if (n.hasInput(positions)) {
    Name rows = positionsOf(n, g, positions, batch, length);
    r.cosine = g.add("Gather", {r.cosine, rows});
    r.sine = g.add("Gather", {r.sine, rows});
  } else if (n.rankOf(cosine) != 3) {
    return n.invalid("caches without positions have to be of rank 3");
  }
  Name y = rotate(g, input, shape, r);
  return g.build({rank == 4 ? g.transpose(y, {0, 2, 1, 3}) : g.reshape(y, x)});
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {
struct Heads {
  Name query, key, value;
  Name bias, pastKey, pastValue;
  int64_t batch, heads, queries, keys;
  /// Of one head of the value.
  int64_t size;
};
} // namespace

/// [batch, length, heads * size] -> [batch, heads, length, size]
static Name splitHeads(GraphMaker &g, const Name &x, int64_t batch,
                       int64_t length, int64_t heads, int64_t size) {
  return g.transpose(g.reshape(x, {batch, length, heads, size}), {0, 2, 1, 3});
}

/// What the mask adds to the scores: nothing where it is 1 (or the key is
/// within the length), the filter value elsewhere.
static FailureOr<Name> addedByMask(NodeImporter &n, GraphMaker &g,
                                   unsigned input, const Heads &h) {
  Name mask = g.input(input);
  ArrayRef<int64_t> shape = n.shapeOf(input);
  onnx::AttributeProto toLong =
      intAttr("to", static_cast<int64_t>(Elem::Int64));
  Name wide = g.add("Cast", {mask}, {toLong}), keep;
  if (shape == ArrayRef<int64_t>{h.batch}) {
    SmallVector<int64_t> columns;
    for (int64_t i = 0; i < h.keys; ++i)
      columns.push_back(i);
    keep = g.reshape(g.add("Less", {g.ints(columns),
                                    g.reshape(wide, {h.batch, 1})}),
                     {h.batch, 1, 1, h.keys});
  } else if (shape == ArrayRef<int64_t>{h.batch, h.keys} ||
             shape == ArrayRef<int64_t>{h.batch, h.queries, h.keys}) {
    int64_t rows = shape.size() == 3 ? h.queries : 1;
    keep = g.reshape(g.add("Greater", {wide, g.scalar(0)}),
                     {h.batch, 1, rows, h.keys});
  } else {
    return n.unsupported("a mask of shape " + formatShape(shape));
  }
  float filter = n.getFloat("mask_filter_value", -10000.0f);
  return g.add("Where", {keep, g.number(0.0), g.number(filter)});
}

/// The mask, and the bias that the scores get besides.
static LogicalResult readBias(NodeImporter &n, GraphMaker &g, unsigned mask,
                              unsigned bias, Heads &h) {
  if (n.hasInput(mask)) {
    FailureOr<Name> added = addedByMask(n, g, mask, h);
    if (failed(added))
      return failure();
    h.bias = *added;
  }
  if (n.hasInput(bias))
    h.bias = h.bias.empty() ? g.input(bias)
                            : g.add("Add", {h.bias, g.input(bias)});
  return success();
}

/// The attention with its result as [batch, length, heads * size].
static Name attend(NodeImporter &n, GraphMaker &g, const Heads &h,
                   Name &attention, bool causal) {
  SmallVector<onnx::AttributeProto> attributes{
      intAttr("is_causal", causal ? 1 : 0)};
  if (n.getFloat("scale", 0.0f) != 0.0f)
    attributes.push_back(floatAttr("scale", n.getFloat("scale", 0.0f)));
  if (n.getFloat("softcap", 0.0f) != 0.0f)
    attributes.push_back(floatAttr("softcap", n.getFloat("softcap", 0.0f)));
  int64_t window = n.getInt("local_window_size", -1);
  if (window > 0)
    attributes.push_back(intAttr("left_window_size", window - 1));
  attention = g.add("Attention", {h.query, h.key, h.value, h.bias, h.pastKey,
                                  h.pastValue},
                    attributes, 4);
  return g.reshape(g.transpose(attention, {0, 2, 1, 3}),
                   {h.batch, h.queries, h.heads * h.size});
}

LogicalResult buildFusedAttention(NodeImporter &n) {
  enum { kInput, kWeights, kBias, kMask, kPast, kScoreBias };
  if (n.rankOf(kInput) != 3 || n.rankOf(kWeights) != 2)
    return n.invalid("input and weights have to be of rank 3 and 2");
  if (n.getInt("do_rotary", 0) != 0 ||
      n.getInt("past_present_share_buffer", 0) != 0)
    return n.unsupported("a rotary embedding inside, or a shared cache");
  int64_t total = n.shapeOf(kWeights)[1], heads = n.getInt("num_heads", 0);
  Shape widths = n.getInts("qkv_hidden_sizes");
  if (widths.empty())
    widths = {total / 3, total / 3, total / 3};
  if (heads < 1 || widths.size() != 3 ||
      widths[0] + widths[1] + widths[2] != total || widths[0] != widths[1] ||
      widths[0] % heads != 0 || widths[2] % heads != 0)
    return n.invalid("the weights do not divide into heads");
  Heads h;
  h.batch = n.shapeOf(kInput)[0];
  h.queries = h.keys = n.shapeOf(kInput)[1];
  h.heads = heads;
  h.size = widths[2] / heads;
  GraphMaker g(n);
  Name all = g.add("MatMul", {g.input(kInput), g.input(kWeights)});
  if (n.hasInput(kBias))
    all = g.add("Add", {all, g.input(kBias)});
  Name parts[3];
  for (int64_t i = 0, start = 0; i < 3; start += widths[i++])
    parts[i] =
        splitHeads(g, g.slice(all, 2, start, start + widths[i]), h.batch,
                   h.queries, heads, widths[i] / heads);
  h.query = parts[0], h.key = parts[1], h.value = parts[2];
  if (n.hasInput(kPast)) {
    if (n.rankOf(kPast) != 5 || n.shapeOf(kPast)[0] != 2)
      return n.invalid("the past has to be of rank 5");
    Shape past(n.shapeOf(kPast).drop_front());
    h.keys += past[2];
    h.pastKey = g.reshape(g.slice(g.input(kPast), 0, 0, 1), past);
    h.pastValue = g.reshape(g.slice(g.input(kPast), 0, 1, 2), past);
  }
  if (failed(readBias(n, g, kMask, kScoreBias, h)))
    return failure();
  Name attention;
  Name y = attend(n, g, h, attention, n.getInt("unidirectional", 0) != 0);
  Name present;
  if (n.node.output_size() > 1)
    present = g.concat(
        {g.add("Unsqueeze", {g.output(attention, 1), g.ints({0})}),
         g.add("Unsqueeze", {g.output(attention, 2), g.ints({0})})},
        0);
  return g.build({y, present});
}

/// The operands of MultiHeadAttention, packed in one of several ways.
static LogicalResult readPacked(NodeImporter &n, GraphMaker &g, Heads &h) {
  enum { kQuery, kKey, kValue, kBias };
  ArrayRef<int64_t> q = n.shapeOf(kQuery);
  h.batch = q[0];
  h.queries = h.keys = q[1];
  // [batch, length, heads, 2 or 3, size]
  auto unpack = [&](unsigned input, int64_t i) {
    ArrayRef<int64_t> shape = n.shapeOf(input);
    Name part = g.reshape(g.slice(g.input(input), 3, i, i + 1),
                          {shape[0], shape[1], shape[2], shape[4]});
    return g.transpose(part, {0, 2, 1, 3});
  };
  if (q.size() == 5) {
    if (q[2] != h.heads || q[3] != 3 || n.hasInput(kBias))
      return n.unsupported("this packing of query, key and value");
    h.size = q[4];
    h.query = unpack(kQuery, 0);
    h.key = unpack(kQuery, 1);
    h.value = unpack(kQuery, 2);
    return success();
  }
  if (q.size() != 3 || q[2] % h.heads != 0 || !n.hasInput(kKey))
    return n.invalid("the query does not divide into heads");
  Name query = g.input(kQuery), key = g.input(kKey), value = g.input(kValue);
  int64_t size = q[2] / h.heads;
  ArrayRef<int64_t> k = n.shapeOf(kKey);
  if (n.hasInput(kBias)) {
    if (k.size() != 3 || n.rankOf(kBias) != 1)
      return n.unsupported("a bias with keys that are split into heads");
    int64_t end = n.shapeOf(kBias)[0];
    query = g.add("Add", {query, g.slice(g.input(kBias), 0, 0, q[2])});
    key = g.add("Add", {key, g.slice(g.input(kBias), 0, q[2], 2 * q[2])});
    value = g.add("Add", {value, g.slice(g.input(kBias), 0, 2 * q[2], end)});
  }
  h.query = splitHeads(g, query, h.batch, h.queries, h.heads, size);
  if (k.size() == 5) {
    h.keys = k[1];
    h.size = k[4];
    h.key = unpack(kKey, 0);
    h.value = unpack(kKey, 1);
    return success();
  }
  if (!n.hasInput(kValue) || k.size() != n.shapeOf(kValue).size())
    return n.invalid("the value is missing or of another rank than the key");
  ArrayRef<int64_t> v = n.shapeOf(kValue);
  if (k.size() == 4) {
    h.keys = k[2];
    h.size = v[3];
    h.key = key;
    h.value = value;
    return success();
  }
  h.keys = k[1];
  h.size = v[2] / h.heads;
  h.key = splitHeads(g, key, h.batch, h.keys, h.heads, size);
  h.value = splitHeads(g, value, h.batch, h.keys, h.heads, h.size);
  return success();
}

LogicalResult buildMultiHeadAttention(NodeImporter &n) {
  enum { kMask = 4, kScoreBias, kPastKey, kPastValue, kPastLength };
  if (n.hasInput(kPastLength))
    return n.unsupported("a cache of a fixed size");
  Heads h;
  h.heads = n.getInt("num_heads", 0);
  if (h.heads < 1)
    return n.invalid("attribute 'num_heads' is missing");
  if (n.rankOf(0) < 2)
    return n.invalid("the query does not divide into heads");
  GraphMaker g(n);
  if (failed(readPacked(n, g, h)))
    return failure();
  h.pastKey = g.input(kPastKey);
  h.pastValue = g.input(kPastValue);
  if (n.hasInput(kPastKey) && n.rankOf(kPastKey) == 4)
    h.keys += n.shapeOf(kPastKey)[2];
  if (failed(readBias(n, g, kMask, kScoreBias, h)))
    return failure();
  Name attention;
  Name y = attend(n, g, h, attention, n.getInt("unidirectional", 0) != 0);
  return g.build({y, g.output(attention, 1), g.output(attention, 2),
                  g.output(attention, 3)});
}

} // namespace mlir::qnt::onnx_import
