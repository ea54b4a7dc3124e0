//===- Messages.cpp - diagnostics as values -------------------------------===//
//
// Two handlers: the recorder sees a diagnostic first and notes what it is, then
// passes it on to the printer that quant-opt uses, too.
//
//===----------------------------------------------------------------------===//

#include "qnt/Api/Messages.h"
#include "qnt/Support/MemoryFiles.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnt;

static StringRef stringify(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  llvm_unreachable("a severity of MLIR");
}

Message qnt::makeErrorMessage(const Twine &what) {
  std::string text = stripMemoryPrefixes(what.str());
  return {"error", "", text, "error: " + text};
}

MessageCollector::MessageCollector(MLIRContext *context, Messages &messages)
    : messages(messages), stream(printed), printer(sources, context, stream),
      recorder(context, [this](Diagnostic &diagnostic) {
        finishLast();
        Message message;
        message.severity = stringify(diagnostic.getSeverity()).str();
        if (!isa<UnknownLoc>(diagnostic.getLocation())) {
          llvm::raw_string_ostream place(message.location);
          place << diagnostic.getLocation();
        }
        message.summary = stripMemoryPrefixes(diagnostic.str());
        this->messages.push_back(std::move(message));
        isOpen = true;
        // Not handled: the printer comes next.
        return failure();
      }) {}

MessageCollector::~MessageCollector() { finishLast(); }

/// What has been printed since is the text of the last message.
void MessageCollector::finishLast() {
  if (isOpen)
    messages.back().text = stripMemoryPrefixes(StringRef(printed).rtrim('\n'));
  printed.clear();
  isOpen = false;
}
