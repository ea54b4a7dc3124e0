//===- X86Pack.cpp - accumulators to bytes by saturating packs ------------===//
//
// Vectors of a panel are packed in groups of 4, 2 or 1 per row, always four
// registers at a time: with narrower groups two or four rows share a pack, and
// one permute separates them.
//
//===----------------------------------------------------------------------===//

#include "X86Pack.h"

using namespace mlir;
using namespace mlir::qnt;

/// The packing group of vector `vector`: its first vector and its width.
static std::pair<int64_t, int64_t> packingGroup(int64_t vectors,
                                                int64_t vector) {
  int64_t first = 0;
  while (true) {
    int64_t left = vectors - first;
    int64_t width = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    if (vector < first + width)
      return {first, width};
    first += width;
  }
}

int64_t X86DotFamily::column(int64_t vectors, int64_t vector,
                             int64_t lane) const {
  auto [first, width] = packingGroup(vectors, vector);
  return first * figures.lanes + lane / 4 * 4 * width + 4 * (vector - first) +
         lane % 4;
}

//===----------------------------------------------------------------------===//
// Packs
//===----------------------------------------------------------------------===//

/// The intrinsic of this register width.
static StringRef byWidth(int64_t lanes, StringRef sse, StringRef avx2,
                         StringRef avx512) {
  return lanes == 4 ? sse : lanes == 8 ? avx2 : avx512;
}

/// Two i32 vectors to i16 with saturation, plus the stored zero point.
static Value packWords(ImplicitLocOpBuilder &b, Value low, Value high,
                       int32_t zp) {
  int64_t lanes = cast<VectorType>(low.getType()).getNumElements();
  VectorType words = VectorType::get(2 * lanes, b.getI16Type());
  Value packed = callIntrinsic(b, words,
                               byWidth(lanes, "llvm.x86.sse2.packssdw.128",
                                       "llvm.x86.avx2.packssdw",
                                       "llvm.x86.avx512.packssdw.512"),
                               {low, high});
  if (zp == 0)
    return packed;
  return callIntrinsic(b, words, "llvm.sadd.sat",
                       {packed, splatConstant(b, words, zp)});
}

static Value packBytes(ImplicitLocOpBuilder &b, Value low, Value high,
                       int64_t lanes, bool toUnsigned) {
  VectorType bytes = VectorType::get(4 * lanes, b.getI8Type());
  StringRef name =
      toUnsigned
          ? byWidth(lanes, "llvm.x86.sse2.packuswb.128",
                    "llvm.x86.avx2.packuswb", "llvm.x86.avx512.packuswb.512")
          : byWidth(lanes, "llvm.x86.sse2.packsswb.128",
                    "llvm.x86.avx2.packsswb", "llvm.x86.avx512.packsswb.512");
  return callIntrinsic(b, bytes, name, {low, high});
}

/// The clamp that the saturation of the packs does not do already.
static Value clampBytes(ImplicitLocOpBuilder &b, Value bytes,
                        const RescaleSpec &spec, const KernelTarget &target) {
  VectorType type = cast<VectorType>(bytes.getType());
  int32_t offset = target.storageOffset();
  auto bound = [&](int32_t value) {
    return splatConstant(b, type, value + offset);
  };
  bool isUnsigned = target.unsignedActivations;
  if (spec.min > -128)
    bytes = isUnsigned
                ? arith::MaxUIOp::create(b, bytes, bound(spec.min)).getResult()
                : arith::MaxSIOp::create(b, bytes, bound(spec.min)).getResult();
  if (spec.max < 127)
    bytes = isUnsigned
                ? arith::MinUIOp::create(b, bytes, bound(spec.max)).getResult()
                : arith::MinSIOp::create(b, bytes, bound(spec.max)).getResult();
  return bytes;
}

Value mlir::qnt::packFour(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                          const RescaleSpec &spec, const KernelTarget &target) {
  int64_t lanes = cast<VectorType>(scaled[0].getType()).getNumElements();
  int32_t zp = spec.outputZp + target.storageOffset();
  Value low = packWords(b, scaled[0], scaled[1], zp);
  Value high = scaled[0] == scaled[2] && scaled[1] == scaled[3]
                   ? low
                   : packWords(b, scaled[2], scaled[3], zp);
  Value bytes = packBytes(b, low, high, lanes, target.unsignedActivations);
  return clampBytes(b, bytes, spec, target);
}

//===----------------------------------------------------------------------===//
// Epilogue
//===----------------------------------------------------------------------===//

/// Vectors [first, first + width) of all rows.
void X86DotFamily::finishGroup(ImplicitLocOpBuilder &b,
                               ArrayRef<SmallVector<Value>> acc, int64_t first,
                               int64_t width, const DotOutput &output) const {
  int64_t lanes = figures.lanes, bytesPerRow = width * lanes;
  int64_t count = std::min(bytesPerRow, output.channels - first * lanes);
  SmallVector<RescaleOperands> multipliers;
  for (int64_t v = first; v < first + width; ++v)
    multipliers.push_back(loadMultiplier(
        b, output.parameters, output.parametersAt, lanes, v, output.spec));
  int64_t rowsPerPack = 4 / width, rows = acc.size();
  for (int64_t row = 0; row < rows; row += rowsPerPack) {
    int64_t used = std::min(rowsPerPack, rows - row);
    SmallVector<Value> scaled;
    for (int64_t r = row; r < row + used; ++r)
      for (int64_t v = 0; v < width; ++v)
        scaled.push_back(emitScale(b, acc[r][first + v], multipliers[v],
                                   output.spec, output.target));
    while (scaled.size() < 4) {
      Value repeated = scaled[scaled.size() - used * width];
      scaled.push_back(repeated);
    }
    Value packed = packFour(b, scaled, output.spec, output.target);
    // Units of `width` dwords: unit r of each 16-byte lane belongs to row r.
    Value units = bitcastVector(b, packed, lanes / width, 32 * width);
    for (int64_t r = 0; r < used; ++r) {
      Value mine = units;
      if (rowsPerPack > 1) {
        SmallVector<int64_t> mask;
        for (int64_t lane = 0; lane < lanes / 4; ++lane)
          mask.push_back(lane * rowsPerPack + r);
        mine = shuffle(b, units, units, mask);
      }
      storeFirst(b, bitcastVector(b, mine, bytesPerRow, 8), count, output.out,
                 output.rows[row + r] + first * lanes);
    }
  }
}

void X86DotFamily::finish(ImplicitLocOpBuilder &b,
                          ArrayRef<SmallVector<Value>> acc,
                          const DotOutput &output) const {
  int64_t vectors = acc.front().size();
  for (int64_t v = 0; v < vectors;) {
    auto [first, width] = packingGroup(vectors, v);
    if (first * figures.lanes < output.channels)
      finishGroup(b, acc, first, width, output);
    v += width;
  }
}
