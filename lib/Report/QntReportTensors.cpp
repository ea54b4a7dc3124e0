//===- QntReportTensors.cpp - note every quantized tensor -----------------===//
//
// Reads the Q/DQ form. Each note keeps the quantized type itself, so nothing
// that the type says can get lost on the way to the report.
//
//===----------------------------------------------------------------------===//

#include "qnt/Report/Passes.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTREPORTTENSORS
#include "qnt/Report/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// The name in a location, or "" where it has none.
static StringRef nameOf(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = nameOf(part); !name.empty())
        return name;
  return {};
}

static DictionaryAttr note(Builder &builder, StringRef name, StringRef role,
                           Type tensor, ArrayRef<NamedAttribute> more = {}) {
  auto shaped = cast<ShapedType>(tensor);
  SmallVector<NamedAttribute> fields(more);
  fields.push_back(builder.getNamedAttr("name", builder.getStringAttr(name)));
  fields.push_back(builder.getNamedAttr("role", builder.getStringAttr(role)));
  fields.push_back(builder.getNamedAttr(
      "shape", builder.getDenseI64ArrayAttr(shaped.getShape())));
  fields.push_back(
      builder.getNamedAttr("type", TypeAttr::get(shaped.getElementType())));
  return builder.getDictionaryAttr(fields);
}

/// An activation edge: named and with the range that calibration saw.
static DictionaryAttr noteActivation(Builder &builder, QuantizeOp op) {
  auto edge = op->getAttrOfType<StringAttr>("qnt.edge");
  StringRef name = edge ? edge.getValue() : nameOf(op.getLoc());
  SmallVector<NamedAttribute> seen;
  for (StringRef end : {"seen_min", "seen_max"})
    if (Attribute value = op->getAttr(("qnt." + end).str()))
      seen.push_back(builder.getNamedAttr(end, value));
  return note(builder, name, "activation", op.getType(), seen);
}

/// A constant: the op that uses it gives the name; 32 bits are a bias.
static DictionaryAttr noteConstant(Builder &builder, DequantizeOp op) {
  auto cast = op.getInput().getDefiningOp<qnt::StorageCastOp>();
  if (!cast || !matchPattern(cast.getInput(), m_Constant()))
    return {};
  auto element =
      mlir::cast<QuantizedType>(getElementTypeOrSelf(op.getInput().getType()));
  Operation *user = op->use_empty() ? op : *op->user_begin();
  StringRef role = element.getStorageWidth() == 32 ? "bias" : "weight";
  return note(builder, nameOf(user->getLoc()), role, op.getInput().getType());
}

static SmallVector<Attribute> collectNotes(ModuleOp module) {
  Builder builder(module.getContext());
  SmallVector<Attribute> notes;
  module.walk([&](Operation *op) {
    DictionaryAttr found;
    if (auto quantize = dyn_cast<QuantizeOp>(op))
      found = noteActivation(builder, quantize);
    else if (auto dequantize = dyn_cast<DequantizeOp>(op))
      found = noteConstant(builder, dequantize);
    if (found && !llvm::is_contained(notes, found))
      notes.push_back(found);
  });
  return notes;
}

namespace {
struct QntReportTensorsPass
    : qnt::impl::QntReportTensorsBase<QntReportTensorsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Builder builder(module.getContext());
    SmallVector<Attribute> notes = collectNotes(module);
    numTensors += notes.size();
    NamedAttrList report(module->getAttrOfType<DictionaryAttr>(kReportAttr));
    report.set("tensors", builder.getArrayAttr(notes));
    module->setAttr(kReportAttr, report.getDictionary(&getContext()));
  }
};
} // namespace
