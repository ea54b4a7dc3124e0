//===- Filter.cpp - weights, known or not ---------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Filter.h"

#include "StoredForm.h"

namespace mlir::qnt::onnx_import {

FailureOr<Filter> Filter::read(NodeImporter &n, unsigned i, StringRef what) {
  if (!n.isFloat(i))
    return n.unsupported(what + " are of type " + elementTypeName(n.elemOf(i)));
  if (HostTensorRef tensor = n.floatConstantOf(i)) {
    if (failed(n.requireFinite(*tensor, what)))
      return failure();
    HostTensor host = *tensor;
    host.elem = Elem::Float; // float16 is held as float
    return Filter(std::move(host));
  }
  FailureOr<Value> value = n.valueOf(i);
  if (failed(value))
    return failure();
  return Filter(*value);
}

static FailureOr<Filter> wrap(FailureOr<Value> value) {
  if (failed(value))
    return failure();
  return Filter(*value);
}

FailureOr<Filter> Filter::transpose(NodeImporter &n,
                                    ArrayRef<int64_t> perm) const {
  return graph ? wrap(n.transpose(graph, perm))
               : FailureOr<Filter>(Filter(transposeHost(host, perm)));
}

FailureOr<Filter> Filter::reshape(NodeImporter &n,
                                  ArrayRef<int64_t> shape) const {
  return graph ? wrap(n.reshape(graph, shape))
               : FailureOr<Filter>(Filter(reshapeHost(host, shape)));
}

FailureOr<Filter> Filter::rows(NodeImporter &n, int64_t first,
                               int64_t count) const {
  Shape size(shape());
  int64_t row = 1;
  for (int64_t dim : ArrayRef(size).drop_front())
    row *= dim;
  size[0] = count;
  if (graph) {
    Shape start(size.size(), 0);
    start[0] = first;
    return wrap(n.slice(graph, start, size));
  }
  HostTensor picked =
      HostTensor::ofFloats(size, host.floats().slice(first * row, count * row));
  picked.stored =
      sliceStored(reshapeStored(host.stored, host.shape), first, count);
  return Filter(std::move(picked));
}

FailureOr<Filter> Filter::reverse(NodeImporter &n, int64_t first) const {
  int64_t rank = shape().size();
  if (graph) {
    Value result = graph;
    for (int64_t axis = first; axis < rank; ++axis)
      result =
          tosa::ReverseOp::create(n.builder, n.loc, result.getType(), result,
                                  n.builder.getI32IntegerAttr(axis));
    return Filter(result);
  }
  // Backwards in all trailing dimensions is backwards in their product.
  int64_t inner = 1;
  for (int64_t dim : shape().drop_front(first))
    inner *= dim;
  std::vector<float> values = host.floats().vec();
  for (size_t at = 0; at < values.size(); at += inner)
    std::reverse(values.begin() + at, values.begin() + at + inner);
  return Filter(HostTensor::ofFloats(host.shape, values));
}

FailureOr<Value> Filter::value(NodeImporter &n) const {
  return graph ? FailureOr<Value>(graph) : n.constant(host);
}

} // namespace mlir::qnt::onnx_import
