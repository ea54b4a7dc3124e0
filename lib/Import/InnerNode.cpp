//===- InnerNode.cpp - an op in terms of another --------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "InnerNode.h"

#include "OpTable.h"

namespace mlir::qnt::onnx_import {

FailureOr<OnnxValue> buildInner(NodeImporter &n, StringRef op,
                                MutableArrayRef<OnnxValue> inputs,
                                int64_t opset) {
  onnx::NodeProto node = n.node;
  node.set_op_type(op.str());
  node.clear_domain();
  opset = opset ? opset : n.opset;
  bool knownName;
  const OpRow *row = findOp(op, opset, knownName);
  if (!row || !row->build)
    return n.unsupported("its float form, '" + op +
                         "', is not supported in operator set version " +
                         Twine(opset));
  SmallVector<OnnxValue *> operands;
  for (OnnxValue &input : inputs)
    operands.push_back(input.isKnown() ? &input : nullptr);
  while (!operands.empty() && !operands.back())
    operands.pop_back();
  NodeImporter inner(node, opset, n.builder, n.loc, operands, n.getBudget(),
                     n.externalDir);
  if (failed(row->build(inner)))
    return inner.isInvalid() ? n.invalid(inner.getReason())
                             : n.unsupported(inner.getReason());
  return inner.getResults().front();
}

} // namespace mlir::qnt::onnx_import
