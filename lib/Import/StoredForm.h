//===- StoredForm.h - integers behind a float constant ----------*- C++ -*-===//
//
// A constant that came out of a DequantizeLinear is computed with as floats,
// but remembers its integers, so that the IR gets those. Invariant: a stored
// form is used only where it gives exactly the floats that are asked for.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_STOREDFORM_H
#define QNT_LIB_IMPORT_STOREDFORM_H

#include "HostTensor.h"

#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt::onnx_import {

class NodeImporter;

struct StoredForm {
  HostTensorRef integers;
  mlir::qnt::QuantizedType type;
};
using StoredFormRef = std::shared_ptr<const StoredForm>;

/// The same integers with dimension `i` taken from `perm[i]`; null where the
/// scheme does not survive.
StoredFormRef transposeStored(const StoredFormRef &stored,
                              ArrayRef<int64_t> perm);

/// The same integers under another shape; null where the scheme does not
/// survive.
StoredFormRef reshapeStored(const StoredFormRef &stored,
                            ArrayRef<int64_t> shape);

/// `count` indices of dimension 0 from `first`; null as above.
StoredFormRef sliceStored(const StoredFormRef &stored, int64_t first,
                          int64_t count);

/// dequantize(storage_cast(integers)) if that gives exactly `tensor`; null if
/// not.
Value buildStored(NodeImporter &n, const HostTensor &tensor,
                  StoredFormRef stored);

/// The index of the parameters of element `flat` of a tensor of `shape`.
int64_t parameterIndex(SchemeAttrInterface scheme, ArrayRef<int64_t> shape,
                       int64_t flat);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_STOREDFORM_H
