//===- Contract.cpp - the contract from IR --------------------------------===//
//
// Turns the module attributes that code generation left into a Contract. Every
// entry is checked here, so that the writers can rely on a complete contract.
//
//===----------------------------------------------------------------------===//

#include "qnt/Emit/Contract.h"

#include "qnt/Dialect/IR/Qnt.h"

using namespace mlir;
using namespace mlir::qnt;

int64_t TensorContract::elementCount() const {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

int64_t TensorContract::elementBytes() const {
  return getElementBytes(dtype).value_or(0);
}

std::optional<int64_t> qnt::getElementBytes(StringRef dtype) {
  return llvm::StringSwitch<std::optional<int64_t>>(dtype)
      .Cases({"int4", "uint4", "int8", "uint8", "bool"}, 1)
      .Cases({"int16", "uint16", "float16", "bfloat16"}, 2)
      .Cases({"int32", "uint32", "float32"}, 4)
      .Cases({"int64", "uint64", "float64"}, 8)
      .Default(std::nullopt);
}

static std::optional<std::string> numpyName(Type type) {
  if (type.isBF16())
    return std::string("bfloat16");
  if (type.isF16() || type.isF32() || type.isF64())
    return "float" + std::to_string(type.getIntOrFloatBitWidth());
  IntegerType integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  if (integer.getWidth() == 1)
    return std::string("bool");
  std::string name = (integer.isUnsigned() ? "uint" : "int") +
                     std::to_string(integer.getWidth());
  if (!getElementBytes(name))
    return std::nullopt;
  return name;
}

namespace {
/// Reads entries of a dictionary and reports the first that is wrong.
class DictionaryReader {
public:
  DictionaryReader(ModuleOp module, DictionaryAttr dictionary, Twine where)
      : module(module), dictionary(dictionary), where(where.str()) {}

  bool failed() const { return hasFailed; }

  void fail(StringRef key, StringRef expected) {
    if (!hasFailed)
      module.emitOpError() << "'qnt.contract' " << where << " has no entry '"
                           << key << "' that is " << expected;
    hasFailed = true;
  }

  std::string text(StringRef key) {
    auto attr = dictionary.getAs<StringAttr>(key);
    if (!attr)
      fail(key, "a string");
    return attr ? attr.str() : std::string();
  }

  int64_t number(StringRef key) {
    auto attr = dictionary.getAs<IntegerAttr>(key);
    if (!attr || attr.getInt() < 0)
      fail(key, "a non-negative integer");
    return attr ? attr.getInt() : 0;
  }

  /// The entry, or null with an error if it is there with another type.
  template <typename AttrT> AttrT optional(StringRef key, StringRef expected) {
    Attribute attr = dictionary.get(key);
    auto typed = dyn_cast_if_present<AttrT>(attr);
    if (attr && !typed)
      fail(key, expected);
    return typed;
  }

  /// Calls `fn` on each element of the array, or on the only one.
  template <typename AttrT, typename Fn>
  void forEach(StringRef key, StringRef expected, bool required, Fn fn) {
    Attribute attr = dictionary.get(key);
    if (!attr && !required)
      return;
    if (auto single = dyn_cast_if_present<AttrT>(attr))
      return fn(single);
    auto array = dyn_cast_if_present<ArrayAttr>(attr);
    if (!array || !llvm::all_of(array, llvm::IsaPred<AttrT>))
      return fail(key, expected);
    for (auto element : array.template getAsRange<AttrT>())
      fn(element);
  }

private:
  ModuleOp module;
  DictionaryAttr dictionary;
  std::string where;
  bool hasFailed = false;
};
} // namespace

/// Returns true on success.
static bool readTensor(ModuleOp module, DictionaryAttr entry, Twine where,
                       TensorContract &tensor) {
  DictionaryReader reader(module, entry, where);
  tensor.name = reader.text("name");
  auto type = entry.getAs<TypeAttr>("type");
  auto shaped = type ? dyn_cast<RankedTensorType>(type.getValue()) : nullptr;
  std::optional<std::string> dtype;
  if (shaped && shaped.hasStaticShape())
    dtype = numpyName(shaped.getElementType());
  if (!dtype) {
    reader.fail("type", "a static tensor of a plain number type");
    return false;
  }
  tensor.dtype = *dtype;
  // The IR does not tell unsigned from signed, nor 4 bits from the byte that
  // holds them.
  if (auto given = reader.optional<StringAttr>("dtype", "a string")) {
    if (getElementBytes(given.getValue()) != getElementBytes(*dtype))
      reader.fail("dtype", "of the width of the type");
    tensor.dtype = given.str();
  }
  tensor.shape.assign(shaped.getShape().begin(), shaped.getShape().end());
  reader.forEach<FloatAttr>(
      "scale", "a float or an array of floats", false, [&](FloatAttr scale) {
        tensor.scales.push_back(scale.getValue().convertToFloat());
      });
  reader.forEach<IntegerAttr>("zero_point",
                              "an integer or an array of integers", false,
                              [&](IntegerAttr zeroPoint) {
                                tensor.zeroPoints.push_back(zeroPoint.getInt());
                              });
  if (tensor.scales.size() != tensor.zeroPoints.size())
    reader.fail("zero_point", "as long as 'scale'");
  if (auto axis = reader.optional<IntegerAttr>("axis", "an integer"))
    tensor.axis = axis.getInt();
  return !reader.failed();
}

static bool readTensors(ModuleOp module, DictionaryReader &reader,
                        StringRef key, std::vector<TensorContract> &tensors) {
  bool ok = true;
  reader.forEach<DictionaryAttr>(
      key, "an array of dictionaries", true, [&](DictionaryAttr entry) {
        std::string index = std::to_string(tensors.size());
        TensorContract tensor;
        ok = ok && readTensor(module, entry,
                              "entry " + index + " of '" + key + "'", tensor);
        tensors.push_back(std::move(tensor));
      });
  return ok && !reader.failed();
}

/// What other module attributes say about where the code comes from.
static void readProvenance(ModuleOp module, Contract &contract) {
  auto text = [&](StringRef key) {
    auto attr = module->getAttrOfType<StringAttr>(key);
    return attr ? attr.str() : std::string();
  };
  contract.mode = text("qnt.mode");
  contract.modelSha256 = text("qnt.model_sha256");
  contract.calibrationSha256 = text("qnt.calibration_sha256");
  auto rounding = module->getAttrOfType<RoundingAttr>("qnt.rounding");
  if (rounding)
    contract.rounding = stringifyRounding(rounding.getValue()).str();
  // Only what was made integer has a rounding.
  if (contract.mode.empty())
    contract.mode = rounding ? "int8" : "float";
}

FailureOr<Contract> Contract::fromModule(ModuleOp module) {
  auto dictionary = module->getAttrOfType<DictionaryAttr>("qnt.contract");
  if (!dictionary)
    return module.emitOpError("has no 'qnt.contract' dictionary; lower the "
                              "model with --lower-to-llvm");
  DictionaryReader reader(module, dictionary, "dictionary");
  Contract contract;
  contract.name = reader.text("name");
  contract.init = reader.text("init");
  contract.run = reader.text("run");
  if (auto batch = reader.optional<StringAttr>("run_batch", "a string"))
    contract.runBatch = batch.str();
  contract.macs = reader.number("macs");
  contract.arenaBytes = reader.number("arena_bytes");
  contract.arenaAlign = reader.number("arena_align");
  if (auto flag = reader.optional<BoolAttr>("static_arena", "a boolean"))
    contract.staticArena = flag.getValue();
  reader.forEach<StringAttr>(
      "isa", "an array of strings", false,
      [&](StringAttr isa) { contract.isa.push_back(isa.str()); });
  reader.forEach<DictionaryAttr>(
      "float_ops", "an array of dictionaries", false,
      [&](DictionaryAttr entry) {
        DictionaryReader op(module, entry, "entry of 'float_ops'");
        contract.floatOps.push_back(
            {op.text("op"), op.text("name"), op.text("reason")});
        if (op.failed())
          reader.fail("float_ops", "an array of {op, name, reason}");
      });
  if (reader.failed() ||
      !readTensors(module, reader, "inputs", contract.inputs) ||
      !readTensors(module, reader, "outputs", contract.outputs))
    return failure();
  if (!llvm::isPowerOf2_64(contract.arenaAlign))
    return module.emitOpError("'qnt.contract' has arena_align ")
           << contract.arenaAlign << ", expected a power of two";
  readProvenance(module, contract);
  return contract;
}
