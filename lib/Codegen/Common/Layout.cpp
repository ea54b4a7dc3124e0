//===- Layout.cpp - tensors in memory and the keys of specs ---------------===//
//
// Layout arithmetic, and the text by which equal kernels are found. Invariant:
// a key names every field that changes the emitted code, so two specs with one
// key may share one function.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Kernel.h"

using namespace mlir;
using namespace mlir::qnt;

TensorLayout TensorLayout::dense(ArrayRef<int64_t> shape) {
  TensorLayout layout;
  size_t rank = shape.size();
  if (rank >= 1)
    layout.c = shape[rank - 1];
  if (rank >= 3)
    layout.w = shape[rank - 2];
  if (rank >= 4)
    layout.h = shape[rank - 3];
  // What w and h do not take is images: all but the last 1, 2, 3 dimensions.
  size_t kept = rank <= 2 ? 1 : rank == 3 ? 2 : 3;
  for (int64_t dim : shape.drop_back(std::min(kept, rank)))
    layout.n *= dim;
  layout.finalize();
  return layout;
}

void TensorLayout::finalize(int64_t channelPitch) {
  pixelPitch = std::max(c, channelPitch);
  rowPitch = (w + padLeft + padRight) * pixelPitch;
  imagePitch = (h + padTop + padBottom) * rowPitch;
  interiorOffset = padTop * rowPitch + padLeft * pixelPitch;
  bytes = n * imagePitch + kSlackBytes;
}

bool TensorLayout::isContiguous() const {
  return (pixelPitch == c || h * w * n == 1) &&
         (rowPitch == w * c || h * n == 1) &&
         (imagePitch == h * w * c || n == 1);
}

bool TensorLayout::operator==(const TensorLayout &other) const {
  return key() == other.key();
}

std::string TensorLayout::key() const {
  return llvm::formatv("{0}x{1}x{2}x{3}p{4},{5},{6}@{7}/{8}", n, h, w, c,
                       pixelPitch, rowPitch, imagePitch, interiorOffset, bytes);
}

std::string RescaleSpec::key() const {
  return llvm::formatv("r{0}m{1}i{2}o{3}[{4},{5}]a[{6},{7}]", int(rounding),
                       multipliers.size(), inputZp, outputZp, min, max, accMin,
                       accMax)
             .str() +
         (earlyZp ? "e" + std::to_string(*earlyZp) : std::string());
}

std::string ConvSpec::key() const {
  return llvm::formatv("{0}{1}x{2}s{3},{4}d{5},{6}p{7},{8},{9},{10}z{11}:{12}:"
                       "{13}:{14}",
                       depthwise ? "dw" : "conv", kh, kw, strideH, strideW,
                       dilationH, dilationW, padTop, padBottom, padLeft,
                       padRight, inputZp, in.key(), out.key(), rescale.key());
}
