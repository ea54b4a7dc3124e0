//===- CompiledModel.h - a model with a contract ----------------*- C++ -*-===//
//
// What compiled models of all kinds share: the contract as specs, and calls
// through its two functions.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TOOLS_QUANT_RUN_COMPILEDMODEL_H
#define QNT_TOOLS_QUANT_RUN_COMPILEDMODEL_H

#include "Model.h"
#include "qnt/Emit/Contract.h"

namespace mlir::qnt {

/// The contract of a .so or .o: `--contract`, or the .json beside it.
llvm::Expected<Contract> readContract(const RunOptions &options);

/// Inputs or outputs of a contract, as specs.
llvm::Expected<SmallVector<NamedSpec>>
toSpecs(ArrayRef<TensorContract> tensors);

/// A model that is called through the functions of its contract.
class ContractModel : public Model {
public:
  using InitFn = int (*)(int);
  using RunFn = int (*)(const void *const *, void *const *, void *);

  llvm::Error run(ArrayRef<Tensor> in, SmallVectorImpl<Tensor> &out) override;

protected:
  /// Checks the contract and initializes the model.
  llvm::Error start(const Contract &contract, void *init, void *run);
  llvm::Expected<Runner> makeRunner(ArrayRef<Tensor> in) override;

private:
  RunFn runFn = nullptr;
  int64_t arenaBytes = 0, arenaAlign = 1;
  std::shared_ptr<void> arena;
};

} // namespace mlir::qnt

#endif // QNT_TOOLS_QUANT_RUN_COMPILEDMODEL_H
