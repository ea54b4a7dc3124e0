//===- Messages.h - diagnostics as values ----------------------*- C++ -*-===//
//
// What the compiler says, kept for a program that embeds it. Invariant: the
// text of a message is what quant-opt prints for the same diagnostic.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_API_MESSAGES_H
#define QNT_API_MESSAGES_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::qnt {

/// One diagnostic with its notes.
struct Message {
  /// "error", "warning" or "remark".
  std::string severity;
  /// Where, as MLIR prints locations; empty if nowhere.
  std::string location;
  /// What, without place and severity.
  std::string summary;
  /// All of it: place, severity, what, source line, notes.
  std::string text;
};

using Messages = std::vector<Message>;

/// A message that comes from no place in a model.
Message makeErrorMessage(const Twine &what);

/// Appends the diagnostics of a context to `messages` while it lives.
class MessageCollector {
public:
  MessageCollector(MLIRContext *context, Messages &messages);
  ~MessageCollector();

  /// Where source text may be registered, so that lines of it can be shown.
  llvm::SourceMgr &getSources() { return sources; }

private:
  void finishLast();

  Messages &messages;
  llvm::SourceMgr sources;
  std::string printed;
  llvm::raw_string_ostream stream;
  SourceMgrDiagnosticHandler printer;
  ScopedDiagnosticHandler recorder;
  bool isOpen = false;
};

} // namespace mlir::qnt

#endif // QNT_API_MESSAGES_H
