//===- OpPage.cpp - the table of ops as a page ----------------------------===//
//
// Prints the op table as Markdown, one line per row, in the order of the names.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"

#include "qnt/Import/Onnx.h"

#include "llvm/ADT/StringExtras.h"

namespace mlir::qnt::onnx_import {

static void printRow(raw_ostream &os, const OpRow &row) {
  os << "| " << row.name << " | " << std::max<int64_t>(row.since, 1) << " to "
     << row.until << " | ";
  if (row.maxInputs == kVariadic)
    os << row.minInputs << " or more";
  else if (row.minInputs == row.maxInputs)
    os << row.minInputs;
  else
    os << row.minInputs << " to " << row.maxInputs;
  os << " | ";
  SmallVector<StringRef> entries;
  StringRef(row.attributes).split(entries, ' ', -1, /*KeepEmpty=*/false);
  llvm::sort(entries);
  llvm::interleave(
      entries, os, [&](StringRef entry) { os << entry.split(':').first; },
      ", ");
  os << " | " << (row.build ? "" : "constants only") << " |\n";
}

static void printTable(raw_ostream &os) {
  os << "| op | operator sets | inputs | attributes | remark |\n"
     << "|---|---|---|---|---|\n";
  SmallVector<const OpRow *> rows;
  for (const OpRow &row : allOps())
    rows.push_back(&row);
  llvm::sort(rows, [](const OpRow *a, const OpRow *b) {
    int order = StringRef(a->name).compare(b->name);
    return order != 0 ? order < 0 : a->since < b->since;
  });
  for (const OpRow *row : rows)
    printRow(os, *row);
}

} // namespace mlir::qnt::onnx_import

void mlir::qnt::printOnnxOps(raw_ostream &os) { onnx_import::printTable(os); }
