//===- OpKernelTest.cpp - emitted ops equal the reference -----------------===//
//
// Property test: random ops of each kind, each instruction set, byte for byte
// against qnt::num. All cases of a kind are one model with many inputs and
// outputs, so one program runs them. QNT_TEST_SEED picks another seed; a
// failure prints the one it had.
//
//===----------------------------------------------------------------------===//

#include "OpCases.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "qnt/Codegen/Passes.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <cstdlib>

using namespace mlir;
using namespace mlir::qnt;
using namespace qnt_test;

static unsigned seed() {
  const char *text = std::getenv("QNT_TEST_SEED");
  return text ? unsigned(std::strtoul(text, nullptr, 10)) : 20261120u;
}

static constexpr size_t kAlign = 64;

/// A model of all cases: arguments are their operands, results their results.
static std::string modelText(const std::vector<OpCase> &cases,
                             const TestCpu &cpu) {
  std::vector<std::string> arguments, types, results;
  std::string body;
  for (auto [index, c] : llvm::enumerate(cases)) {
    for (auto [i, input] : llvm::enumerate(c.inputs))
      arguments.push_back(
          llvm::formatv("%c{0}_{1}: {2}", index, i, input.type()));
    types.push_back(c.output.type());
    results.push_back(llvm::formatv("%r{0}", index));
    body += c.text;
  }
  std::string typeList = llvm::join(types, ", ");
  return llvm::formatv(
      "module attributes {{qnt.target = #qnt.cpu_target<\"{0}\", \"\", "
      "\"{1}\">} {{\nfunc.func @model({2}) -> ({3}) {{\n{4}return {5} : {3}\n}"
      "\n}\n",
      cpu.triple, cpu.features, llvm::join(arguments, ", "), typeList, body,
      llvm::join(results, ", "));
}

/// Appends `bytes` at the next aligned offset, which it returns.
static size_t place(Bytes &memory, const Bytes &bytes) {
  size_t offset = llvm::alignTo(memory.size(), kAlign);
  memory.resize(offset);
  memory.insert(memory.end(), bytes.begin(), bytes.end());
  return offset;
}

/// Adds case0(input, output), which calls the model's body on parts of two
/// blocks; the arena is the end of the second.
static RunCase addDriver(ModuleOp module, const std::vector<OpCase> &cases,
                         std::vector<size_t> &outputOffsets) {
  RunCase run;
  std::vector<size_t> offsets;
  for (const OpCase &c : cases)
    for (const OpTensor &input : c.inputs)
      offsets.push_back(place(run.input, input.bytes));
  size_t numInputs = offsets.size();
  for (const OpCase &c : cases)
    offsets.push_back(
        place(run.output, Bytes(c.output.bytes.size(), kUntouched)));
  outputOffsets.assign(offsets.begin() + numInputs, offsets.end());
  auto body = module.lookupSymbol<func::FuncOp>("model_body");
  auto arena = cast<MemRefType>(body.getArgumentTypes().back());
  offsets.push_back(place(run.output, Bytes(size_t(arena.getNumElements()))));

  for (StringRef name : {"model_init", "model_run"})
    module.lookupSymbol(name)->erase();
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Location loc = module.getLoc();
  auto block = [&](const Bytes &bytes) -> Type {
    return MemRefType::get(int64_t(bytes.size()), b.getI8Type());
  };
  auto driver = func::FuncOp::create(
      b, loc, "case0",
      b.getFunctionType({block(run.input), block(run.output)}, {}));
  b.setInsertionPointToStart(driver.addEntryBlock());
  SmallVector<Value> operands;
  for (auto [i, type] : llvm::enumerate(body.getArgumentTypes())) {
    Value offset = arith::ConstantIndexOp::create(b, loc, int64_t(offsets[i]));
    operands.push_back(memref::ViewOp::create(
        b, loc, cast<MemRefType>(type),
        driver.getArgument(i < numInputs ? 0 : 1), offset, ValueRange{}));
  }
  func::CallOp::create(b, loc, body, operands);
  func::ReturnOp::create(b, loc);
  return run;
}

static void compare(const OpCase &c, const uint8_t *got) {
  const Bytes &want = c.output.bytes;
  auto difference = std::mismatch(want.begin(), want.end(), got);
  if (difference.first != want.end())
    ADD_FAILURE() << c.text << "byte " << difference.first - want.begin()
                  << " of " << want.size() << ": " << int(*difference.second)
                  << ", expected " << int(*difference.first);
}

static void check(const TestCpu &cpu, StringRef kind, unsigned count) {
  std::string reason = cpu.whyNot();
  if (!reason.empty())
    GTEST_SKIP() << reason;
  SCOPED_TRACE("QNT_TEST_SEED=" + std::to_string(seed()));
  OpMaker maker(seed() + unsigned(llvm::hash_value(kind) % 1000));
  std::vector<OpCase> cases;
  for (unsigned i = 0; i < count; ++i)
    cases.push_back(maker.make(kind, i));
  std::unique_ptr<MLIRContext> context = makeContext();
  context->loadDialect<linalg::LinalgDialect, tensor::TensorDialect,
                       tosa::TosaDialect>();
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(modelText(cases, cpu), context.get());
  ASSERT_TRUE(module) << modelText(cases, cpu);
  PassManager pm(context.get());
  pm.addPass(createEmitKernels());
  ASSERT_TRUE(succeeded(pm.run(*module)));
  std::vector<size_t> offsets;
  RunCase run = addDriver(*module, cases, offsets);
  RunResult result = runCases(*module, cpu, {run});
  ASSERT_EQ(result.error, "");
  for (auto [c, offset] : llvm::zip(cases, offsets))
    compare(c, result.outputs[0].data() + offset);
}

class OpKernel : public testing::TestWithParam<std::tuple<TestCpu, StringRef>> {
};
INSTANTIATE_TEST_SUITE_P(Cpus, OpKernel,
                         testing::Combine(testing::ValuesIn(testCpus()),
                                          testing::ValuesIn(OpMaker::kinds())),
                         [](const auto &info) {
                           return std::string(std::get<0>(info.param).name) +
                                  "_" + std::get<1>(info.param).str();
                         });

TEST_P(OpKernel, EqualsReference) {
  check(std::get<0>(GetParam()), std::get<1>(GetParam()), 12);
}
