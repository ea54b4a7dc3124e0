//===- ExecutableBindings.cpp - models that run on numpy arrays -----------===//
//
// The model reads and writes the arrays' own memory. Invariant: nothing runs
// before every array was found to have the layout that the code assumes.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"

using namespace mlir;
using namespace mlir::qnt;

nb::dlpack::dtype qnt::toDlpack(DType dtype) {
  using Code = nb::dlpack::dtype_code;
  auto make = [&](Code code) {
    return nb::dlpack::dtype{static_cast<uint8_t>(code),
                             static_cast<uint8_t>(getByteWidth(dtype) * 8), 1};
  };
  StringRef name = stringify(dtype);
  if (name == "bool")
    return make(Code::Bool);
  if (name.starts_with("uint"))
    return make(Code::UInt);
  return make(name.starts_with("int") ? Code::Int : Code::Float);
}

template <typename ArrayT> static bool isRowMajor(const ArrayT &array) {
  int64_t stride = 1;
  for (size_t i = array.ndim(); i-- > 0;) {
    if (array.shape(i) != 1 && array.stride(i) != stride)
      return false;
    stride *= array.shape(i);
  }
  return true;
}

template <typename ArrayT>
void qnt::checkArray(const ArrayT &array, const NamedSpec &spec, size_t count) {
  auto fail = [&](const Twine &what) {
    throw nb::value_error(
        ("array '" + Twine(spec.name) + "' " + what).str().c_str());
  };
  DType dtype = spec.spec.dtype;
  if (array.dtype() != toDlpack(dtype))
    fail("must have dtype " + stringify(dtype));
  if (array.size() != count * spec.spec.getNumElements())
    fail("must have " + Twine(count * spec.spec.getNumElements()) +
         " elements, has " + Twine(array.size()));
  if (!isRowMajor(array))
    fail("must be contiguous");
  if (reinterpret_cast<uintptr_t>(array.data()) % getByteWidth(dtype) != 0)
    fail("must be aligned to its elements");
}

template void qnt::checkArray(const PyInput &, const NamedSpec &, size_t);
template void qnt::checkArray(const PyOutput &, const NamedSpec &, size_t);

/// The addresses of the arrays' elements, and how far to the next run's.
template <typename PointerT> struct Buffers {
  SmallVector<PointerT> pointers;
  SmallVector<int64_t> steps;

  template <typename ArrayT>
  Buffers(const std::vector<ArrayT> &arrays, ArrayRef<NamedSpec> specs,
          size_t count) {
    if (arrays.size() != specs.size())
      throw nb::value_error(("expected " + Twine(specs.size()) +
                             " arrays, found " + Twine(arrays.size()))
                                .str()
                                .c_str());
    for (auto [array, spec] : llvm::zip_equal(arrays, specs)) {
      checkArray(array, spec, count);
      pointers.push_back(
          const_cast<PointerT>(static_cast<const void *>(array.data())));
      steps.push_back(spec.spec.getNumBytes());
    }
  }

  void advance() {
    for (auto [pointer, step] : llvm::zip_equal(pointers, steps))
      pointer = (char *)pointer + step;
  }
};

/// Runs `count` times along the first axes; the error, or nothing.
static std::optional<std::string> runModel(Executable &executable,
                                           const std::vector<PyInput> &inputs,
                                           const std::vector<PyOutput> &outputs,
                                           size_t count) {
  Buffers<const void *> in(inputs, executable.getInputs(), count);
  Buffers<void *> out(outputs, executable.getOutputs(), count);
  nb::gil_scoped_release release;
  for (size_t i = 0; i < count; ++i) {
    if (llvm::Error error = executable.run(in.pointers, out.pointers))
      return llvm::toString(std::move(error));
    in.advance();
    out.advance();
  }
  return std::nullopt;
}

using MaybeExecutable = std::optional<std::shared_ptr<Executable>>;

template <auto Make>
static std::pair<MaybeExecutable, Messages> makeFrom(const Model &model) {
  Messages messages;
  nb::gil_scoped_release release;
  FailureOr<std::shared_ptr<Executable>> made = Make(model, messages);
  MaybeExecutable result;
  if (succeeded(made))
    result = std::move(*made);
  return {std::move(result), std::move(messages)};
}

static std::pair<MaybeExecutable, Messages>
loadObject(const nb::bytes &object, const std::string &contract) {
  StringRef bytes(static_cast<const char *>(object.data()), object.size());
  nb::gil_scoped_release release;
  auto fail = [](llvm::Error error) -> std::pair<MaybeExecutable, Messages> {
    return {std::nullopt, {makeErrorMessage(llvm::toString(std::move(error)))}};
  };
  llvm::Expected<Contract> parsed = Contract::fromJson(contract);
  if (!parsed)
    return fail(parsed.takeError());
  auto executable = Executable::load(bytes, *parsed);
  if (!executable)
    return fail(executable.takeError());
  return {MaybeExecutable(std::move(*executable)), {}};
}

void qnt::bindExecutable(nb::module_ &module) {
  nb::class_<Executable>(module, "Executable", "A model that runs here.")
      .def_prop_ro("inputs",
                   [](const Executable &executable) {
                     return toPython(executable.getInputs());
                   })
      .def_prop_ro("outputs",
                   [](const Executable &executable) {
                     return toPython(executable.getOutputs());
                   })
      .def("run", &runModel, nb::arg("inputs"), nb::arg("outputs"),
           nb::arg("count") = 1,
           "Writes into the outputs; the error text, or None.");
  module.def("compile", &makeFrom<&Executable::compile>, nb::arg("model"));
  module.def("interpret", &makeFrom<&Executable::interpret>, nb::arg("model"));
  module.def("load_object", &loadObject, nb::arg("object"),
             nb::arg("contract"));
}
