//===- X86Depthwise.cpp - depthwise convolution on vpdpbusd and pmaddwd ---===//
//
// The parts of a dword are taps of one channel: unpacks bring registers of
// channels into the form [channel][tap]. Unpacks and packs walk 16-byte lanes
// in the same order, so nothing is permuted back.
//
//===----------------------------------------------------------------------===//

#include "../Common/Depthwise.h"
#include "X86Pack.h"

using namespace mlir;
using namespace mlir::qnt;

/// vpunpck{l,h}{bw,wd}: interleaves units of `width` bytes of the low or high
/// half of each 16-byte lane.
static Value interleave(ImplicitLocOpBuilder &b, Value x, Value y, bool high,
                        int64_t width) {
  int64_t n = cast<VectorType>(x.getType()).getNumElements();
  SmallVector<int64_t> mask;
  for (int64_t lane = 0; lane < n; lane += 16)
    for (int64_t unit = 0; unit < 8; unit += width)
      for (int64_t from : {int64_t(0), n})
        for (int64_t i = 0; i < width; ++i)
          mask.push_back(from + lane + 8 * high + unit + i);
  return shuffle(b, x, y, mask);
}

namespace {

class X86Depthwise : public DepthwiseFamily {
public:
  explicit X86Depthwise(const KernelTarget &target) {
    lanes = target.lanes32();
    bytes = 4 * lanes;
    vectors = 4;
  }

  int64_t byteLane(int64_t vector, int64_t lane) const override {
    return 16 * (lane / 4) + 4 * vector + lane % 4;
  }
  Value narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
               const RescaleSpec &spec,
               const KernelTarget &target) const override {
    return packFour(b, scaled, spec, target);
  }
};

/// Four taps per dword, u8 times s8.
class VnniDepthwise : public X86Depthwise {
public:
  explicit VnniDepthwise(const KernelTarget &target) : X86Depthwise(target) {
    taps = 4;
  }

  void pack(std::vector<int8_t> &packed,
            function_ref<int8_t(int64_t, int64_t)> at) const override {
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t lane = 0; lane < lanes; ++lane)
        for (int64_t tap = 0; tap < taps; ++tap)
          packed.push_back(at(byteLane(v, lane), tap));
  }
  void accumulate(ImplicitLocOpBuilder &b, MutableArrayRef<Value> acc,
                  ArrayRef<Value> inputs, Value weights,
                  Offset at) const override {
    // What is missing meets zero weights; repeating keeps unpacks equal.
    int64_t n = inputs.size();
    Value low[2], high[2];
    for (int64_t pair = 0; pair < 2; ++pair) {
      Value x = inputs[2 * pair % n], y = inputs[(2 * pair + 1) % n];
      if (pair == 1 && n <= 2) {
        low[1] = low[0];
        high[1] = high[0];
        continue;
      }
      low[pair] = interleave(b, x, y, false, 1);
      high[pair] = interleave(b, x, y, true, 1);
    }
    for (int64_t v = 0; v < 4; ++v) {
      Value *half = v < 2 ? low : high;
      Value taps = interleave(b, half[0], half[1], v % 2 == 1, 2);
      Value w = loadVector(b, weights, at + v * bytes, bytes);
      StringRef name = lanes == 16 ? "llvm.x86.avx512.vpdpbusd.512"
                                   : "llvm.x86.avx512.vpdpbusd.256";
      acc[v] = callIntrinsic(b, acc[v].getType(), name, {acc[v], taps, w});
    }
  }
};

/// Two taps per dword, both widened to i16; weights are stored that way.
class MaddDepthwise : public X86Depthwise {
public:
  explicit MaddDepthwise(const KernelTarget &target) : X86Depthwise(target) {
    taps = 2;
  }

  int64_t stepBytes() const override { return vectors * lanes * 4; }
  void pack(std::vector<int8_t> &packed,
            function_ref<int8_t(int64_t, int64_t)> at) const override {
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t lane = 0; lane < lanes; ++lane)
        for (int64_t tap = 0; tap < taps; ++tap) {
          int8_t w = at(byteLane(v, lane), tap);
          packed.push_back(w);
          packed.push_back(w < 0 ? -1 : 0);
        }
  }
  void accumulate(ImplicitLocOpBuilder &b, MutableArrayRef<Value> acc,
                  ArrayRef<Value> inputs, Value weights,
                  Offset at) const override {
    VectorType words = VectorType::get(2 * lanes, b.getI16Type());
    StringRef name =
        lanes == 8 ? "llvm.x86.avx2.pmadd.wd" : "llvm.x86.sse2.pmadd.wd";
    for (int64_t v = 0; v < vectors; ++v) {
      // Equal unpacks of the four vectors become one.
      Value pairs = interleave(b, inputs.front(), inputs.back(), v >= 2, 1);
      Value twice = interleave(b, pairs, pairs, v % 2 == 1, 1);
      Value wide =
          arith::ShRSIOp::create(b, bitcastVector(b, twice, 2 * lanes, 16),
                                 splatConstant(b, words, 8));
      Value w = loadVector(b, weights, at + v * bytes, bytes);
      Value products =
          callIntrinsic(b, acc[v].getType(), name,
                        {wide, bitcastVector(b, w, 2 * lanes, 16)});
      acc[v] = arith::AddIOp::create(b, acc[v], products);
    }
  }
};

} // namespace

std::unique_ptr<DepthwiseFamily>
mlir::qnt::makeX86DepthwiseFamily(const KernelTarget &target) {
  if (target.isa == Isa::Avx512Vnni || target.isa == Isa::AvxVnni)
    return std::make_unique<VnniDepthwise>(target);
  return std::make_unique<MaddDepthwise>(target);
}
