//===- Samples.cpp - samples that a Python function gives -----------------===//
//
// The compiler runs without Python's lock and takes it for each sample. What
// Python raises is kept here while the pass fails, and raised again after it.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"

#include <cstring>

using namespace mlir;
using namespace mlir::qnt;

PySamples::PySamples(nb::object next, const std::string &name)
    : function(std::move(next)),
      path(std::make_unique<SampleSourcePath>(*this, name)) {}

PySamples::~PySamples() = default;

bool PySamples::fill(MutableArrayRef<Tensor> out) {
  if (PyErr_CheckSignals() != 0)
    throw nb::python_error();
  nb::object sample = function();
  if (sample.is_none())
    return false;
  nb::sequence arrays = nb::cast<nb::sequence>(sample);
  if (nb::len(arrays) != out.size())
    throw nb::value_error("expected a sample of one array per input");
  for (size_t i = 0; i < out.size(); ++i) {
    PyInput array = nb::cast<PyInput>(arrays[i]);
    NamedSpec spec{"sample", out[i].getSpec()};
    checkArray(array, spec, 1);
    std::memcpy(out[i].data(), array.data(), out[i].getNumBytes());
  }
  return true;
}

llvm::Expected<bool> PySamples::next(MutableArrayRef<Tensor> out) {
  nb::gil_scoped_acquire lock;
  try {
    return fill(out);
  } catch (...) {
    pending = std::current_exception();
    return makeError("the samples could not be read");
  }
}

void PySamples::rethrow() {
  if (pending)
    std::rethrow_exception(std::exchange(pending, nullptr));
}

//===----------------------------------------------------------------------===//
// Samples in files
//===----------------------------------------------------------------------===//

namespace {
/// Reads a file of samples for a program that wants to see each.
class SampleReader {
public:
  explicit SampleReader(SampleStream opened) : stream(std::move(opened)) {}
  SampleReader(const SampleReader &) = delete;
  SampleReader &operator=(const SampleReader &) = delete;

  int64_t getCount() const { return stream.getNumSamples(); }

  /// The arrays of the next sample, none at the end, or an error.
  std::pair<std::optional<nb::list>, std::optional<std::string>> next() {
    llvm::Expected<bool> more = stream.next(tensors);
    if (!more)
      return {std::nullopt, llvm::toString(more.takeError())};
    if (!*more)
      return {std::nullopt, std::nullopt};
    nb::list arrays;
    for (const Tensor &tensor : tensors)
      arrays.append(toArray(tensor));
    return {arrays, std::nullopt};
  }

private:
  static nb::object toArray(const Tensor &tensor) {
    auto *copy = new Tensor(tensor);
    nb::capsule owner(copy, [](void *pointer) noexcept {
      delete static_cast<Tensor *>(pointer);
    });
    SmallVector<size_t> shape(tensor.getShape());
    return nb::cast(nb::ndarray<nb::numpy>(
        copy->data(), shape.size(), shape.data(), owner, /*strides=*/nullptr,
        toDlpack(tensor.getDType())));
  }

  SampleStream stream;
  SmallVector<Tensor> tensors;
};
} // namespace

using MaybeReader = std::optional<std::shared_ptr<SampleReader>>;

static std::pair<MaybeReader, Messages> openSamples(const Model &model,
                                                    const std::string &path) {
  llvm::Expected<SampleStream> stream =
      SampleStream::open(path, model.getInputs());
  if (stream)
    return {std::make_shared<SampleReader>(std::move(*stream)), {}};
  return {
      std::nullopt,
      {makeErrorMessage("calibration: " + llvm::toString(stream.takeError()))}};
}

void qnt::bindSamples(nb::module_ &module) {
  nb::class_<PySamples>(module, "Samples",
                        "Samples that a function gives, under a path.")
      .def(nb::init<nb::object, const std::string &>(), nb::arg("next"),
           nb::arg("name"))
      .def_prop_ro("path", &PySamples::getPath);
  nb::class_<SampleReader>(module, "SampleReader", "A file of samples.")
      .def_prop_ro("count", &SampleReader::getCount)
      .def("next", &SampleReader::next);
  module.def("open_samples", &openSamples, nb::arg("model"), nb::arg("path"));
}
