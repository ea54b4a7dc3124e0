//===- Bindings.h - parts of the Python module ------------------*- C++ -*-===//
//
// One function per part. Invariant: no exception ever crosses code of LLVM or
// of this project's libraries, which are built without them.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PYTHON_SRC_BINDINGS_H
#define QNT_PYTHON_SRC_BINDINGS_H

#include "qnt/Api/Executable.h"
#include "qnt/Api/Model.h"
#include "qnt/Support/MemoryFiles.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

namespace mlir::qnt {

namespace nb = nanobind;

/// Name, numpy's name of the type, shape.
using PySpec = std::tuple<std::string, std::string, nb::tuple>;

std::vector<PySpec> toPython(ArrayRef<NamedSpec> specs);
nb::bytes toPython(StringRef bytes);

/// An array on the CPU of any type, which is read.
using PyInput = nb::ndarray<nb::ro, nb::device::cpu>;
/// One that is written.
using PyOutput = nb::ndarray<nb::device::cpu>;

nb::dlpack::dtype toDlpack(DType dtype);

/// Raises ValueError unless the array is row-major without gaps, of that type,
/// aligned, and has `count` times the elements of the spec.
template <typename ArrayT>
void checkArray(const ArrayT &array, const NamedSpec &spec, size_t count);
extern template void checkArray(const PyInput &, const NamedSpec &, size_t);
extern template void checkArray(const PyOutput &, const NamedSpec &, size_t);

/// Samples that a Python function gives: it is called without arguments and
/// returns one array per input, or None at the end.
class PySamples : public SampleSource {
public:
  PySamples(nb::object next, const std::string &name);
  ~PySamples() override;

  std::string getPath() const { return path->str().str(); }
  llvm::Expected<bool> next(MutableArrayRef<Tensor> out) override;

  /// Raises what the Python function raised, if it did.
  void rethrow();

private:
  bool fill(MutableArrayRef<Tensor> out);

  nb::object function;
  std::unique_ptr<SampleSourcePath> path;
  std::exception_ptr pending;
};

void bindModel(nb::module_ &module);
void bindSamples(nb::module_ &module);
void bindExecutable(nb::module_ &module);

} // namespace mlir::qnt

#endif // QNT_PYTHON_SRC_BINDINGS_H
