//===- KernelModule.cpp - kernels by key, constants by content ------------===//
//
// Invariant: symbols are numbered in order of creation, so the same plan gives
// the same module, byte for byte.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "qnt/Codegen/Kernel.h"

using namespace mlir;
using namespace mlir::qnt;

KernelModule::KernelModule(ModuleOp module, const KernelTarget &target,
                           StringRef prefix)
    : module(module), target(target), prefix(prefix) {}

MemRefType KernelModule::bufferType(const TensorLayout &layout) const {
  return MemRefType::get(layout.bytes, IntegerType::get(getContext(), 8));
}

memref::GlobalOp KernelModule::addGlobal(StringRef name,
                                         DenseElementsAttr value) {
  memref::GlobalOp &entry = constants[value];
  if (entry)
    return entry;
  RankedTensorType type = cast<RankedTensorType>(value.getType());
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  std::string symbol =
      llvm::formatv("{0}_{1}_{2}", prefix, name, constants.size() - 1);
  entry = memref::GlobalOp::create(
      builder, module.getLoc(), symbol, builder.getStringAttr("private"),
      MemRefType::get(type.getShape(), type.getElementType()), value,
      /*constant=*/true, builder.getI64IntegerAttr(64));
  constantTotal += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  return entry;
}

memref::GlobalOp KernelModule::addConstant(StringRef name,
                                           ArrayRef<int8_t> values) {
  auto type = RankedTensorType::get(int64_t(values.size()),
                                    IntegerType::get(getContext(), 8));
  return addGlobal(name, DenseElementsAttr::get(type, values));
}

memref::GlobalOp KernelModule::addConstant(StringRef name,
                                           ArrayRef<int32_t> values) {
  auto type = RankedTensorType::get(int64_t(values.size()),
                                    IntegerType::get(getContext(), 32));
  return addGlobal(name, DenseElementsAttr::get(type, values));
}

memref::GlobalOp KernelModule::addConstant(StringRef name,
                                           ArrayRef<float> values) {
  auto type = RankedTensorType::get(int64_t(values.size()),
                                    Float32Type::get(getContext()));
  return addGlobal(name, DenseElementsAttr::get(type, values));
}

memref::GlobalOp KernelModule::addConstant(StringRef name,
                                           DenseElementsAttr flat) {
  return addGlobal(name, flat);
}

FailureOr<func::FuncOp>
KernelModule::getOrCreateKernel(Location loc, StringRef stem, StringRef key,
                                TypeRange arguments, BodyBuilder body) {
  if (auto found = kernels.find(key); found != kernels.end())
    return found->second;
  ImplicitLocOpBuilder builder(loc, OpBuilder::atBlockEnd(module.getBody()));
  std::string symbol =
      llvm::formatv("{0}_{1}_k{2}", prefix, stem, kernels.size());
  auto kernel = func::FuncOp::create(builder, symbol,
                                     builder.getFunctionType(arguments, {}));
  kernel.setPrivate();
  // Without it, spilled vector registers lie at unaligned addresses.
  kernel->setAttr("passthrough",
                  builder.getArrayAttr({builder.getStringAttr("stackrealign"),
                                        builder.getStringAttr("noinline")}));
  Block *entry = kernel.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  if (failed(body(builder, entry->getArguments()))) {
    kernel.erase();
    return failure();
  }
  builder.setInsertionPointToEnd(entry);
  func::ReturnOp::create(builder);
  kernels.try_emplace(key, kernel);
  return kernel;
}
