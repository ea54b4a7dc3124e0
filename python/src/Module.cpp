//===- Module.cpp - the Python module _quantopt ---------------------------===//
//
// The part of the package quantopt that is not Python. Functions return their
// messages; the Python side raises.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"

#include "llvm/Support/ManagedStatic.h"

using namespace mlir;
using namespace mlir::qnt;

std::vector<PySpec> qnt::toPython(ArrayRef<NamedSpec> specs) {
  std::vector<PySpec> result;
  for (const NamedSpec &spec : specs) {
    nb::list shape;
    for (int64_t size : spec.spec.shape)
      shape.append(size);
    result.emplace_back(spec.name, stringify(spec.spec.dtype).str(),
                        nb::tuple(shape));
  }
  return result;
}

nb::bytes qnt::toPython(StringRef bytes) {
  return nb::bytes(bytes.data(), bytes.size());
}

NB_MODULE(_quantopt, module) {
  // Objects that live to the end of the process are no fault.
  nb::set_leak_warnings(false);
  module.doc() = "The compiler behind the package quantopt.";
  nb::class_<Message>(module, "Message", "A diagnostic of the compiler.")
      .def_ro("severity", &Message::severity, "'error', 'warning' or 'remark'.")
      .def_ro("location", &Message::location, "Where; may be empty.")
      .def_ro("summary", &Message::summary, "What, without the place.")
      .def_ro("text", &Message::text, "As the command prints it.")
      .def("__repr__", [](const Message &message) { return message.text; })
      .def("__getstate__",
           [](const Message &message) {
             return std::make_tuple(message.severity, message.location,
                                    message.summary, message.text);
           })
      .def("__setstate__",
           [](Message &message,
              const std::tuple<std::string, std::string, std::string,
                               std::string> &state) {
             new (&message) Message{std::get<0>(state), std::get<1>(state),
                                    std::get<2>(state), std::get<3>(state)};
           });
  bindModel(module);
  bindSamples(module);
  bindExecutable(module);
}
