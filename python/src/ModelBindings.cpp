//===- ModelBindings.cpp - models and what is made of them ----------------===//
//
// Every call that may take long runs without Python's lock.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// What a call made, if it did, and what it said.
template <typename T> using Outcome = std::pair<std::optional<T>, Messages>;
} // namespace

template <typename T>
static Outcome<T> toOutcome(FailureOr<T> result, Messages messages) {
  if (failed(result))
    return {std::nullopt, std::move(messages)};
  return {std::move(*result), std::move(messages)};
}

static StringRef toRef(const nb::bytes &bytes) {
  return {static_cast<const char *>(bytes.data()), bytes.size()};
}

static Outcome<Model> loadModel(nb::bytes content, const std::string &path,
                                const std::string &inputShapes,
                                const std::string &externalDataDir,
                                const std::string &name,
                                const std::string &entry, bool isTrusted) {
  StringRef bytes = toRef(content);
  Messages messages;
  nb::gil_scoped_release release;
  // MLIR text must end in a zero; Python's bytes do.
  FailureOr<Model> model = Model::load(
      llvm::MemoryBufferRef(bytes, path),
      {inputShapes, externalDataDir, name, entry, isTrusted}, messages);
  return toOutcome(std::move(model), std::move(messages));
}

static Outcome<Model>
transformModel(const Model &model,
               const std::vector<std::pair<std::string, std::string>> &steps,
               PySamples *samples) {
  Messages messages;
  FailureOr<Model> result;
  {
    nb::gil_scoped_release release;
    SmallVector<PipelineStep> parsed;
    for (const auto &[name, options] : steps)
      parsed.push_back({name, options});
    result = model.transform(parsed, messages);
  }
  if (samples)
    samples->rethrow();
  return toOutcome(std::move(result), std::move(messages));
}

static Outcome<std::string> printModel(const Model &model, int64_t elideAbove) {
  Messages messages;
  nb::gil_scoped_release release;
  FailureOr<std::string> text = model.print(elideAbove, messages);
  return toOutcome(std::move(text), std::move(messages));
}

static Outcome<std::string> mergeTables(const std::string &text,
                                        const std::string &other) {
  Messages messages;
  nb::gil_scoped_release release;
  FailureOr<std::string> merged = mergeCalibrationTables(text, other, messages);
  return toOutcome(std::move(merged), std::move(messages));
}

static const char *kindOf(const Model &model) {
  switch (model.getKind()) {
  case ModelKind::Float:
    return "float";
  case ModelKind::Integer:
    return "integer";
  case ModelKind::Lowered:
    return "lowered";
  }
  llvm_unreachable("a kind of model");
}

static std::string messageFor(const std::string &what) {
  return makeErrorMessage(what).text;
}

void qnt::bindModel(nb::module_ &module) {
  nb::class_<Model>(module, "Model", "A module as MLIR bytecode.")
      .def_prop_ro(
          "inputs",
          [](const Model &model) { return toPython(model.getInputs()); })
      .def_prop_ro(
          "outputs",
          [](const Model &model) { return toPython(model.getOutputs()); })
      .def_prop_ro("entry",
                   [](const Model &model) { return model.getEntry().str(); })
      .def_prop_ro("kind", &kindOf, "'float', 'integer' or 'lowered'.")
      .def_prop_ro(
          "bytecode",
          [](const Model &model) { return toPython(model.getBytecode()); })
      .def("transform", &transformModel, nb::arg("steps"),
           nb::arg("samples").none() = nb::none(),
           "Runs passes, each a flag without dashes and its options.")
      .def("print", &printModel, nb::arg("elide_above") = 0,
           "MLIR text, without constants of more elements than that.");

  nb::class_<MemoryFolder>(module, "Folder", "Files for the passes.")
      .def(nb::init<>())
      .def("path", [](const MemoryFolder &folder,
                      const std::string &name) { return folder.path(name); })
      .def("write",
           [](MemoryFolder &folder, const std::string &name,
              const nb::bytes &content) {
             folder.write(name, toRef(content).str());
           })
      .def("read",
           [](const MemoryFolder &folder,
              const std::string &name) -> std::optional<nb::bytes> {
             std::optional<std::string> content = folder.read(name);
             if (!content)
               return std::nullopt;
             return toPython(*content);
           });

  module.def("load", &loadModel, nb::arg("content"), nb::arg("path"),
             nb::arg("input_shapes"), nb::arg("external_data_dir"),
             nb::arg("name"), nb::arg("entry"), nb::arg("trusted") = false);
  module.def("merge_tables", &mergeTables, nb::arg("table"), nb::arg("other"));
  module.def("error_text", &messageFor, nb::arg("what"));
}
