//===- Contract.cpp - what a caller of the code must know -----------------===//
//
// Collects the attribute `qnt.contract` from the entry function and the plan;
// Emit turns it into a C header and JSON.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Body.h"

using namespace mlir;
using namespace mlir::qnt;

/// The entry for one input or output; names and scales are attributes of the
/// argument or result.
static Attribute describe(Builder &builder, Type type, DictionaryAttr attrs,
                          const Twine &fallback) {
  NamedAttrList entry;
  StringAttr name;
  if (attrs)
    name = attrs.getAs<StringAttr>("qnt.name");
  entry.set("name", name ? name : builder.getStringAttr(fallback));
  entry.set("type", TypeAttr::get(type));
  if (Attribute dtype = attrs ? attrs.get("qnt.dtype") : Attribute())
    entry.set("dtype", dtype);
  // What float tensors become inside is none of the caller's business.
  if (attrs && isa<IntegerType>(getElementTypeOrSelf(type)))
    for (StringRef key : {"scale", "zero_point"})
      if (Attribute value = attrs.get(("qnt." + key).str()))
        entry.set(key,
                  isa<ArrayAttr>(value) ? value : builder.getArrayAttr(value));
  return entry.getDictionary(builder.getContext());
}

DictionaryAttr mlir::qnt::makeContract(Plan &plan, const PlanSize &size,
                                       const BodyOptions &options) {
  func::FuncOp function = plan.getEntry();
  Builder builder(function.getContext());
  SmallVector<Attribute> inputs, outputs;
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    inputs.push_back(describe(builder, type, function.getArgAttrDict(index),
                              "arg" + Twine(index)));
  for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
    outputs.push_back(describe(builder, type, function.getResultAttrDict(index),
                               "result" + Twine(index)));
  NamedAttrList contract;
  contract.set("name", builder.getStringAttr(options.name));
  contract.set("init", builder.getStringAttr(options.name + "_init"));
  contract.set("run", builder.getStringAttr(options.name + "_run"));
  if (options.anyBatch)
    contract.set("run_batch",
                 builder.getStringAttr(options.name + "_run_batch"));
  contract.set("arena_bytes", builder.getI64IntegerAttr(size.arenaBytes));
  contract.set("arena_align", builder.getI64IntegerAttr(kArenaAlign));
  contract.set("arena_lower_bound", builder.getI64IntegerAttr(size.lowerBound));
  contract.set("constant_bytes",
               builder.getI64IntegerAttr(plan.getKernels().constantBytes()));
  contract.set("static_arena", builder.getBoolAttr(options.staticArena));
  contract.set("macs", builder.getI64IntegerAttr(plan.getMacs()));
  contract.set("isa",
               builder.getStrArrayAttr({stringifyIsa(plan.getTarget().isa)}));
  contract.set("inputs", builder.getArrayAttr(inputs));
  contract.set("outputs", builder.getArrayAttr(outputs));
  if (auto floatOps = function->getAttrOfType<ArrayAttr>("qnt.float_ops"))
    contract.set("float_ops", floatOps);
  return contract.getDictionary(builder.getContext());
}
