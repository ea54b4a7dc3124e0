//===- QntWriteReport.cpp - write the report ------------------------------===//
//
// Both files appear complete or not at all.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "qnt/Report/Passes.h"
#include "qnt/Support/MemoryFiles.h"
#include "qnt/Support/OutputFiles.h"
#include "llvm/Support/Path.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTWRITEREPORT
#include "qnt/Report/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// Bytes of the file; -1 if there is none.
static int64_t sizeOf(StringRef path) {
  if (path.empty())
    return -1;
  auto buffer = readFile(path);
  if (buffer)
    return (*buffer)->getBufferSize();
  llvm::consumeError(buffer.takeError());
  return -1;
}

static LogicalResult writeFile(ModuleOp module, StringRef path,
                               StringRef text) {
  OutputFiles files;
  llvm::Error error = files.add(path, text);
  if (!error)
    error = files.commit();
  if (!error)
    return success();
  return module.emitError() << "cannot write report '" << path
                            << "': " << llvm::toString(std::move(error));
}

namespace {
struct QntWriteReportPass : qnt::impl::QntWriteReportBase<QntWriteReportPass> {
  using QntWriteReportBase::QntWriteReportBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (file.empty()) {
      module.emitError() << "expected file to name the report";
      return signalPassFailure();
    }
    llvm::json::Object report = buildReport(module, sizeOf(objectFile));
    std::string text = renderText(report);
    std::string json =
        llvm::formatv("{0:2}\n", llvm::json::Value(std::move(report)));
    SmallString<128> textFile(StringRef(file.getValue()));
    llvm::sys::path::replace_extension(textFile, "txt");
    if (textFile == file.getValue())
      textFile += ".txt";
    if (failed(writeFile(module, file, json)) ||
        failed(writeFile(module, textFile, text)))
      return signalPassFailure();
    numBytes += json.size() + text.size();
  }
};
} // namespace
