//===- GraphExporter.cpp - a function to an ONNX graph --------------------===//
//
// Constants become initializers where they are used, already in the layout that
// the user wants, so weights never need a node.
//
//===----------------------------------------------------------------------===//

#include "GraphExporter.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::onnx_export;

//===----------------------------------------------------------------------===//
// Permutations
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

Perm GraphExporter::identity(Value value) {
  return llvm::to_vector<6>(
      llvm::seq<int64_t>(0, cast<ShapedType>(value.getType()).getRank()));
}

static Perm invert(ArrayRef<int64_t> perm) {
  Perm result(perm.size());
  for (auto [i, p] : llvm::enumerate(perm))
    result[p] = i;
  return result;
}

/// The shape of the tensor that a value of `shape` lies in.
static Perm storedShape(ArrayRef<int64_t> shape, ArrayRef<int64_t> perm) {
  Perm result(shape.size());
  for (auto [i, p] : llvm::enumerate(perm))
    result[p] = shape[i];
  return result;
}

bool qnt::onnx_export::isSameOrder(ArrayRef<int64_t> shape,
                                   ArrayRef<int64_t> one,
                                   ArrayRef<int64_t> other) {
  auto order = [&](ArrayRef<int64_t> perm) {
    Perm result;
    for (int64_t dimension : invert(perm))
      if (shape[dimension] != 1)
        result.push_back(dimension);
    return result;
  };
  return order(one) == order(other);
}

std::pair<Value, Perm> GraphExporter::resolve(Value value) {
  Perm perm = identity(value);
  while (true) {
    auto found = aliases.find(value);
    if (found == aliases.end())
      return {value, perm};
    // perm: outermost value -> value; step: value -> source.
    for (int64_t &p : perm)
      p = found->second.second[p];
    value = found->second.first;
  }
}

Perm GraphExporter::getPerm(Value value) {
  auto [root, inner] = resolve(value);
  auto found = entries.find(root);
  if (found == entries.end())
    return identity(value);
  Perm perm;
  for (int64_t p : inner)
    perm.push_back(found->second.front().perm[p]);
  return perm;
}

Perm GraphExporter::getPerm(ValueRange values) {
  for (Value value : values)
    if (!getConstant(value) && getPerm(value) != identity(value))
      return getPerm(value);
  return identity(values.front());
}

void GraphExporter::define(Value value, std::string name,
                           ArrayRef<int64_t> perm) {
  entries[value].push_back({std::move(name), Perm(perm)});
}

void GraphExporter::alias(Value value, Value source, ArrayRef<int64_t> perm) {
  aliases[value] = {source, Perm(perm)};
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

std::string GraphExporter::hint(Operation *op) {
  LocationAttr loc = op->getLoc();
  while (auto fused = dyn_cast<FusedLoc>(loc)) {
    if (fused.getLocations().empty())
      break;
    loc = fused.getLocations().front();
  }
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  return op->getName().stripDialect().str();
}

/// The elements; those of 4 bits in a byte each.
static std::optional<Tensor> getElements(ElementsAttr elements) {
  auto dense = dyn_cast<DenseIntElementsAttr>(elements);
  if (!dense || !dense.getElementType().isInteger(4))
    return Tensor::get(elements);
  Tensor tensor(DType::Int8, dense.getType().getShape());
  for (auto [to, value] :
       llvm::zip_equal(tensor.as<int8_t>(), dense.getValues<APInt>()))
    to = static_cast<int8_t>(value.getSExtValue());
  return tensor;
}

std::optional<std::pair<Tensor, qnt::QuantizedType>>
GraphExporter::getConstant(Value value) {
  Value root = resolve(value).first;
  qnt::QuantizedType type;
  if (auto dequantize = root.getDefiningOp<DequantizeOp>()) {
    root = dequantize.getInput();
    type = dyn_cast<qnt::QuantizedType>(getElementTypeOrSelf(root.getType()));
    while (auto cast = root.getDefiningOp<qnt::StorageCastOp>())
      root = cast.getInput();
  }
  ElementsAttr elements;
  if (!matchPattern(root, m_Constant(&elements)))
    return std::nullopt;
  std::optional<Tensor> tensor = getElements(elements);
  if (!tensor)
    return std::nullopt;
  return std::pair(std::move(*tensor), type);
}

/// The elements of a value of `shape` in the order of the tensor.
static std::vector<char> permute(ArrayRef<char> bytes, ArrayRef<int64_t> shape,
                                 ArrayRef<int64_t> perm, unsigned width) {
  Perm stored = storedShape(shape, perm), inverse = invert(perm);
  // Strides of the value, in the order of the tensor's dimensions.
  Perm strides(shape.size());
  int64_t stride = 1;
  for (int64_t i = shape.size(); i-- > 0; stride *= shape[i])
    strides[perm[i]] = stride;
  std::vector<char> result(bytes.size());
  Perm index(shape.size(), 0);
  int64_t from = 0;
  for (size_t to = 0; to < result.size(); to += width) {
    std::memcpy(&result[to], &bytes[from * width], width);
    for (int64_t d = shape.size(); d-- > 0;) {
      from += strides[d];
      if (++index[d] < stored[d])
        break;
      from -= strides[d] * stored[d];
      index[d] = 0;
    }
  }
  return result;
}

/// Scales (or zero points) of a block-wise scheme, whose tensor has a dimension
/// per dimension of the value.
template <typename T>
static std::string addParameters(OnnxGraph &graph, StringRef hint, int32_t type,
                                 ArrayRef<T> values, ArrayRef<int64_t> shape,
                                 ArrayRef<int64_t> perm) {
  ArrayRef<char> bytes(reinterpret_cast<const char *>(values.data()),
                       values.size() * sizeof(T));
  if (shape.empty())
    return graph.addConstant(hint, type, {}, bytes);
  if (shape.size() != perm.size())
    return graph.addConstant(hint, type, shape, bytes);
  std::vector<char> moved = permute(bytes, shape, perm, sizeof(T));
  return graph.addConstant(hint, type, storedShape(shape, perm), moved);
}

/// Zero points in the stored type, as many as scales.
static std::string addZeroPoints(OnnxGraph &graph, StringRef hint,
                                 qnt::QuantizedType type,
                                 ArrayRef<int32_t> zeros,
                                 ArrayRef<int64_t> shape,
                                 ArrayRef<int64_t> perm) {
  int32_t onnxType = *getOnnxType(type.getStorage());
  if (type.getStorageWidth() <= 8)
    return addParameters<int8_t>(
        graph, hint, onnxType,
        llvm::map_to_vector(zeros, [](int32_t z) { return int8_t(z); }), shape,
        perm);
  if (type.getStorageWidth() <= 16)
    return addParameters<int16_t>(
        graph, hint, onnxType,
        llvm::map_to_vector(zeros, [](int32_t z) { return int16_t(z); }), shape,
        perm);
  return addParameters<int32_t>(graph, hint, onnxType, zeros, shape, perm);
}

std::string
GraphExporter::addQuantization(StringRef op, const std::string &name,
                               qnt::QuantizedType type, ArrayRef<int64_t> shape,
                               ArrayRef<int64_t> perm, StringRef hint) {
  SchemeAttrInterface scheme = type.getScheme();
  SmallVector<float> scales = scheme.getScaleValues();
  SmallVector<int32_t> zeros = scheme.getZeroPointValues();
  std::optional<int64_t> axis = scheme.getQuantizedAxis();
  SmallVector<int64_t> dims;
  auto block = dyn_cast<PerBlockAttr>(scheme);
  if (block)
    dims.assign(block.getScales().getType().getShape().begin(),
                block.getScales().getType().getShape().end());
  else if (axis)
    dims.push_back(scales.size());
  std::string base = hint.str();
  SmallVector<std::string> inputs = {
      name, addParameters<float>(graph, base + "_scale",
                                 onnx::TensorProto::FLOAT, scales, dims, perm)};
  // Without it, the zero point is 0 and the type of a quantization uint8.
  if (op == "QuantizeLinear" ||
      llvm::any_of(zeros, [](int32_t z) { return z; }))
    inputs.push_back(
        addZeroPoints(graph, base + "_zero_point", type, zeros, dims, perm));
  std::string result = graph.add(op, inputs, hint);
  if (block) {
    graph.set("axis", perm[block.getAxis()]);
    graph.set("block_size", block.getBlockSize());
  } else if (axis) {
    graph.set("axis", perm[*axis]);
  }
  return result;
}

std::string GraphExporter::addConstant(Value root, ArrayRef<int64_t> perm) {
  auto [tensor, type] = *getConstant(root);
  ArrayRef<int64_t> shape = shapeOf(root);
  std::string name = hint(current ? current : root.getDefiningOp());
  std::vector<char> bytes =
      permute(tensor.bytes(), shape, perm, getByteWidth(tensor.getDType()));
  Type element =
      type ? type.getStorage() : getElementTypeOrSelf(root.getType());
  std::string suffix = !type                         ? "_constant"
                       : type.getStorageWidth() > 16 ? "_bias"
                                                     : "_weight";
  std::string stored =
      graph.addConstant(name + suffix + (type ? "_quantized" : ""),
                        *getOnnxType(element), storedShape(shape, perm), bytes);
  if (!type)
    return stored;
  return addQuantization("DequantizeLinear", stored, type, shape, perm,
                         name + suffix);
}

std::string GraphExporter::use(Value value, ArrayRef<int64_t> perm) {
  auto [root, inner] = resolve(value);
  // What the root has to lie like: perm = wanted after inner.
  Perm wanted(perm.size());
  for (auto [i, p] : llvm::enumerate(inner))
    wanted[p] = perm[i];
  for (const Entry &entry : entries[root])
    if (entry.perm == wanted)
      return entry.name;
  if (getConstant(root)) {
    std::string name = addConstant(root, wanted);
    define(root, name, wanted);
    return name;
  }
  if (entries[root].empty()) {
    emitError(root.getLoc(), "no ONNX tensor for a value of type ")
        << root.getType();
    isFailed = true;
    return "";
  }
  Entry from = entries[root].front();
  ArrayRef<int64_t> shape = shapeOf(root);
  std::string name;
  if (isSameOrder(shape, from.perm, wanted)) {
    Perm stored = storedShape(shape, wanted);
    if (stored == storedShape(shape, from.perm))
      return from.name;
    name = graph.add("Reshape",
                     {from.name, graph.addInts(from.name + "_shape", stored)},
                     from.name + "_reshaped");
  } else {
    Perm moves(perm.size());
    for (auto [to, p] : llvm::zip_equal(wanted, from.perm))
      moves[to] = p;
    name = graph.add("Transpose", {from.name}, from.name + "_transposed");
    graph.set("perm", moves);
  }
  define(root, name, wanted);
  return name;
}

//===----------------------------------------------------------------------===//
// The graph
//===----------------------------------------------------------------------===//

static void setType(onnx::ValueInfoProto &info, int32_t type,
                    ArrayRef<int64_t> shape) {
  auto *tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (int64_t size : shape)
    tensor->mutable_shape()->add_dim()->set_dim_value(size);
}

/// The type of an argument or result; quantized ones are their integers.
static FailureOr<int32_t> boundaryType(func::FuncOp function, Value value,
                                       StringAttr dtype) {
  Type element = getElementTypeOrSelf(value.getType());
  if (auto quantized = dyn_cast<qnt::QuantizedType>(element))
    element = quantized.getStorage();
  auto integer = dyn_cast<IntegerType>(element);
  if (integer && dtype && dtype.getValue().starts_with("u"))
    element = IntegerType::get(function.getContext(), integer.getWidth(),
                               IntegerType::Unsigned);
  if (std::optional<int32_t> type = getOnnxType(element))
    return *type;
  return function.emitError("no ONNX type for ") << value.getType();
}

LogicalResult GraphExporter::addInputs(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    unsigned i = argument.getArgNumber();
    auto name = function.getArgAttrOfType<StringAttr>(i, "qnt.name");
    std::string tensor =
        graph.makeName(name ? name.str() : ("arg" + Twine(i)).str());
    auto type =
        boundaryType(function, argument,
                     function.getArgAttrOfType<StringAttr>(i, "qnt.dtype"));
    if (failed(type))
      return failure();
    onnx::ValueInfoProto *info = graph.getProto().add_input();
    info->set_name(tensor);
    setType(*info, *type, shapeOf(argument));
    define(argument, tensor);
  }
  return success();
}

LogicalResult GraphExporter::addOutputs(func::FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  llvm::StringSet<> taken;
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto given = function.getResultAttrOfType<StringAttr>(i, "qnt.name");
    std::string tensor = use(value);
    std::string wanted = given ? given.str() : ("result" + Twine(i)).str();
    std::string name = graph.makeName(wanted);
    auto type =
        boundaryType(function, value,
                     function.getResultAttrOfType<StringAttr>(i, "qnt.dtype"));
    if (failed(type))
      return failure();
    // A name that only an inner tensor has is the output's.
    if (name != wanted && graph.rename(wanted, name)) {
      if (tensor == wanted)
        tensor = name;
      name = wanted;
    }
    if (taken.contains(tensor) || !graph.rename(tensor, name)) {
      graph.add("Identity", {tensor}, "output");
      graph.last().set_output(0, name);
    }
    taken.insert(name);
    onnx::ValueInfoProto *info = graph.getProto().add_output();
    info->set_name(name);
    setType(*info, *type, shapeOf(value));
  }
  return success();
}

static ExportFn findExporter(StringRef name) {
  for (auto find : {findElementwise, findWindow, findShape, findQuantize})
    if (ExportFn exporter = find(name))
      return exporter;
  return nullptr;
}

LogicalResult GraphExporter::exportBlock(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (matchPattern(&op, m_Constant()) ||
        op.getName().getStringRef() == "tosa.const_shape")
      continue;
    StringRef name = op.getName().getStringRef();
    ExportFn exporter = findExporter(name);
    if (!exporter)
      return op.emitError("op '")
             << name
             << "' has no ONNX form; only float ops with quantize and "
                "dequantize can be exported (quantize-int8 form=qdq)";
    current = &op;
    if (failed(exporter(*this, &op)))
      return failure();
  }
  current = nullptr;
  return success();
}

LogicalResult GraphExporter::run(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError("expected one block, found control flow, which "
                              "cannot be exported");
  return failure(failed(addInputs(function)) ||
                 failed(exportBlock(function.getBody().front())) ||
                 failed(addOutputs(function)) || isFailed);
}
