//===- Model.h - models for a program that embeds the compiler --*- C++ -*-===//
//
// The compiler without files and without MLIR types: models in, models and
// products out. Invariant: a Model never changes and owns all it needs, so any
// thread may use any model at any time.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_API_MODEL_H
#define QNT_API_MODEL_H

#include "qnt/Api/Messages.h"
#include "qnt/Emit/Contract.h"
#include "qnt/Execution/SampleStream.h"
#include "llvm/Support/MemoryBuffer.h"

namespace mlir::qnt {

/// How to read a model where its file leaves a choice.
struct LoadOptions {
  /// `x:1x3x224x224,y:1x10`; ONNX and TFLite only.
  std::string inputShapes;
  /// Where the external weights of an ONNX model lie; empty: beside it.
  std::string externalDataDir;
  /// Name of the function and of the symbols; empty: made from the file name.
  std::string name;
  /// The function of an MLIR module; empty: the only public one.
  std::string entry;
  /// The bytes come from Model::getBytecode and need no check.
  bool isTrusted = false;
};

/// What kind of arithmetic a module holds, hence what can be done with it.
enum class ModelKind {
  /// Float, or float with quantize and dequantize.
  Float,
  /// Integer arithmetic of qnt on tensors.
  Integer,
  /// The LLVM dialect with a contract.
  Lowered
};

/// A pass or pipeline by its flag without dashes, with its options as on the
/// command line.
struct PipelineStep {
  std::string name, options;
};

/// A module, held as MLIR bytecode.
class Model {
public:
  /// Reads ONNX, TFLite, MLIR text or bytecode; the name of the buffer is its
  /// path, for messages.
  static FailureOr<Model> load(llvm::MemoryBufferRef buffer,
                               const LoadOptions &options, Messages &messages);

  ArrayRef<NamedSpec> getInputs() const { return inputs; }
  ArrayRef<NamedSpec> getOutputs() const { return outputs; }
  StringRef getEntry() const { return entry; }
  ModelKind getKind() const { return kind; }
  StringRef getBytecode() const { return *bytecode; }

  /// Runs the steps on a copy. Their files may lie in a MemoryFolder, their
  /// samples behind a SampleSourcePath.
  FailureOr<Model> transform(ArrayRef<PipelineStep> steps,
                             Messages &messages) const;

  /// MLIR text; constants of more than `elideAbove` elements are left out
  /// (0: none).
  FailureOr<std::string> print(int64_t elideAbove, Messages &messages) const;

private:
  static FailureOr<Model> fromModule(ModuleOp module, StringRef entry);
  LogicalResult readFunction(ModuleOp module, StringRef name);
  LogicalResult readContract(ModuleOp module);

  std::shared_ptr<const std::string> bytecode;
  SmallVector<NamedSpec> inputs, outputs;
  std::string entry;
  ModelKind kind = ModelKind::Float;
};

/// Inputs or outputs as the contract of compiled code names them.
llvm::Expected<SmallVector<NamedSpec>>
toSpecs(ArrayRef<TensorContract> tensors);

/// The calibration table in `text` with the states of `other` added.
FailureOr<std::string> mergeCalibrationTables(StringRef text, StringRef other,
                                              Messages &messages);

/// The module of a model, in a context of its own, for code that needs MLIR.
class ModelReader {
public:
  ModelReader(const Model &model, Messages &messages);

  /// False if the bytecode could not be read; there is a message then.
  explicit operator bool() const { return module && function; }
  ModuleOp getModule() const { return *module; }
  FunctionOpInterface getFunction() const { return function; }

private:
  std::unique_ptr<MLIRContext> context;
  MessageCollector collector;
  OwningOpRef<ModuleOp> module;
  FunctionOpInterface function;
};

} // namespace mlir::qnt

#endif // QNT_API_MODEL_H
