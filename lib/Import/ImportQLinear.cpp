//===- ImportQLinear.cpp - ops on stored numbers --------------------------===//
//
// QLinearConv, QLinearMatMul and the quantized ops of com.microsoft become
// their float op between dequantize and quantize. With `--quantize-int8` that
// becomes integer arithmetic again, by the rules of ONNX Runtime (N40 to N45).
//
//===----------------------------------------------------------------------===//

#include "InnerNode.h"
#include "OpTable.h"
#include "Quantization.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::qnt::onnx_import {

/// The type of a result: that of its zero point, else `otherwise`.
static Elem resultElem(NodeImporter &n, unsigned zeroPoint, Elem otherwise) {
  return n.hasInput(zeroPoint) ? n.elemOf(zeroPoint) : otherwise;
}

/// Stores `real` with the parameters of inputs `scale` and `scale + 1`.
static LogicalResult finish(NodeImporter &n, FailureOr<OnnxValue> real,
                            unsigned scale, Elem otherwise) {
  if (failed(real))
    return failure();
  OnnxValue *operand = &*real;
  NodeImporter view(n.node, n.opset, n.builder, n.loc, operand, n.getBudget(),
                    n.externalDir);
  FailureOr<Value> value = view.valueOf(0);
  if (failed(value))
    return n.unsupported(view.getReason());
  noteHome(n);
  return setQuantizedResult(n, *value, resultElem(n, scale + 1, otherwise),
                            {scale, scale + 1});
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// An int32 bias as real numbers: its scale is the product of the two others.
static FailureOr<OnnxValue> dequantizeBias(NodeImporter &n, unsigned bias,
                                           unsigned xScale, unsigned wScale) {
  if (!n.hasInput(bias))
    return OnnxValue();
  if (n.elemOf(bias) != Elem::Int32)
    return n.invalid("the bias is " + elementTypeName(n.elemOf(bias)) +
                     ", expected int32");
  HostTensorRef x = n.floatConstantOf(xScale), w = n.floatConstantOf(wScale);
  if (x && w && x->size() == 1 && w->size() > 0) {
    QuantSpec spec = perTensor(Elem::Int32, 1.0f, 0);
    spec.scales.clear();
    spec.zeroPoints.assign(w->size(), 0);
    for (float scale : w->floats())
      spec.scales.push_back(x->floats()[0] * scale);
    if (w->size() > 1) {
      if (n.rankOf(bias) != 1 || n.shapeOf(bias)[0] != w->size())
        return n.invalid("the bias has another size than the weight scales");
      spec.axis = 0;
    }
    return dequantize(n, n.inputValue(bias), spec);
  }
  return dequantizeBiasDynamic(n, bias, xScale, wScale);
}

LogicalResult buildQLinearConv(NodeImporter &n) {
  FailureOr<OnnxValue> x = dequantizeInput(n, 0, {1, 2});
  FailureOr<OnnxValue> w = dequantizeInput(n, 3, {4, 5, /*axis=*/0});
  if (failed(x) || failed(w))
    return failure();
  FailureOr<OnnxValue> bias = dequantizeBias(n, 8, 1, 4);
  if (failed(bias))
    return failure();
  OnnxValue inputs[] = {*x, *w, *bias};
  return finish(n, buildInner(n, "Conv", inputs), 6, n.elemOf(0));
}

LogicalResult buildQLinearMatMul(NodeImporter &n) {
  int64_t rows = std::max<int64_t>(n.rankOf(0) - 2, 0);
  int64_t columns = std::max<int64_t>(n.rankOf(3) - 1, 0);
  FailureOr<OnnxValue> a = dequantizeInput(n, 0, {1, 2, rows});
  FailureOr<OnnxValue> b = dequantizeInput(n, 3, {4, 5, columns});
  if (failed(a) || failed(b))
    return failure();
  OnnxValue inputs[] = {*a, *b};
  return finish(n, buildInner(n, "MatMul", inputs), 6, n.elemOf(0));
}

LogicalResult buildQGemm(NodeImporter &n) {
  bool transB = n.getInt("transB", 0) != 0;
  FailureOr<OnnxValue> a = dequantizeInput(n, 0, {1, 2});
  FailureOr<OnnxValue> b = dequantizeInput(n, 3, {4, 5, transB ? 0 : 1});
  if (failed(a) || failed(b))
    return failure();
  FailureOr<OnnxValue> bias = dequantizeBias(n, 6, 1, 4);
  if (failed(bias))
    return failure();
  OnnxValue inputs[] = {*a, *b, *bias};
  FailureOr<OnnxValue> product = buildInner(n, "Gemm", inputs);
  if (n.hasInput(7))
    return finish(n, product, 7, n.elemOf(0));
  if (failed(product))
    return failure();
  noteHome(n);
  n.setResult(0, *product);
  return success();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// QLinearAdd -> Add and the like.
static StringRef floatOp(NodeImporter &n) {
  return StringRef(n.node.op_type()).drop_front(strlen("QLinear"));
}

LogicalResult buildQLinearBinary(NodeImporter &n) {
  FailureOr<OnnxValue> a = dequantizeInput(n, 0, {1, 2});
  FailureOr<OnnxValue> b = dequantizeInput(n, 3, {4, 5});
  if (failed(a) || failed(b))
    return failure();
  OnnxValue inputs[] = {*a, *b};
  return finish(n, buildInner(n, floatOp(n), inputs), 6, n.elemOf(0));
}

LogicalResult buildQLinearWhere(NodeImporter &n) {
  FailureOr<OnnxValue> x = dequantizeInput(n, 1, {2, 3});
  FailureOr<OnnxValue> y = dequantizeInput(n, 4, {5, 6});
  if (failed(x) || failed(y))
    return failure();
  OnnxValue inputs[] = {n.inputValue(0), *x, *y};
  return finish(n, buildInner(n, "Where", inputs), 7, n.elemOf(1));
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

/// The operator set whose definition the float op has there.
static int64_t definitionOf(NodeImporter &n, StringRef op) {
  // Axes are attributes, and a softmax says itself which one it is.
  if (op == "ReduceMean")
    return 13;
  if (op == "Softmax")
    return std::max<int64_t>(n.getInt("opset", 13), 7);
  return 0;
}

/// Moves the channels of `value` to the front or back, if the node says so.
static FailureOr<Value> moveChannels(NodeImporter &n, Value value,
                                     bool toFront) {
  int64_t rank = shapeOf(value).size();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (rank < 3)
    return value;
  int64_t from = toFront ? rank - 1 : 1, to = toFront ? 1 : rank - 1;
  perm.erase(perm.begin() + from);
  perm.insert(perm.begin() + to, from);
  return n.transpose(value, perm);
}

LogicalResult buildQLinearUnary(NodeImporter &n) {
  StringRef op = floatOp(n);
  FailureOr<OnnxValue> x = dequantizeInput(n, 0, {1, 2});
  if (failed(x))
    return failure();
  bool channelsLast = n.getInt("channels_last", 0) != 0;
  if (channelsLast) {
    if (!x->value)
      return n.unsupported("a constant operand with channels_last");
    FailureOr<Value> moved = moveChannels(n, x->value, /*toFront=*/true);
    if (failed(moved))
      return failure();
    x->value = *moved;
  }
  FailureOr<OnnxValue> y = buildInner(n, op, *x, definitionOf(n, op));
  if (failed(y))
    return failure();
  if (channelsLast) {
    FailureOr<Value> moved = moveChannels(n, y->value, /*toFront=*/false);
    if (failed(moved))
      return failure();
    y->value = *moved;
  }
  return finish(n, y, 3, n.elemOf(0));
}

/// The largest of stored bytes: between a dequantize and a quantize of one
/// scheme, that of the model if it is known, nothing rounds.
LogicalResult buildAnyMaxPool(NodeImporter &n) {
  if (!n.isInteger(0))
    return buildMaxPool(n);
  Elem elem = n.elemOf(0);
  if (bitsOf(elem) != 8)
    return n.unsupported("input of type " + elementTypeName(elem));
  FailureOr<Value> stored = n.anyValueOf(0);
  if (failed(stored))
    return failure();
  QuantSpec spec = perTensor(elem, 1.0f, 0);
  if (auto cast = stored->getDefiningOp<StorageCastOp>()) {
    auto type = dyn_cast<mlir::qnt::QuantizedType>(
        getElementTypeOrSelf(cast.getInput().getType()));
    if (auto params = type ? type.getPerTensorParams() : std::nullopt)
      spec = perTensor(elem, params->first, params->second);
  }
  FailureOr<OnnxValue> real = dequantize(n, OnnxValue(*stored, elem), spec);
  if (failed(real))
    return failure();
  FailureOr<OnnxValue> largest = buildInner(n, "MaxPool", *real);
  if (failed(largest))
    return failure();
  FailureOr<OnnxValue> result = quantize(n, largest->value, spec);
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildQLinearConcat(NodeImporter &n) {
  if (n.numInputs() < 5 || (n.numInputs() - 2) % 3 != 0)
    return n.invalid("expected scale, zero point and triples of inputs");
  SmallVector<OnnxValue> inputs;
  for (unsigned i = 2; i < n.numInputs(); i += 3) {
    FailureOr<OnnxValue> x = dequantizeInput(n, i, {i + 1, i + 2});
    if (failed(x))
      return failure();
    inputs.push_back(*x);
  }
  return finish(n, buildInner(n, "Concat", inputs), 0, n.elemOf(2));
}

} // namespace mlir::qnt::onnx_import
