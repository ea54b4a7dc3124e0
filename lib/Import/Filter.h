//===- Filter.h - weights, known or not -------------------------*- C++ -*-===//
//
// The second operand of a convolution: rearranged on the host while it is a
// constant, by ops otherwise, with the same calls. Constants are finite.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_FILTER_H
#define QNT_LIB_IMPORT_FILTER_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

class Filter {
public:
  Filter() = default;
  explicit Filter(HostTensor host) : host(std::move(host)) {}
  explicit Filter(Value value) : graph(value) {}

  /// Input `i` of the node as float; `what` names it in errors.
  static FailureOr<Filter> read(NodeImporter &n, unsigned i, StringRef what);

  bool isConstant() const { return !graph; }
  const HostTensor &constant() const { return host; }
  ArrayRef<int64_t> shape() const {
    return graph ? shapeOf(graph) : ArrayRef<int64_t>(host.shape);
  }
  FailureOr<Filter> transpose(NodeImporter &n, ArrayRef<int64_t> perm) const;
  FailureOr<Filter> reshape(NodeImporter &n, ArrayRef<int64_t> shape) const;
  /// Entries [first, first + count) of the outermost dimension.
  FailureOr<Filter> rows(NodeImporter &n, int64_t first, int64_t count) const;
  /// All dimensions from `first` on backwards.
  FailureOr<Filter> reverse(NodeImporter &n, int64_t first) const;
  FailureOr<Value> value(NodeImporter &n) const;

private:
  HostTensor host;
  Value graph;
};

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_FILTER_H
