//===- QntWriteReport.cpp - write the report ------------------------------===//
//
// Both files appear complete or not at all.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "mlir/Support/FileUtilities.h"
#include "qnt/Report/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTWRITEREPORT
#include "qnt/Report/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static LogicalResult writeFile(ModuleOp module, StringRef path,
                               StringRef text) {
  llvm::Error error = llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
    os << text;
    return llvm::Error::success();
  });
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
    uint64_t size = 0;
    bool hasObject =
        !objectFile.empty() && !llvm::sys::fs::file_size(objectFile, size);
    llvm::json::Object report =
        buildReport(module, hasObject ? static_cast<int64_t>(size) : -1);
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
