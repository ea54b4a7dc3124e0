//===- TableLookup.cpp - 256-entry tables in vector registers -------------===//
//
// AVX512-VBMI and NEON look bytes up in tables that lie in registers; other
// targets load entry by entry. Invariant: a lane depends on its own byte alone,
// so short vectors are padded with anything.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "qnt/Codegen/Steps.h"

#include <numeric>

using namespace mlir;
using namespace mlir::qnt;

/// Lanes of one lookup; 0 where there is no such instruction.
static int64_t nativeLanes(const KernelTarget &target) {
  if (target.hasVbmi)
    return 64;
  return target.arch == Arch::AArch64 && !target.softFloat ? 16 : 0;
}

int64_t mlir::qnt::tableLanes(const KernelTarget &target) {
  constexpr int64_t unrolledLoads = 4;
  int64_t lanes = nativeLanes(target);
  return lanes > 0 ? lanes : unrolledLoads;
}

static Value loadEntry(ImplicitLocOpBuilder &b, Value table, Value byte) {
  Value index = arith::IndexCastUIOp::create(b, b.getIndexType(), byte);
  return memref::LoadOp::create(b, table, ValueRange{index});
}

static Value lookUpOneByOne(ImplicitLocOpBuilder &b, Value bytes, Value table) {
  auto type = dyn_cast<VectorType>(bytes.getType());
  if (!type)
    return loadEntry(b, table, bytes);
  SmallVector<Value> entries;
  for (int64_t lane = 0; lane < type.getNumElements(); ++lane)
    entries.push_back(
        loadEntry(b, table, vector::ExtractOp::create(b, bytes, lane)));
  return vector::FromElementsOp::create(b, type, entries);
}

/// Two permutations of 128 entries each; the top bit of the index chooses.
static Value lookUpVbmi(ImplicitLocOpBuilder &b, Value bytes, Value table) {
  Type type = bytes.getType();
  Value halves[2];
  for (int64_t half : {0, 1}) {
    Value low = loadVector(b, table, half * 128, 64);
    Value high = loadVector(b, table, half * 128 + 64, 64);
    halves[half] = callIntrinsic(b, type, "llvm.x86.avx512.vpermi2var.qi.512",
                                 {low, bytes, high});
  }
  Value zero = splatLanes(b, b.getI8Type(), 64, 0);
  Value upper =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, bytes, zero);
  return arith::SelectOp::create(b, upper, halves[1], halves[0]);
}

/// Four lookups in 64 entries each, which leave lanes beyond them alone.
static Value lookUpNeon(ImplicitLocOpBuilder &b, Value bytes, Value table) {
  Type type = bytes.getType();
  Value result;
  for (int64_t part = 0; part < 4; ++part) {
    SmallVector<Value> operands;
    if (result)
      operands.push_back(result);
    for (int64_t piece = 0; piece < 4; ++piece)
      operands.push_back(loadVector(b, table, part * 64 + piece * 16, 16));
    Value start =
        splatLanes(b, b.getI8Type(), 16, static_cast<int8_t>(part * 64));
    operands.push_back(arith::SubIOp::create(b, bytes, start));
    result = callIntrinsic(
        b, type, result ? "llvm.aarch64.neon.tbx4" : "llvm.aarch64.neon.tbl4",
        operands);
  }
  return result;
}

Value mlir::qnt::emitTableLookup(ImplicitLocOpBuilder &b, Value bytes,
                                 Value table, const KernelTarget &target) {
  auto type = dyn_cast<VectorType>(bytes.getType());
  int64_t lanes = nativeLanes(target);
  if (lanes == 0 || !type)
    return lookUpOneByOne(b, bytes, table);
  int64_t given = type.getNumElements();
  if (given < lanes) {
    SmallVector<int64_t> mask(lanes, 0);
    std::iota(mask.begin(), mask.begin() + given, 0);
    bytes = shuffle(b, bytes, bytes, mask);
  }
  Value result = target.hasVbmi ? lookUpVbmi(b, bytes, table)
                                : lookUpNeon(b, bytes, table);
  return given < lanes ? takeLanes(b, result, 0, given) : result;
}
