//===- GraphExporter.h - a function to an ONNX graph ------------*- C++ -*-===//
//
// tosa keeps channels last, ONNX has them second. A value of the function is
// therefore an ONNX tensor and the permutation between the two; transposes only
// change the permutation, and a node appears where an op insists on another
// one. Invariant: value = transpose(tensor, perm), so dimension `i` of the
// value is dimension `perm[i]` of the tensor.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXPORT_GRAPHEXPORTER_H
#define QNT_LIB_EXPORT_GRAPHEXPORTER_H

#include "OnnxGraph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Execution/Tensor.h"

namespace mlir::qnt::onnx_export {

using Perm = SmallVector<int64_t, 6>;

class GraphExporter {
public:
  explicit GraphExporter(OnnxGraph &graph) : graph(graph) {}

  LogicalResult run(func::FuncOp function);

  OnnxGraph &getGraph() { return graph; }

  /// The tensor that is `value` under this permutation.
  std::string use(Value value, ArrayRef<int64_t> perm);
  /// The tensor that has the value's own shape.
  std::string use(Value value) { return use(value, identity(value)); }
  /// The permutation that needs no node; that of `fallback` for constants.
  Perm getPerm(Value value);
  /// The same for an op on all of these.
  Perm getPerm(ValueRange values);

  void define(Value value, std::string name, ArrayRef<int64_t> perm);
  void define(Value value, std::string name) {
    define(value, std::move(name), identity(value));
  }
  /// `value` is transpose(source, perm).
  void alias(Value value, Value source, ArrayRef<int64_t> perm);

  /// The elements of a constant, dequantized or not; nothing for others. The
  /// second is the type of the stored integers, null for plain constants.
  std::optional<std::pair<Tensor, qnt::QuantizedType>> getConstant(Value value);
  /// DequantizeLinear or QuantizeLinear of `name`, whose axes lie as `perm`
  /// says.
  std::string addQuantization(StringRef op, const std::string &name,
                              qnt::QuantizedType type, ArrayRef<int64_t> shape,
                              ArrayRef<int64_t> perm, StringRef hint);

  /// Exports the ops of a block, up to its terminator.
  LogicalResult exportBlock(Block &block);

  static Perm identity(Value value);
  static Perm nchw() { return {0, 2, 3, 1}; }
  /// A name for what the op makes.
  static std::string hint(Operation *op);

private:
  struct Entry {
    std::string name;
    Perm perm;
  };

  /// The value that is stored, and how `value` lies in it.
  std::pair<Value, Perm> resolve(Value value);
  std::string addConstant(Value root, ArrayRef<int64_t> perm);
  LogicalResult addInputs(func::FuncOp function);
  LogicalResult addOutputs(func::FuncOp function);

  OnnxGraph &graph;
  /// The op that is exported, for names.
  Operation *current = nullptr;
  /// A value was used that has no tensor; a diagnostic has said so.
  bool isFailed = false;
  DenseMap<Value, SmallVector<Entry, 1>> entries;
  DenseMap<Value, std::pair<Value, Perm>> aliases;
};

/// Exports one op; emits a diagnostic on failure.
using ExportFn = LogicalResult (*)(GraphExporter &, Operation *);

/// The exporter of an op of that name, each file's own; null if it has none.
ExportFn findElementwise(StringRef name);
ExportFn findWindow(StringRef name);
ExportFn findShape(StringRef name);
ExportFn findQuantize(StringRef name);

/// True if the dimensions of `shape` longer than 1 come in the same order under
/// both permutations, so that the data do not move.
bool isSameOrder(ArrayRef<int64_t> shape, ArrayRef<int64_t> one,
                 ArrayRef<int64_t> other);

} // namespace mlir::qnt::onnx_export

#endif // QNT_LIB_EXPORT_GRAPHEXPORTER_H
