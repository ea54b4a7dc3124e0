//===- ContractJson.cpp - model.json, both ways ---------------------------===//
//
// Keys are those of version 1 of the file; their order is fixed by the JSON
// library (sorted), so equal contracts give equal bytes. What is written reads
// back as the same contract.
//
//===----------------------------------------------------------------------===//

#include "qnt/Emit/Contract.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnt;
namespace json = llvm::json;

static constexpr int64_t kVersion = 1;

static json::Object toObject(const TensorContract &tensor) {
  json::Array scales;
  for (float scale : tensor.scales)
    scales.push_back(scale);
  json::Object object{{"name", tensor.name},
                      {"dtype", tensor.dtype},
                      {"shape", json::Array(tensor.shape)},
                      {"scale", std::move(scales)},
                      {"zero_point", json::Array(tensor.zeroPoints)},
                      {"axis", nullptr}};
  if (tensor.axis)
    object["axis"] = *tensor.axis;
  return object;
}

static json::Array toArray(ArrayRef<TensorContract> tensors) {
  json::Array array;
  for (const TensorContract &tensor : tensors)
    array.push_back(toObject(tensor));
  return array;
}

std::string Contract::toJson() const {
  json::Array floats;
  for (const FloatOpContract &op : floatOps)
    floats.push_back(
        json::Object{{"op", op.op}, {"name", op.name}, {"reason", op.reason}});
  json::Object object{{"name", name},
                      {"version", kVersion},
                      {"init", init},
                      {"run", run},
                      {"macs", macs},
                      {"arena_bytes", arenaBytes},
                      {"arena_align", arenaAlign},
                      {"static_arena", staticArena},
                      {"mode", mode},
                      {"rounding", rounding},
                      {"target", json::Object{{"triple", triple},
                                              {"cpu", cpu},
                                              {"isa", json::Array(isa)}}},
                      {"inputs", toArray(inputs)},
                      {"outputs", toArray(outputs)},
                      {"float_ops", std::move(floats)},
                      {"model_sha256", modelSha256},
                      {"calibration_sha256", calibrationSha256}};
  if (!runBatch.empty())
    object["run_batch"] = runBatch;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::formatv("{0:2}", json::Value(std::move(object))) << "\n";
  return text;
}

// In their types' namespace, where the JSON library looks for them.
namespace mlir::qnt {
static bool fromJSON(const json::Value &value, TensorContract &tensor,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  std::vector<double> scales;
  if (!map || !map.map("name", tensor.name) ||
      !map.map("dtype", tensor.dtype) || !map.map("shape", tensor.shape) ||
      !map.mapOptional("scale", scales) ||
      !map.mapOptional("zero_point", tensor.zeroPoints) ||
      !map.map("axis", tensor.axis))
    return false;
  if (!getElementBytes(tensor.dtype)) {
    path.field("dtype").report("unknown numpy type");
    return false;
  }
  int64_t count = tensor.elementBytes();
  for (int64_t dim : tensor.shape)
    if (dim < 0 || llvm::MulOverflow(count, dim, count)) {
      path.field("shape").report("dimensions out of range");
      return false;
    }
  for (double scale : scales)
    tensor.scales.push_back(static_cast<float>(scale));
  return true;
}

static bool fromJSON(const json::Value &value, FloatOpContract &op,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("op", op.op) && map.map("name", op.name) &&
         map.map("reason", op.reason);
}

} // namespace mlir::qnt

static bool readTarget(const json::Value *value, Contract &contract,
                       json::Path path) {
  if (!value)
    return true;
  json::ObjectMapper map(*value, path);
  return map && map.mapOptional("triple", contract.triple) &&
         map.mapOptional("cpu", contract.cpu) &&
         map.mapOptional("isa", contract.isa);
}

static bool readContract(const json::Value &value, Contract &contract,
                         json::Path path) {
  json::ObjectMapper map(value, path);
  int64_t version = 0;
  if (!map || !map.map("version", version))
    return false;
  if (version != kVersion) {
    path.field("version").report("this quant-opt reads version 1");
    return false;
  }
  if (!map.map("name", contract.name) || !map.map("init", contract.init) ||
      !map.map("run", contract.run) || !map.map("macs", contract.macs) ||
      !map.map("arena_bytes", contract.arenaBytes) ||
      !map.map("arena_align", contract.arenaAlign) ||
      !map.mapOptional("run_batch", contract.runBatch) ||
      !map.mapOptional("static_arena", contract.staticArena) ||
      !map.mapOptional("mode", contract.mode) ||
      !map.mapOptional("rounding", contract.rounding) ||
      !map.map("inputs", contract.inputs) ||
      !map.map("outputs", contract.outputs) ||
      !map.mapOptional("float_ops", contract.floatOps) ||
      !map.mapOptional("model_sha256", contract.modelSha256) ||
      !map.mapOptional("calibration_sha256", contract.calibrationSha256) ||
      !readTarget(value.getAsObject()->get("target"), contract,
                  path.field("target")))
    return false;
  if (contract.arenaBytes < 0 || !llvm::isPowerOf2_64(contract.arenaAlign)) {
    path.field("arena_align").report("expected a power of two");
    return false;
  }
  return true;
}

llvm::Expected<Contract> Contract::fromJson(StringRef text) {
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  Contract contract;
  json::Path::Root root("contract");
  if (!readContract(*value, contract, root))
    return root.getError();
  return contract;
}
