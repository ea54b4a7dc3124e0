//===- Nest.cpp - loop nests over strided operands ------------------------===//
//
// Dimensions that all operands walk alike are merged first, so a dense tensor
// of any rank is one loop. Invariant: the order of elements never matters to a
// caller, since each output element is written once.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Nest.h"

using namespace mlir;
using namespace mlir::qnt;

std::string Access::key() const {
  return llvm::formatv("@{0}({1:$[,]})", offset,
                       llvm::make_range(strides.begin(), strides.end()));
}

Value mlir::qnt::indexConstant(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value mlir::qnt::addConstant(ImplicitLocOpBuilder &b, Value base,
                             int64_t value) {
  if (value == 0)
    return base;
  return b.createOrFold<arith::AddIOp>(base, indexConstant(b, value));
}

Value mlir::qnt::addScaled(ImplicitLocOpBuilder &b, Value base, Value index,
                           int64_t factor) {
  if (factor == 0)
    return base;
  Value product =
      factor == 1
          ? index
          : b.createOrFold<arith::MulIOp>(index, indexConstant(b, factor));
  return b.createOrFold<arith::AddIOp>(base, product);
}

void mlir::qnt::emitLoop(ImplicitLocOpBuilder &b, int64_t count, int64_t step,
                         function_ref<void(Value)> body) {
  if (count <= step) {
    if (count > 0)
      body(indexConstant(b, 0));
    return;
  }
  auto loop = scf::ForOp::create(
      b, indexConstant(b, 0), indexConstant(b, count), indexConstant(b, step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void mlir::qnt::emitStretches(ImplicitLocOpBuilder &b, int64_t size,
                              int64_t lanes,
                              function_ref<void(Value, int64_t)> body) {
  int64_t whole = size / lanes * lanes;
  emitLoop(b, whole, lanes, [&](Value index) { body(index, lanes); });
  for (int64_t at = whole, width = lanes / 2; width > 0; width /= 2) {
    if (size - at < width)
      continue;
    body(indexConstant(b, at), width);
    at += width;
  }
}

Type mlir::qnt::laneType(Type element, int64_t lanes) {
  if (lanes == 1)
    return element;
  return VectorType::get(lanes, element);
}

Value mlir::qnt::splatLanes(ImplicitLocOpBuilder &b, Type element,
                            int64_t lanes, int64_t value) {
  Type type = laneType(element, lanes);
  TypedAttr attr = b.getIntegerAttr(element, value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(b, attr);
}

Value mlir::qnt::loadLanes(ImplicitLocOpBuilder &b, Value memref, Value index,
                           int64_t lanes, bool broadcast) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  Type type = laneType(element, lanes);
  if (!broadcast && lanes > 1)
    return vector::LoadOp::create(b, cast<VectorType>(type), memref,
                                  ValueRange{index});
  Value scalar = memref::LoadOp::create(b, memref, ValueRange{index});
  if (lanes == 1)
    return scalar;
  return vector::BroadcastOp::create(b, type, scalar);
}

void mlir::qnt::storeLanes(ImplicitLocOpBuilder &b, Value value, Value memref,
                           Value index) {
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(b, value, memref, ValueRange{index});
  else
    memref::StoreOp::create(b, value, memref, ValueRange{index});
}

namespace {

/// The dimensions of a nest while they are merged: strides[operand][dim].
struct Shape {
  SmallVector<int64_t> dims;
  SmallVector<SmallVector<int64_t>> strides;

  bool canMerge(size_t dim) const {
    return llvm::all_of(strides, [&](ArrayRef<int64_t> s) {
      return s[dim] == s[dim + 1] * dims[dim + 1];
    });
  }
  void erase(size_t dim) {
    dims.erase(dims.begin() + dim);
    for (SmallVector<int64_t> &s : strides)
      s.erase(s.begin() + dim);
  }
};

/// Drops dimensions of 1 and merges those that follow each other in memory.
void simplify(Shape &shape) {
  for (size_t dim = shape.dims.size(); dim-- > 0;)
    if (shape.dims[dim] == 1)
      shape.erase(dim);
  for (size_t dim = shape.dims.size(); dim-- > 1;) {
    if (!shape.canMerge(dim - 1))
      continue;
    shape.dims[dim] *= shape.dims[dim - 1];
    shape.erase(dim - 1);
  }
  if (shape.dims.empty()) {
    shape.dims.push_back(1);
    for (SmallVector<int64_t> &s : shape.strides)
      s.push_back(1);
  }
}

/// Emits the loops of one nest.
class NestEmitter {
public:
  NestEmitter(ImplicitLocOpBuilder &b, Shape shape, int64_t lanes,
              NestIndices body)
      : b(b), shape(std::move(shape)), lanes(lanes), body(body) {
    for (const SmallVector<int64_t> &s : this->shape.strides)
      if (s.back() != 0 && s.back() != 1)
        this->lanes = 1;
  }

  void emitLevel(size_t dim, ArrayRef<Value> bases) {
    if (dim + 1 < shape.dims.size()) {
      emitLoop(b, shape.dims[dim], 1, [&](Value index) {
        emitLevel(dim + 1, advance(bases, dim, index));
      });
      return;
    }
    emitStretches(b, shape.dims[dim], lanes, [&](Value index, int64_t width) {
      body(b, advance(bases, dim, index), width);
    });
  }

private:
  SmallVector<Value> advance(ArrayRef<Value> bases, size_t dim, Value index) {
    SmallVector<Value> result;
    for (auto [operand, base] : llvm::enumerate(bases))
      result.push_back(addScaled(b, base, index, shape.strides[operand][dim]));
    return result;
  }

  ImplicitLocOpBuilder &b;
  Shape shape;
  int64_t lanes;
  NestIndices body;
};

Shape makeShape(ArrayRef<int64_t> dims, ArrayRef<Access> accesses) {
  Shape shape{SmallVector<int64_t>(dims), {}};
  for (const Access &access : accesses)
    shape.strides.push_back(access.strides);
  simplify(shape);
  return shape;
}

} // namespace

void mlir::qnt::emitIndexNest(ImplicitLocOpBuilder &b, ArrayRef<int64_t> dims,
                              ArrayRef<Access> accesses, int64_t lanes,
                              NestIndices body) {
  SmallVector<Value> bases;
  for (const Access &access : accesses)
    bases.push_back(indexConstant(b, access.offset));
  NestEmitter(b, makeShape(dims, accesses), lanes, body).emitLevel(0, bases);
}

void mlir::qnt::emitNest(ImplicitLocOpBuilder &b, ArrayRef<int64_t> dims,
                         ArrayRef<NestOperand> inputs,
                         const NestOperand &output, int64_t lanes,
                         NestBody body) {
  SmallVector<Access> accesses;
  for (const NestOperand &input : inputs)
    accesses.push_back(input.access);
  accesses.push_back(output.access);
  Shape merged = makeShape(dims, accesses);
  emitIndexNest(
      b, dims, accesses, lanes,
      [&](ImplicitLocOpBuilder &b, ValueRange indices, int64_t width) {
        SmallVector<Value> vectors;
        for (auto [i, input] : llvm::enumerate(inputs))
          vectors.push_back(
              loadLanes(b, input.memref, indices[i], width,
                        width > 1 && merged.strides[i].back() == 0));
        Value result = body(b, vectors);
        storeLanes(b, result, output.memref, indices.back());
      });
}

Value mlir::qnt::emitReduction(ImplicitLocOpBuilder &b, int64_t count,
                               Value init,
                               function_ref<Value(Value, Value)> body) {
  constexpr int64_t mostUnrolled = 3;
  if (count <= mostUnrolled) {
    for (int64_t i = 0; i < count; ++i)
      init = body(indexConstant(b, i), init);
    return init;
  }
  auto loop =
      scf::ForOp::create(b, indexConstant(b, 0), indexConstant(b, count),
                         indexConstant(b, 1), ValueRange{init});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value next = body(loop.getInductionVar(), loop.getRegionIterArg(0));
  scf::YieldOp::create(b, next);
  return loop.getResult(0);
}
