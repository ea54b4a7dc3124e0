//===- ImportPacked.cpp - MatMulNBits -------------------------------------===//
//
// com.microsoft's product with a weight of 4 or 8 bits in blocks along K. The
// weight becomes a float constant; the bytes of it are read as ONNX Runtime
// packs them: [N, blocks, bytes of a block], the lower bits first.
//
//===----------------------------------------------------------------------===//

#include "InnerNode.h"
#include "OpTable.h"
#include "Quantization.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

namespace {
/// The attributes of the node and the sizes that follow from them.
struct Packing {
  int64_t k, n, bits, blockSize;
  int64_t blocks() const { return llvm::divideCeil(k, blockSize); }
  int64_t perByte() const { return 8 / bits; }
  /// The number at `index` of packed bytes.
  int64_t at(const HostTensor &bytes, int64_t row, int64_t rowBytes,
             int64_t index) const {
    int64_t byte = bytes.intAt(row * rowBytes + index / perByte());
    return byte >> (index % perByte() * bits) & ((1 << bits) - 1);
  }
};
} // namespace

static FailureOr<Packing> readPacking(NodeImporter &n) {
  Packing p{n.getInt("K", 0), n.getInt("N", 0), n.getInt("bits", 4),
            n.getInt("block_size", 0)};
  if (n.hasInput(4))
    return n.unsupported("input 4, 'g_idx', which permutes the rows");
  if (p.bits != 4 && p.bits != 8)
    return n.unsupported(llvm::formatv("weights of {0} bits", p.bits));
  if (p.k < 1 || p.n < 1 || p.k > kMaxDim || p.n > kMaxDim ||
      p.blockSize < p.perByte() || p.blockSize > kMaxDim ||
      p.blockSize % p.perByte() != 0)
    return n.invalid("K, N or block_size make no sense");
  const HostTensor *bytes = n.constantOf(1);
  HostTensorRef scales = n.floatConstantOf(2);
  if (!bytes || bytes->elem != Elem::UInt8 || !scales)
    return n.unsupported("weights or scales that are no constants");
  if (bytes->size() != p.n * p.blocks() * p.blockSize / p.perByte() ||
      scales->size() != p.n * p.blocks())
    return n.invalid("weights or scales have another size than K and N say");
  return p;
}

/// The zero points, one per block: in floats, packed, or half of the range.
static FailureOr<std::vector<float>> readZeroPoints(NodeImporter &n,
                                                    const Packing &p) {
  int64_t count = p.n * p.blocks();
  std::vector<float> zeros(count, static_cast<float>(1 << (p.bits - 1)));
  if (!n.hasInput(3))
    return zeros;
  const HostTensor *given = n.constantOf(3);
  if (!given)
    return n.unsupported("zero points that are no constants");
  int64_t rowBytes = llvm::divideCeil(p.blocks(), p.perByte());
  bool isPacked = given->elem == Elem::UInt8;
  if (given->size() != (isPacked ? p.n * rowBytes : count))
    return n.invalid("the zero points have another size than K and N say");
  for (int64_t i = 0; i < count; ++i)
    zeros[i] = isPacked ? p.at(*given, i / p.blocks(), rowBytes, i % p.blocks())
                        : static_cast<float>(given->at(i));
  return zeros;
}

/// The weight as [K, N].
static FailureOr<HostTensor> unpack(NodeImporter &n, const Packing &p) {
  FailureOr<std::vector<float>> zeros = readZeroPoints(n, p);
  if (failed(zeros) || failed(n.takeElements(p.k * p.n)))
    return failure();
  const HostTensor &bytes = *n.constantOf(1);
  HostTensorRef scales = n.floatConstantOf(2);
  HostTensor weight = HostTensor::zeros({p.k, p.n}, Elem::Float);
  int64_t rowBytes = p.blocks() * p.blockSize / p.perByte();
  for (int64_t row = 0; row < p.n; ++row)
    for (int64_t i = 0; i < p.k; ++i) {
      int64_t block = row * p.blocks() + i / p.blockSize;
      float difference =
          static_cast<float>(p.at(bytes, row, rowBytes, i)) - (*zeros)[block];
      weight.as<float>()[i * p.n + row] = difference * scales->floats()[block];
    }
  return weight;
}

LogicalResult buildMatMulNBits(NodeImporter &n) {
  FailureOr<Packing> packing = readPacking(n);
  if (failed(packing))
    return failure();
  FailureOr<HostTensor> weight = unpack(n, *packing);
  if (failed(weight))
    return failure();
  OnnxValue operands[] = {
      n.inputValue(0), OnnxValue(HostTensorRef(
                           std::make_shared<HostTensor>(std::move(*weight))))};
  FailureOr<OnnxValue> product = buildInner(n, "MatMul", operands);
  if (failed(product))
    return failure();
  if (n.hasInput(5)) {
    OnnxValue sum[] = {*product, n.inputValue(5)};
    product = buildInner(n, "Add", sum);
    if (failed(product))
      return failure();
  }
  n.setResult(0, *product);
  return success();
}

} // namespace mlir::qnt::onnx_import
