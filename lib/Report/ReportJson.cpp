//===- ReportJson.cpp - the report as JSON --------------------------------===//
//
// Collects attributes; computes nothing but totals. The order of all lists is
// the order of the IR.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "qnt/Report/Passes.h"

using namespace mlir;
using namespace mlir::qnt;
namespace json = llvm::json;

/// Any attribute of a note or of the contract as JSON.
static json::Value toJson(Attribute attribute) {
  if (auto text = dyn_cast<StringAttr>(attribute))
    return json::fixUTF8(text.getValue());
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return flag.getValue();
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    return integer.getInt();
  if (auto real = dyn_cast<FloatAttr>(attribute))
    return real.getValueAsDouble();
  if (auto list = dyn_cast<ArrayAttr>(attribute))
    return json::Array(llvm::map_range(list, toJson));
  if (auto list = dyn_cast<DenseI64ArrayAttr>(attribute))
    return json::Array(list.asArrayRef());
  if (auto list = dyn_cast<DenseI32ArrayAttr>(attribute))
    return json::Array(list.asArrayRef());
  if (auto list = dyn_cast<DenseF32ArrayAttr>(attribute))
    return json::Array(list.asArrayRef());
  if (auto list = dyn_cast<DenseF64ArrayAttr>(attribute))
    return json::Array(list.asArrayRef());
  if (auto fields = dyn_cast<DictionaryAttr>(attribute)) {
    json::Object object;
    for (NamedAttribute field : fields)
      object[field.getName().strref()] = toJson(field.getValue());
    return object;
  }
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

/// Dtype, scheme and parameters of a quantized element type.
static void addType(json::Object &tensor, QuantizedType type) {
  std::string dtype;
  llvm::raw_string_ostream(dtype) << type.getStorage();
  SchemeAttrInterface scheme = type.getScheme();
  tensor["dtype"] = dtype;
  tensor["storage_range"] =
      json::Array{type.getStorageMin(), type.getStorageMax()};
  tensor["scheme"] = Attribute(scheme).getAbstractAttribute().getName().str();
  tensor["scale"] = json::Array(scheme.getScaleValues());
  tensor["zero_point"] = json::Array(scheme.getZeroPointValues());
  if (std::optional<int64_t> axis = scheme.getQuantizedAxis())
    tensor["axis"] = *axis;
}

static json::Value tensorToJson(DictionaryAttr note) {
  json::Object tensor;
  for (NamedAttribute field : note) {
    auto type = dyn_cast<TypeAttr>(field.getValue());
    auto quantized =
        type ? dyn_cast<QuantizedType>(type.getValue()) : QuantizedType();
    if (quantized)
      addType(tensor, quantized);
    else
      tensor[field.getName().strref()] = toJson(field.getValue());
  }
  return tensor;
}

/// Bytes of a noted constant, float and stored.
static std::pair<int64_t, int64_t> constantBytes(DictionaryAttr note) {
  auto type = dyn_cast<QuantizedType>(note.getAs<TypeAttr>("type").getValue());
  auto shape = note.getAs<DenseI64ArrayAttr>("shape");
  if (!type || !shape ||
      note.getAs<StringAttr>("role").getValue() == "activation")
    return {0, 0};
  int64_t count = 1;
  for (int64_t size : shape.asArrayRef())
    count *= size;
  return {count * 4, llvm::divideCeil(count * type.getStorageWidth(), 8)};
}

static void addTensors(json::Object &report, DictionaryAttr notes) {
  json::Array tensors;
  int64_t floatBytes = 0, storedBytes = 0;
  llvm::StringMap<double> sqnr;
  if (auto list = notes.getAs<ArrayAttr>("sqnr"))
    for (auto note : list.getAsRange<DictionaryAttr>())
      sqnr[note.getAs<StringAttr>("name").getValue()] =
          note.getAs<FloatAttr>("sqnr_db").getValueAsDouble();
  if (auto list = notes.getAs<ArrayAttr>("tensors"))
    for (auto note : list.getAsRange<DictionaryAttr>()) {
      json::Value tensor = tensorToJson(note);
      auto found = sqnr.find(note.getAs<StringAttr>("name").getValue());
      bool isEdge = note.getAs<StringAttr>("role").getValue() == "activation";
      if (isEdge && found != sqnr.end())
        (*tensor.getAsObject())["sqnr_db"] = found->second;
      auto [real, stored] = constantBytes(note);
      floatBytes += real;
      storedBytes += stored;
      tensors.push_back(std::move(tensor));
    }
  report["tensors"] = std::move(tensors);
  report["weight_bytes"] =
      json::Object{{"float", floatBytes}, {"stored", storedBytes}};
}

/// What stays float, from the functions or from the contract.
static json::Array floatOps(ModuleOp module) {
  json::Array ops;
  module.walk([&](Operation *op) {
    if (auto list = op->getAttrOfType<ArrayAttr>("qnt.float_ops"))
      for (Attribute entry : list)
        ops.push_back(toJson(entry));
  });
  auto contract = module->getAttrOfType<DictionaryAttr>("qnt.contract");
  if (ops.empty() && contract)
    if (auto list = contract.getAs<ArrayAttr>("float_ops"))
      for (Attribute entry : list)
        ops.push_back(toJson(entry));
  return ops;
}

json::Object mlir::qnt::buildReport(ModuleOp module, int64_t objectBytes) {
  json::Object report{{"version", 1}};
  for (StringRef key :
       {"model_sha256", "calibration_sha256", "mode", "rounding"})
    if (Attribute value = module->getAttr(("qnt." + key).str())) {
      auto rounding = dyn_cast<RoundingAttr>(value);
      report[key] = rounding
                        ? json::Value(stringifyRounding(rounding.getValue()))
                        : toJson(value);
    }
  if (auto notes = module->getAttrOfType<DictionaryAttr>(kReportAttr))
    addTensors(report, notes);
  report["float_ops"] = floatOps(module);
  if (auto contract = module->getAttrOfType<DictionaryAttr>("qnt.contract"))
    report["contract"] = toJson(contract);
  if (objectBytes >= 0)
    report["object_bytes"] = objectBytes;
  return report;
}
