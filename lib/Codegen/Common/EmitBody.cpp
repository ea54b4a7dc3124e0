//===- EmitBody.cpp - the functions around the kernels --------------------===//
//
// The body is a straight line of calls on parts of the arena; the entry points
// are the C interface. Invariant: nothing but the caller's memory is written,
// so runs with different arenas may overlap.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "qnt/Codegen/Body.h"

using namespace mlir;
using namespace mlir::qnt;

std::string mlir::qnt::toSymbol(StringRef name) {
  std::string symbol;
  for (char c : name)
    symbol.push_back(llvm::isAlnum(c) ? c : '_');
  if (symbol.empty() || llvm::isDigit(symbol.front()))
    symbol.insert(symbol.begin(), '_');
  return symbol;
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

static MemRefType flatType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getNumElements(),
                         memoryType(tensor.getElementType()));
}

static MemRefType arenaType(MLIRContext *context, const PlanSize &size) {
  return MemRefType::get(size.arenaBytes, IntegerType::get(context, 8));
}

/// The argument types of the body: inputs, outputs, arena.
static SmallVector<Type> bodyTypes(Plan &plan, const PlanSize &size) {
  FunctionType type = plan.getEntry().getFunctionType();
  SmallVector<Type> types;
  for (Type input : type.getInputs())
    types.push_back(flatType(input));
  for (Type result : type.getResults())
    types.push_back(flatType(result));
  types.push_back(arenaType(type.getContext(), size));
  return types;
}

namespace {
/// Writes the calls of the body.
class BodyEmitter {
public:
  BodyEmitter(Plan &plan, func::FuncOp body)
      : plan(plan), body(body),
        b(plan.getEntry().getLoc(),
          OpBuilder::atBlockEnd(&body.getBody().front())) {}

  LogicalResult emitCall(const Step &step) {
    FailureOr<KernelCall> call = step.emit(plan.getKernels(), step);
    if (failed(call))
      return failure();
    b.setLoc(step.loc);
    auto types = call->kernel.getFunctionType().getInputs();
    SmallVector<Value> operands;
    auto next = [&] { return cast<MemRefType>(types[operands.size()]); };
    for (const View &input : step.inputs)
      operands.push_back(materialize(*input.buffer, next()));
    for (memref::GlobalOp constant : call->constants)
      operands.push_back(constantValue(constant));
    for (const View &output : step.outputs)
      operands.push_back(materialize(*output.buffer, next()));
    func::CallOp::create(b, call->kernel, operands);
    return success();
  }

  void finish() { func::ReturnOp::create(b); }

private:
  Value constantValue(memref::GlobalOp constant) {
    return memref::GetGlobalOp::create(b, constant.getType(),
                                       constant.getSymName());
  }

  /// The buffer as a memref of `type`.
  Value materialize(const Buffer &buffer, MemRefType type) {
    unsigned numInputs = plan.getEntry().getNumArguments();
    Value base;
    switch (buffer.place) {
    case Buffer::Place::Arena: {
      Value arena = body.getArguments().back();
      Value offset = indexConstant(b, buffer.offset);
      return memref::ViewOp::create(b, type, arena, offset, ValueRange{});
    }
    case Buffer::Place::Input:
      base = body.getArgument(buffer.index);
      break;
    case Buffer::Place::Output:
      base = body.getArgument(numInputs + buffer.index);
      break;
    case Buffer::Place::Constant:
      base = constantValue(buffer.constant);
      break;
    }
    if (base.getType() == type)
      return base;
    auto [strides, offset] = type.getStridesAndOffset();
    return memref::ReinterpretCastOp::create(b, type, base, offset,
                                             type.getShape(), strides);
  }

  Plan &plan;
  func::FuncOp body;
  ImplicitLocOpBuilder b;
};
} // namespace

FailureOr<func::FuncOp> mlir::qnt::emitBody(Plan &plan, const PlanSize &size,
                                            const BodyOptions &options) {
  ModuleOp module = plan.getKernels().getModule();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto body = func::FuncOp::create(
      builder, plan.getEntry().getLoc(), options.name + "_body",
      builder.getFunctionType(bodyTypes(plan, size), {}));
  body.setPrivate();
  body.addEntryBlock();
  BodyEmitter emitter(plan, body);
  for (const Step &step : plan.getSteps())
    if (failed(emitter.emitCall(step))) {
      body.erase();
      return failure();
    }
  emitter.finish();
  return body;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

namespace {
/// Writes `run`: checks, then the call of the body.
class RunEmitter {
public:
  RunEmitter(ImplicitLocOpBuilder &b, func::FuncOp body, func::FuncOp run,
             unsigned numInputs)
      : b(b), body(body), run(run), numInputs(numInputs),
        pointer(LLVM::LLVMPointerType::get(b.getContext())) {}

  /// `arena` is the pointer to use; the pointer arrays have been checked.
  void emit(Value arena) {
    SmallVector<Value> pointers;
    unsigned count = body.getNumArguments() - 1;
    for (unsigned i = 0; i < count; ++i) {
      bool isInput = i < numInputs;
      Value array = run.getArgument(isInput ? 0 : 1);
      int32_t index = static_cast<int32_t>(isInput ? i : i - numInputs);
      Value slot = LLVM::GEPOp::create(b, pointer, pointer, array,
                                       ArrayRef<LLVM::GEPArg>{index});
      pointers.push_back(LLVM::LoadOp::create(b, pointer, slot));
    }
    Value bad = isMisaligned(arena);
    for (Value each : pointers)
      bad = arith::OrIOp::create(b, bad, isNull(each));
    pointers.push_back(arena);
    auto check = scf::IfOp::create(
        b, bad,
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(b, ValueRange{status(kInvalid)});
        },
        [&](OpBuilder &, Location) {
          SmallVector<Value> operands;
          for (auto [value, type] :
               llvm::zip(pointers, body.getArgumentTypes()))
            operands.push_back(toMemRef(value, cast<MemRefType>(type)));
          func::CallOp::create(b, body, operands);
          scf::YieldOp::create(b, ValueRange{status(0)});
        });
    result = check.getResult(0);
  }

  Value isNull(Value value) {
    Value null = LLVM::ZeroOp::create(b, pointer);
    return LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, value, null);
  }
  Value status(int32_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  /// errno EINVAL, the same number on every system that we emit for.
  static constexpr int32_t kInvalid = 22;
  Value result;

private:
  Value isMisaligned(Value arena) {
    Value bits = LLVM::PtrToIntOp::create(b, b.getI64Type(), arena);
    Value mask =
        arith::ConstantOp::create(b, b.getI64IntegerAttr(kArenaAlign - 1));
    Value low = arith::AndIOp::create(b, bits, mask);
    Value zero = arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, low, zero);
  }

  /// A pointer as the memref that the bare pointer convention makes of it.
  Value toMemRef(Value value, MemRefType type) {
    Type word = b.getI64Type();
    Type array = LLVM::LLVMArrayType::get(word, 1);
    auto descriptor = LLVM::LLVMStructType::getLiteral(
        b.getContext(), {pointer, pointer, word, array, array});
    Value result = LLVM::PoisonOp::create(b, descriptor);
    auto insert = [&](Value element, ArrayRef<int64_t> at) {
      result = LLVM::InsertValueOp::create(b, result, element, at);
    };
    auto number = [&](int64_t value) {
      return LLVM::ConstantOp::create(b, word, b.getI64IntegerAttr(value));
    };
    insert(value, {0});
    insert(value, {1});
    insert(number(0), {2});
    insert(number(type.getDimSize(0)), {3, 0});
    insert(number(1), {4, 0});
    return UnrealizedConversionCastOp::create(b, TypeRange{type},
                                              ValueRange{result})
        .getResult(0);
  }

  ImplicitLocOpBuilder &b;
  func::FuncOp body, run;
  unsigned numInputs;
  Type pointer;
};
} // namespace

/// The arena to use: the caller's, or the object's own if it passed none.
static Value chooseArena(ImplicitLocOpBuilder &b, RunEmitter &emitter,
                         Value given, memref::GlobalOp own) {
  if (!own)
    return given;
  Value address =
      memref::GetGlobalOp::create(b, own.getType(), own.getSymName());
  Value index = memref::ExtractAlignedPointerAsIndexOp::create(b, address);
  Value word = arith::IndexCastOp::create(b, b.getI64Type(), index);
  Value pointer = LLVM::IntToPtrOp::create(b, given.getType(), word);
  return arith::SelectOp::create(b, emitter.isNull(given), pointer, given);
}

static memref::GlobalOp emitStaticArena(ImplicitLocOpBuilder &b,
                                        const PlanSize &size,
                                        const BodyOptions &options) {
  MemRefType type = arenaType(b.getContext(), size);
  return memref::GlobalOp::create(
      b, options.name + "_arena", b.getStringAttr("private"), type,
      b.getUnitAttr(), /*constant=*/false, b.getI64IntegerAttr(kArenaAlign));
}

static void emitInit(ImplicitLocOpBuilder &b, const BodyOptions &options) {
  Type i32 = b.getI32Type();
  auto init = func::FuncOp::create(b, options.name + "_init",
                                   b.getFunctionType({i32}, {i32}));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(init.addEntryBlock());
  auto number = [&](int32_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                         init.getArgument(0), number(0));
  Value status = arith::SelectOp::create(
      b, negative, number(RunEmitter::kInvalid), number(0));
  func::ReturnOp::create(b, status);
}

void mlir::qnt::emitEntryPoints(Plan &plan, func::FuncOp body,
                                const PlanSize &size,
                                const BodyOptions &options) {
  ModuleOp module = plan.getKernels().getModule();
  ImplicitLocOpBuilder b(plan.getEntry().getLoc(),
                         OpBuilder::atBlockEnd(module.getBody()));
  memref::GlobalOp arena;
  if (options.staticArena && size.arenaBytes > 0)
    arena = emitStaticArena(b, size, options);
  emitInit(b, options);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto run = func::FuncOp::create(
      b, options.name + "_run",
      b.getFunctionType({pointer, pointer, pointer}, {b.getI32Type()}));
  b.setInsertionPointToStart(run.addEntryBlock());
  RunEmitter emitter(b, body, run, plan.getEntry().getNumArguments());
  Value bad = arith::OrIOp::create(b, emitter.isNull(run.getArgument(0)),
                                   emitter.isNull(run.getArgument(1)));
  Value given = chooseArena(b, emitter, run.getArgument(2), arena);
  if (size.arenaBytes > 0)
    bad = arith::OrIOp::create(b, bad, emitter.isNull(given));
  auto check = scf::IfOp::create(
      b, bad,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b,
                             ValueRange{emitter.status(RunEmitter::kInvalid)});
      },
      [&](OpBuilder &, Location) {
        emitter.emit(given);
        scf::YieldOp::create(b, ValueRange{emitter.result});
      });
  func::ReturnOp::create(b, check.getResults());
  if (options.anyBatch) {
    b.setInsertionPointToEnd(module.getBody());
    emitBatchEntry(b, plan.getEntry().getFunctionType(), run, options);
  }
}
