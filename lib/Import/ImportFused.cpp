//===- ImportFused.cpp - what ONNX Runtime's optimizer writes -------------===//
//
// Ops of com.microsoft that stand for a few ops of the default domain, and are
// read as those.
//
//===----------------------------------------------------------------------===//

#include "GraphMaker.h"
#include "OpTable.h"

#include "llvm/ADT/StringSwitch.h"

namespace mlir::qnt::onnx_import {

using Name = GraphMaker::Name;

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

LogicalResult buildFusedGelu(NodeImporter &n) {
  GraphMaker g(n);
  Name x = g.input(0);
  if (n.hasInput(1))
    x = g.add("Add", {x, g.input(1)});
  if (n.node.op_type() == "QuickGelu")
    return g.build(
        {g.add("Swish", {x}, {floatAttr("alpha", n.getFloat("alpha", 1.702f))})});
  bool fast = n.node.op_type() == "FastGelu";
  return g.build({g.add("Gelu", {x},
                        {stringAttr("approximate", fast ? "tanh" : "none")})});
}

LogicalResult buildBiasAdd(NodeImporter &n) {
  GraphMaker g(n);
  return g.build(
      {g.add("Add", {g.add("Add", {g.input(0), g.input(1)}), g.input(2)})});
}

/// An activation by name with up to two parameters; empty if there is none of
/// that name.
static Name addActivation(GraphMaker &g, StringRef op, const Name &x,
                          ArrayRef<float> parameters) {
  auto parameter = [&](size_t i, float otherwise) {
    return i < parameters.size() ? parameters[i] : otherwise;
  };
  if (op.empty())
    return x;
  if (op == "Clip")
    return g.add("Clip", {x, g.number(parameter(0, -3.4e38f)),
                          g.number(parameter(1, 3.4e38f))});
  if (op == "LeakyRelu")
    return g.add(op, {x}, {floatAttr("alpha", parameter(0, 0.01f))});
  if (op == "HardSigmoid")
    return g.add(op, {x}, {floatAttr("alpha", parameter(0, 0.2f)),
                           floatAttr("beta", parameter(1, 0.5f))});
  if (op == "Elu")
    return g.add(op, {x}, {floatAttr("alpha", parameter(0, 1.0f))});
  if (op == "Relu" || op == "Sigmoid" || op == "Tanh" || op == "Softplus" ||
      op == "Softsign")
    return g.add(op, {x});
  return "";
}

/// The attributes of the node without those that begin with `activation`.
static SmallVector<onnx::AttributeProto> plainAttributes(NodeImporter &n) {
  SmallVector<onnx::AttributeProto> kept;
  for (const onnx::AttributeProto &attr : n.node.attribute())
    if (!StringRef(attr.name()).starts_with("activation"))
      kept.push_back(attr);
  return kept;
}

static LogicalResult finishFused(NodeImporter &n, GraphMaker &g, const Name &x,
                                 ArrayRef<float> parameters) {
  StringRef activation = n.getString("activation", "");
  Name result = addActivation(g, activation, x, parameters);
  if (result.empty())
    return n.unsupported("activation '" + activation + "'");
  return g.build({result});
}

LogicalResult buildFusedConv(NodeImporter &n) {
  GraphMaker g(n);
  Name y = g.add("Conv", {g.input(0), g.input(1), g.input(2)},
                 plainAttributes(n));
  if (n.hasInput(3))
    y = g.add("Add", {y, g.input(3)});
  SmallVector<float> parameters;
  if (const onnx::AttributeProto *attr = n.findAttr("activation_params"))
    parameters.assign(attr->floats().begin(), attr->floats().end());
  return finishFused(n, g, y, parameters);
}

LogicalResult buildFusedGemm(NodeImporter &n) {
  GraphMaker g(n);
  Name y = g.add("Gemm", {g.input(0), g.input(1), g.input(2)},
                 plainAttributes(n));
  SmallVector<float> parameters;
  if (n.hasAttr("activation_alpha"))
    parameters.push_back(n.getFloat("activation_alpha", 0.0f));
  if (n.hasAttr("activation_beta")) {
    parameters.resize(1);
    parameters.push_back(n.getFloat("activation_beta", 0.0f));
  }
  return finishFused(n, g, y, parameters);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// [rows, batch, columns] -> [batch, rows, columns], then the transpose of each
/// matrix.
static Name arrangeOperand(NodeImporter &n, GraphMaker &g, unsigned input,
                           bool batchInside, bool transposed) {
  int64_t rank = n.rankOf(input);
  SmallVector<int64_t> perm;
  for (int64_t i = 0; i < rank; ++i)
    perm.push_back(i);
  if (batchInside && rank > 2)
    std::rotate(perm.begin(), perm.begin() + 1, perm.end() - 1);
  if (transposed && rank > 1)
    std::swap(perm[rank - 1], perm[rank - 2]);
  return llvm::is_sorted(perm) ? g.input(input)
                               : g.transpose(g.input(input), perm);
}

LogicalResult buildFusedMatMul(NodeImporter &n) {
  GraphMaker g(n);
  Name a = arrangeOperand(n, g, 0, n.getInt("transBatchA", 0) != 0,
                          n.getInt("transA", 0) != 0);
  Name b = arrangeOperand(n, g, 1, n.getInt("transBatchB", 0) != 0,
                          n.getInt("transB", 0) != 0);
  Name y = g.add("MatMul", {a, b});
  float alpha = n.getFloat("alpha", 1.0f);
  if (alpha != 1.0f)
    y = g.add("Mul", {y, g.number(alpha)});
  return g.build({y});
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

LogicalResult buildSimplifiedLayerNorm(NodeImporter &n) {
  GraphMaker g(n);
  return g.build({g.add("RMSNormalization", {g.input(0), g.input(1)},
                        {intAttr("axis", n.getInt("axis", -1)),
                         floatAttr("epsilon", n.getFloat("epsilon", 1e-5f))})});
}

LogicalResult buildSkipLayerNorm(NodeImporter &n) {
  bool simplified = n.node.op_type() == "SkipSimplifiedLayerNormalization";
  GraphMaker g(n);
  unsigned bias = simplified ? 3 : 4;
  Name sum = g.add("Add", {g.input(0), g.input(1)});
  if (n.hasInput(bias))
    sum = g.add("Add", {sum, g.input(bias)});
  onnx::AttributeProto epsilon =
      floatAttr("epsilon", n.getFloat("epsilon", 1e-12f));
  if (simplified) {
    Name y = g.add("RMSNormalization", {sum, g.input(2)},
                   {intAttr("axis", -1), epsilon});
    return g.build({y, "", "", sum});
  }
  Name y = g.add("LayerNormalization", {sum, g.input(2), g.input(3)},
                 {intAttr("axis", -1), epsilon}, 3);
  return g.build({y, g.output(y, 1), g.output(y, 2), sum});
}

LogicalResult buildEmbedLayerNorm(NodeImporter &n) {
  enum { kIds, kSegments, kWord, kPosition, kSegment, kGamma, kBeta, kMask,
         kPositionIds };
  if (n.rankOf(kIds) != 2)
    return n.invalid("the ids have to be of rank 2");
  int64_t length = n.shapeOf(kIds)[1];
  GraphMaker g(n);
  Name sum = g.add("Gather", {g.input(kWord), g.input(kIds)});
  Name positions =
      n.hasInput(kPositionIds)
          ? g.add("Gather", {g.input(kPosition), g.input(kPositionIds)})
          : g.slice(g.input(kPosition), 0, 0, length);
  sum = g.add("Add", {sum, positions});
  if (n.hasInput(kSegments) && n.hasInput(kSegment))
    sum = g.add("Add", {sum, g.add("Gather", {g.input(kSegment),
                                              g.input(kSegments)})});
  Name y = g.add("LayerNormalization", {sum, g.input(kGamma), g.input(kBeta)},
                 {intAttr("axis", -1),
                  floatAttr("epsilon", n.getFloat("epsilon", 1e-12f))});
  // How many ids of each row count.
  Name counted;
  if (n.hasInput(kMask))
    counted = g.add("ReduceSum", {g.input(kMask), g.ints({1})},
                    {intAttr("keepdims", 0)});
  return g.build({y, counted, sum});
}

} // namespace mlir::qnt::onnx_import
