//===- ImportSequence.cpp - sequences and optionals -----------------------===//
//
// A sequence whose members are known one by one lives in the importer only: its
// ops pick and order graph values, and no sequence reaches the IR. Optionals
// are the value they hold.
//
//===----------------------------------------------------------------------===//

#include "HostMove.h"
#include "ImportLayout.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// More members than this are not meant.
constexpr int64_t kMaxMembers = 1 << 20;

static FailureOr<const OnnxSequence *> sequenceOf(NodeImporter &n) {
  const OnnxValue &input = n.inputOf(0);
  if (!input.sequence)
    return n.invalid("input 0 is not a sequence");
  return input.sequence.get();
}

static FailureOr<OnnxValue> tensorOf(NodeImporter &n, unsigned i) {
  if (n.inputOf(i).sequence)
    return n.unsupported("a sequence of sequences");
  return sourceOf(n, i);
}

static LogicalResult setSequence(NodeImporter &n, OnnxSequence members,
                                 Elem elem, unsigned i = 0) {
  if (static_cast<int64_t>(members.size()) > kMaxMembers)
    return n.unsupported("a sequence of more than a million members");
  OnnxValue result;
  result.elem = elem;
  result.sequence = std::make_shared<OnnxSequence>(std::move(members));
  n.setResult(i, std::move(result));
  return success();
}

/// The constant position in input `i`, within `count` places.
static FailureOr<int64_t> readPosition(NodeImporter &n, unsigned i,
                                       int64_t count) {
  const HostTensor *position = n.constantOf(i);
  if (!position)
    return n.unsupported("the position is not known at compile time");
  if (position->size() != 1 || !position->isInteger())
    return n.invalid("the position is not one integer");
  int64_t index = position->intAt(0);
  if (index < -count || index >= count)
    return n.invalid(
        llvm::formatv("position {0} is outside of {1}", index, count));
  return wrapIndex(index, count);
}

//===----------------------------------------------------------------------===//
// Members
//===----------------------------------------------------------------------===//

LogicalResult buildSequenceConstruct(NodeImporter &n) {
  OnnxSequence members;
  for (unsigned i = 0; i < n.numInputs(); ++i) {
    FailureOr<OnnxValue> member = tensorOf(n, i);
    if (failed(member))
      return failure();
    members.push_back(*member);
  }
  return setSequence(n, std::move(members), n.elemOf(0));
}

LogicalResult buildSequenceEmpty(NodeImporter &n) {
  int64_t type = n.getInt("dtype", onnx::TensorProto::FLOAT);
  std::optional<Elem> elem = elemFromOnnx(type);
  if (!elem)
    return n.unsupported("a sequence of " + elementTypeName(type));
  return setSequence(n, {}, *elem);
}

LogicalResult buildSequenceAt(NodeImporter &n) {
  FailureOr<const OnnxSequence *> members = sequenceOf(n);
  if (failed(members))
    return failure();
  FailureOr<int64_t> at = readPosition(n, 1, (*members)->size());
  if (failed(at))
    return failure();
  n.setResult(0, (**members)[*at]);
  return success();
}

LogicalResult buildSequenceInsert(NodeImporter &n) {
  FailureOr<const OnnxSequence *> members = sequenceOf(n);
  FailureOr<OnnxValue> member = tensorOf(n, 1);
  if (failed(members) || failed(member))
    return failure();
  OnnxSequence result = **members;
  FailureOr<int64_t> at = result.size();
  // The position may be behind the last member.
  if (n.hasInput(2) && n.constantOf(2) && n.constantOf(2)->size() == 1 &&
      n.constantOf(2)->intAt(0) == *at)
    at = result.size();
  else if (n.hasInput(2) && failed(at = readPosition(n, 2, result.size())))
    return failure();
  result.insert(result.begin() + *at, *member);
  return setSequence(n, std::move(result), member->elem);
}

LogicalResult buildSequenceErase(NodeImporter &n) {
  FailureOr<const OnnxSequence *> members = sequenceOf(n);
  if (failed(members))
    return failure();
  OnnxSequence result = **members;
  if (result.empty())
    return n.invalid("the sequence is empty");
  FailureOr<int64_t> at = result.size() - 1;
  if (n.hasInput(1) && failed(at = readPosition(n, 1, result.size())))
    return failure();
  result.erase(result.begin() + *at);
  return setSequence(n, std::move(result), n.elemOf(0));
}

LogicalResult buildSequenceLength(NodeImporter &n) {
  FailureOr<const OnnxSequence *> members = sequenceOf(n);
  if (failed(members))
    return failure();
  n.setResult(0, HostTensor::ofInts({}, {int64_t((*members)->size())}));
  return success();
}

//===----------------------------------------------------------------------===//
// SequenceMap
//===----------------------------------------------------------------------===//

/// What the body takes for member `k`: that of each sequence, and the tensors
/// as they are.
static FailureOr<SmallVector<OnnxValue>> argumentsOf(NodeImporter &n,
                                                     size_t k) {
  SmallVector<OnnxValue> arguments;
  for (unsigned i = 0; i < n.numInputs(); ++i) {
    const OnnxValue &input = n.inputOf(i);
    if (input.sequence && k >= input.sequence->size())
      return n.invalid("the sequences differ in length");
    arguments.push_back(input.sequence ? (*input.sequence)[k] : input);
  }
  return arguments;
}

LogicalResult buildSequenceMap(NodeImporter &n) {
  FailureOr<const OnnxSequence *> members = sequenceOf(n);
  const onnx::AttributeProto *body = n.findAttr("body");
  if (failed(members))
    return failure();
  if (!body)
    return n.invalid("attribute 'body' is missing");
  std::vector<OnnxSequence> results(n.node.output_size());
  for (size_t k = 0; k < (*members)->size(); ++k) {
    FailureOr<SmallVector<OnnxValue>> arguments = argumentsOf(n, k);
    if (failed(arguments))
      return failure();
    FailureOr<SmallVector<OnnxValue>> outputs =
        n.subgraphs->importSubgraph(body->g(), *arguments);
    if (failed(outputs))
      return n.reported();
    if (outputs->size() != results.size())
      return n.invalid("the body has another number of outputs");
    for (auto [i, output] : llvm::enumerate(*outputs)) {
      // What the body cannot compute has been listed.
      if (!output.isKnown())
        return success();
      results[i].push_back(output);
    }
  }
  for (auto [i, result] : llvm::enumerate(results)) {
    Elem elem = result.empty() ? n.elemOf(0) : result.front().elem;
    if (failed(setSequence(n, std::move(result), elem, i)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Parts of a tensor
//===----------------------------------------------------------------------===//

/// Sizes of the parts: a list, or one number for all but the last.
static FailureOr<Shape> readPartSizes(NodeImporter &n, int64_t dim) {
  int64_t chunk = 1;
  if (n.hasInput(1)) {
    if (n.rankOf(1) == 1)
      return readSplitSizes(n, dim, 1);
    FailureOr<Shape> given = n.intsOf(1, "split");
    if (failed(given))
      return failure();
    chunk = given->front();
  }
  if (chunk < 1)
    return n.invalid(llvm::formatv("the size of a part is {0}", chunk));
  if (dim / chunk > kMaxMembers)
    return n.unsupported("a sequence of more than a million members");
  Shape sizes;
  for (int64_t left = dim; left > 0; left -= chunk)
    sizes.push_back(std::min(left, chunk));
  return sizes;
}

LogicalResult buildSplitToSequence(NodeImporter &n) {
  Shape shape(n.shapeOf(0));
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), shape.size());
  if (failed(axis))
    return failure();
  FailureOr<Shape> sizes = readPartSizes(n, shape[*axis]);
  FailureOr<OnnxValue> x =
      failed(sizes) ? FailureOr<OnnxValue>(failure()) : sourceOf(n, 0);
  if (failed(x))
    return failure();
  // Without a list of sizes the axis may go, since all parts have size one.
  bool keep = n.hasInput(1) || n.getInt("keepdims", 1) != 0;
  AxisMap map = wholeMap(shape);
  OnnxSequence members;
  int64_t start = 0;
  for (int64_t size : *sizes) {
    map[*axis] = AxisRuns();
    map[*axis].append(start, 1, size);
    start += size;
    Shape part = shapeOf(map);
    if (!keep)
      part.erase(part.begin() + *axis);
    if (failed(setMappedAs(n, 0, *x, map, part)))
      return failure();
    members.push_back(n.getResults()[0]);
  }
  return setSequence(n, std::move(members), x->elem);
}

/// A member with a dimension of one at `axis`.
static FailureOr<OnnxValue> expandMember(NodeImporter &n, OnnxValue member,
                                         int64_t axis) {
  Shape shape(member.shape());
  FailureOr<int64_t> at = n.normalizeAxis(axis, shape.size() + 1);
  if (failed(at))
    return failure();
  shape.insert(shape.begin() + *at, 1);
  if (member.constant)
    return OnnxValue(
        std::make_shared<HostTensor>(reshapeHost(*member.constant, shape)));
  FailureOr<Value> value = n.reshape(member.value, shape);
  if (failed(value))
    return failure();
  return OnnxValue(*value, member.elem);
}

LogicalResult buildConcatFromSequence(NodeImporter &n) {
  FailureOr<const OnnxSequence *> members = sequenceOf(n);
  if (failed(members))
    return failure();
  int64_t axis = n.getInt("axis", 0);
  OnnxSequence parts = **members;
  if (n.getInt("new_axis", 0) != 0)
    for (OnnxValue &part : parts) {
      FailureOr<OnnxValue> expanded = expandMember(n, part, axis);
      if (failed(expanded))
        return failure();
      part = *expanded;
    }
  FailureOr<OnnxValue> result = concatValues(n, parts, axis);
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Optionals
//===----------------------------------------------------------------------===//

LogicalResult buildOptional(NodeImporter &n) {
  if (!n.hasInput(0))
    return n.unsupported("an optional that holds nothing");
  n.setResult(0, n.inputOf(0));
  return success();
}

LogicalResult buildOptionalHasElement(NodeImporter &n) {
  n.setResult(0, HostTensor::ofInts({}, {n.hasInput(0)}, Elem::Bool));
  return success();
}

} // namespace mlir::qnt::onnx_import
