//===- Functions.h - functions that a model brings along --------*- C++ -*-===//
//
// A model may define ops of its own as graphs. A call is written out: the
// function becomes a graph in which the attributes of the call stand where the
// function refers to them.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_FUNCTIONS_H
#define QNT_LIB_IMPORT_FUNCTIONS_H

#include "OnnxProto.h"

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"

#include <string>

namespace mlir::qnt::onnx_import {

class FunctionTable {
public:
  /// Indexes the functions; false if two have one name, which `duplicate` then
  /// is. Overloads are told apart by their own field.
  bool add(const onnx::ModelProto &model, std::string &duplicate);
  /// The function that a node calls, or null.
  const onnx::FunctionProto *find(const onnx::NodeProto &node) const;

private:
  llvm::StringMap<const onnx::FunctionProto *> functions;
};

/// The function as a graph for one call. Inputs that the call leaves out are
/// left out by the nodes that read them.
onnx::GraphProto expandFunction(const onnx::FunctionProto &function,
                                const onnx::NodeProto &call);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_FUNCTIONS_H
