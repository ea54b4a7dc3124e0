//===- Table.h - calibration tables ----------------------------*- C++ -*-===//
//
// What calibration found, in a file that people can read and shards can be
// merged from. Invariant: a table is written the same way from the same states,
// and what is read back gives the same states, bit for bit.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CALIBRATE_TABLE_H
#define QNT_CALIBRATE_TABLE_H

#include "qnt/Dialect/IR/Qnt.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qnt {

/// One observed edge.
struct TableEdge {
  std::string name;
  ObserverAttrInterface observer;
  SmallVector<double, 0> state;
};

struct CalibrationTable {
  std::string modelSha256;
  int64_t samples = 0;
  SmallVector<TableEdge, 0> edges;

  const TableEdge *find(StringRef name) const;
};

/// Adds what `from`, named `name` in errors, found on the edges of `into`. Both
/// must be of the same model, and `from` must know all edges of `into` by the
/// same observers.
llvm::Error mergeTable(CalibrationTable &into, const CalibrationTable &from,
                       StringRef name);

/// The JSON text of a table.
std::string printTable(const CalibrationTable &table);

/// Parses JSON text; `name` is the file, for errors.
llvm::Expected<CalibrationTable> parseTable(StringRef text, StringRef name,
                                            MLIRContext *context);

/// Reads a file.
llvm::Expected<CalibrationTable> readTable(StringRef path,
                                           MLIRContext *context);

} // namespace mlir::qnt

#endif // QNT_CALIBRATE_TABLE_H
