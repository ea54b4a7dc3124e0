//===- Report.h - the report as JSON and as text ---------------*- C++ -*-===//
//
// The JSON is the report; the text is a view of it, so the two can't disagree.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_REPORT_REPORT_H
#define QNT_LIB_REPORT_REPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

namespace mlir::qnt {

/// Everything the module's attributes say; `objectBytes` below 0: no object.
llvm::json::Object buildReport(ModuleOp module, int64_t objectBytes);

/// The report for people: summary, tensors, float ops.
std::string renderText(const llvm::json::Object &report);

} // namespace mlir::qnt

#endif // QNT_LIB_REPORT_REPORT_H
