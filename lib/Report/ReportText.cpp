//===- ReportText.cpp - the report for people -----------------------------===//
//
// A view of the JSON: fixed columns, one line per tensor, at most 100 wide.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnt;
namespace json = llvm::json;

/// Significant digits, as printf's %g; formatv has no such style.
static std::string significant(double value, unsigned digits) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.*g", int(digits), value);
  return text;
}

/// "0.0123" or "12 scales 0.001 .. 0.02".
static std::string describeScale(const json::Object &tensor) {
  const json::Array *scales = tensor.getArray("scale");
  if (!scales || scales->empty())
    return "-";
  double low = INFINITY, high = -INFINITY;
  for (const json::Value &value : *scales) {
    double scale = value.getAsNumber().value_or(NAN);
    low = std::min(low, scale);
    high = std::max(high, scale);
  }
  if (scales->size() == 1)
    return significant(low, 6);
  return significant(low, 3) + ".." + significant(high, 3) + " x" +
         std::to_string(scales->size());
}

static std::string describeZeroPoint(const json::Object &tensor) {
  const json::Array *points = tensor.getArray("zero_point");
  if (!points || points->empty())
    return "-";
  int64_t first = (*points)[0].getAsInteger().value_or(0);
  bool same = llvm::all_of(*points, [&](const json::Value &value) {
    return value.getAsInteger().value_or(0) == first;
  });
  return same ? std::to_string(first) : "varies";
}

static std::string describeNumber(const json::Object &tensor, StringRef key) {
  std::optional<double> value = tensor.getNumber(key);
  return value ? significant(*value, 4) : "-";
}

static std::string shorten(StringRef name, size_t width) {
  if (name.size() <= width)
    return name.str();
  return (".." + name.take_back(width - 2)).str();
}

static void renderTensors(const json::Array &tensors, llvm::raw_ostream &os) {
  os << llvm::formatv("{0,-30} {1,-10} {2,-5} {3,-22} {4,-6} {5,-9} {6,-9} "
                      "{7}\n",
                      "tensor", "role", "dtype", "scale", "zero", "min seen",
                      "max seen", "SQNR dB");
  for (const json::Value &value : tensors) {
    const json::Object &tensor = *value.getAsObject();
    os << llvm::formatv(
        "{0,-30} {1,-10} {2,-5} {3,-22} {4,-6} {5,-9} {6,-9} {7}\n",
        shorten(tensor.getString("name").value_or(""), 30),
        tensor.getString("role").value_or(""),
        tensor.getString("dtype").value_or(""), describeScale(tensor),
        describeZeroPoint(tensor), describeNumber(tensor, "seen_min"),
        describeNumber(tensor, "seen_max"), describeNumber(tensor, "sqnr_db"));
  }
}

static void renderSummary(const json::Object &report, llvm::raw_ostream &os) {
  for (StringRef key :
       {"mode", "rounding", "model_sha256", "calibration_sha256"})
    if (std::optional<StringRef> value = report.getString(key))
      os << llvm::formatv("{0,-20} {1}\n", key, *value);
  if (const json::Object *weights = report.getObject("weight_bytes")) {
    int64_t real = weights->getInteger("float").value_or(0);
    int64_t stored = weights->getInteger("stored").value_or(0);
    os << llvm::formatv("{0,-20} {1} as float, {2} stored", "weight bytes",
                        real, stored);
    if (real)
      os << llvm::formatv(" ({0:f1} %)", 100.0 * stored / real);
    os << "\n";
  }
  if (const json::Object *contract = report.getObject("contract"))
    for (StringRef key : {"arena_bytes", "arena_lower_bound", "macs"})
      if (std::optional<int64_t> value = contract->getInteger(key))
        os << llvm::formatv("{0,-20} {1}\n", key, *value);
  if (std::optional<int64_t> bytes = report.getInteger("object_bytes"))
    os << llvm::formatv("{0,-20} {1}\n", "object_bytes", *bytes);
}

static void renderFloatOps(const json::Array &ops, llvm::raw_ostream &os) {
  if (ops.empty()) {
    os << "Nothing stays float.\n";
    return;
  }
  os << "Stays float:\n";
  for (const json::Value &value : ops) {
    const json::Object *op = value.getAsObject();
    if (!op)
      continue;
    os << "  " << op->getString("op").value_or("") << " '"
       << op->getString("name").value_or("")
       << "': " << op->getString("reason").value_or("") << "\n";
  }
}

std::string mlir::qnt::renderText(const json::Object &report) {
  std::string text;
  llvm::raw_string_ostream os(text);
  renderSummary(report, os);
  os << "\n";
  if (const json::Array *ops = report.getArray("float_ops"))
    renderFloatOps(*ops, os);
  if (const json::Array *tensors = report.getArray("tensors")) {
    os << "\n";
    renderTensors(*tensors, os);
  }
  return text;
}
