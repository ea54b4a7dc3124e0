//===- Quantization.h - scales and zero points of ONNX ----------*- C++ -*-===//
//
// What the builders of quantized ops share: reading parameters, and going from
// stored integers to real numbers and back. Known parameters give qnt ops with
// complete schemes; parameters that only the run time knows give arithmetic of
// the same result.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_QUANTIZATION_H
#define QNT_LIB_IMPORT_QUANTIZATION_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// Where the parameters of one tensor stand among the inputs of a node, and how
/// they lie.
struct QuantInputs {
  unsigned scale;
  /// May be absent: zero.
  unsigned zeroPoint;
  /// The dimension that parameters of rank 1 vary along.
  int64_t axis = 1;
  /// Elements along `axis` that share parameters; 0 without blocks.
  int64_t blockSize = 0;
};

/// Parameters known at import.
struct QuantSpec {
  Elem elem = Elem::Int8;
  SmallVector<float> scales;
  SmallVector<int64_t> zeroPoints;
  /// Unset: per tensor.
  std::optional<int64_t> axis;
  int64_t blockSize = 0;
  /// Blocks: the shape of the scales.
  Shape blocks;
  /// The stored integers that are used, if not all.
  std::optional<std::pair<int64_t, int64_t>> range;
};

/// True if the parameters are constants.
bool isKnown(NodeImporter &n, const QuantInputs &inputs);

/// Reads constant parameters for a tensor of `shape` and checks that they fit.
FailureOr<QuantSpec> readSpec(NodeImporter &n, const QuantInputs &inputs,
                              Elem elem, ArrayRef<int64_t> shape);

/// Per tensor, from numbers.
QuantSpec perTensor(Elem elem, float scale, int64_t zeroPoint);

/// Real numbers of stored ones: of a constant, float32 that remembers its
/// integers (`HostTensor::stored`).
FailureOr<OnnxValue> dequantize(NodeImporter &n, const OnnxValue &stored,
                                const QuantSpec &spec);

/// Stored integers of the type `spec.elem`.
FailureOr<OnnxValue> quantize(NodeImporter &n, Value real,
                              const QuantSpec &spec);

/// The stored integers of a float32 constant, as the run time computes them.
HostTensor quantizeHost(const HostTensor &real, const QuantSpec &spec);

/// As the two above, with parameters that are not constants.
FailureOr<Value> dequantizeDynamic(NodeImporter &n, Value stored, Elem elem,
                                   const QuantInputs &inputs);
FailureOr<Value> quantizeDynamic(NodeImporter &n, Value real, Elem elem,
                                 const QuantInputs &inputs);

/// Input `i`, stored with the given parameters, as real numbers.
FailureOr<OnnxValue> dequantizeInput(NodeImporter &n, unsigned i,
                                     const QuantInputs &inputs);

/// `real` stored with parameters of the inputs of `n` as result 0.
LogicalResult setQuantizedResult(NodeImporter &n, Value real, Elem elem,
                                 const QuantInputs &inputs);

/// An int32 bias as real numbers, where a scale is not constant.
FailureOr<OnnxValue> dequantizeBiasDynamic(NodeImporter &n, unsigned bias,
                                           unsigned xScale, unsigned wScale);

/// Scale and zero point of uint8 for the range of a tensor at run time.
struct DynamicParams {
  Value scale;
  Value zeroPoint;
};
FailureOr<DynamicParams> chooseDynamicParams(NodeImporter &n, Value real);

/// `real` stored as uint8 with such parameters.
FailureOr<Value> quantizeWith(NodeImporter &n, Value real,
                              const DynamicParams &params);

/// Marks the module as one whose integers are ONNX Runtime's.
void noteHome(NodeImporter &n);

/// The smallest and largest integer of a type of at most 32 bits.
std::pair<int64_t, int64_t> rangeOf(Elem elem);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_QUANTIZATION_H
