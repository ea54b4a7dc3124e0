//===- Passes.h - passes of the report -------------------------*- C++ -*-===//
//
// What quantization did, for people and for tools. The passes read the IR and
// leave notes in one module attribute; only the last one writes files.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_REPORT_PASSES_H
#define QNT_REPORT_PASSES_H

#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

/// The module attribute that notes travel in: a dictionary with `tensors` and
/// `sqnr`, arrays of dictionaries.
constexpr StringLiteral kReportAttr = "qnt.report";

/// The module attribute that holds the float model as bytecode while a report
/// is wanted.
constexpr StringLiteral kFloatReferenceAttr = "qnt.float_reference";

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Report/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_REPORT_PASSES_H
