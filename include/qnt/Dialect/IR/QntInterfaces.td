//===- QntInterfaces.td - what passes ask of ops and attributes -*- tablegen -*-===//
//
// The passes of the stages know these interfaces and no op or attribute class;
// a plugin adds a scheme, an observer, a target or a quantizable op by
// implementing one.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_INTERFACES_TD
#define QNT_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Qnt_SchemeInterface : AttrInterface<"SchemeAttrInterface"> {
  let cppNamespace = "::mlir::qnt";
  let description = [{
    How real numbers are mapped to stored ones: the second half of
    `!qnt.quantized`. Implemented by `#qnt.per_tensor`, `#qnt.per_axis`,
    `#qnt.per_block`, `#qnt.dynamic` and `#qnt.pending`; Propagate, Fold and
    Lower ask it.
  }];
  let methods = [
    InterfaceMethod<"True if every parameter is known at compile time.",
      "bool", "isComplete">,
    InterfaceMethod<[{
        Checks the scheme against the shape and the storage type of a tensor
        that carries it; emits one diagnostic per broken rule.
      }], "::mlir::LogicalResult", "verifyScheme",
      (ins "::llvm::function_ref<::mlir::InFlightDiagnostic()>":$emitError,
           "::mlir::ShapedType":$type, "::mlir::Type":$storage)>,
    InterfaceMethod<[{
        The scales in the order of the quantized axis (blocks: row-major);
        empty unless complete.
      }], "::llvm::SmallVector<float>", "getScaleValues">,
    InterfaceMethod<"The zero points, one per scale; empty unless complete.",
      "::llvm::SmallVector<int32_t>", "getZeroPointValues">,
    InterfaceMethod<"The dimension that parameters vary along, if one.",
      "::std::optional<int64_t>", "getQuantizedAxis">,
  ];
}

def Qnt_ObserverInterface : AttrInterface<"ObserverAttrInterface"> {
  let cppNamespace = "::mlir::qnt";
  let description = [{
    A statistic of the values that pass an edge. Its state is a flat buffer of
    f64 words of a size fixed at compile time, updated by generated native code,
    merged across shards, and turned into a range at the end. Implemented by
    `#qnt.min_max`, `#qnt.moving_average` and `#qnt.percentile`; Calibrate asks
    it.
  }];
  let methods = [
    InterfaceMethod<"The name used in options and table files.",
      "::llvm::StringRef", "getObserverName">,
    InterfaceMethod<"Words of f64 state of one edge.",
      "int64_t", "getStateSize">,
    InterfaceMethod<"Writes the state of an edge that has seen nothing.",
      "void", "initState",
      (ins "::llvm::MutableArrayRef<double>":$state)>,
    InterfaceMethod<[{
        Emits the code that folds one sample into the state. `values` is a
        memref of f32 of any static shape, `state` a memref of f64.
      }], "void", "buildUpdate",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$values, "::mlir::Value":$state)>,
    InterfaceMethod<"Folds the state of another shard into this one.",
      "void", "mergeState",
      (ins "::llvm::MutableArrayRef<double>":$state,
           "::llvm::ArrayRef<double>":$other)>,
    InterfaceMethod<[{
        The range to quantize, and the range that was really seen; nothing if
        the edge saw no value.
      }], "::std::optional<::mlir::qnt::ObservedRange>", "finishState",
      (ins "::llvm::ArrayRef<double>":$state)>,
  ];
}

def Qnt_TargetInterface : AttrInterface<"TargetAttrInterface"> {
  let cppNamespace = "::mlir::qnt";
  let description = [{
    What a machine does natively. Implemented by `#qnt.cpu_target`; Propagate
    asks it to choose schemes, Codegen to choose kernels.
  }];
  let methods = [
    InterfaceMethod<"The triple, e.g. `x86_64-unknown-linux-gnu`.",
      "::llvm::StringRef", "getTargetTriple">,
    InterfaceMethod<"True if tensors of this storage type are native.",
      "bool", "supportsStorage", (ins "::mlir::Type":$storage)>,
    InterfaceMethod<"True if products of these types accumulate natively.",
      "bool", "supportsProduct",
      (ins "::mlir::Type":$lhs, "::mlir::Type":$rhs,
           "::mlir::Type":$accumulator)>,
    InterfaceMethod<"True if float arithmetic is done by hardware.",
      "bool", "hasFloatUnit">,
  ];
}

def Qnt_QuantizableOpInterface : OpInterface<"QuantizableOpInterface"> {
  let cppNamespace = "::mlir::qnt";
  let description = [{
    An op of a float model that has an integer form. Implemented by external
    models for tosa, linalg and tensor ops, and by `qnt.composite`. Observe asks
    for the edges, Propagate for the constraints, Lower for the integer form.

    An op that carries the attribute `qnt.exclude` (a string: who wants it) is
    kept float by every stage, whatever this interface says.
  }];
  let methods = [
    InterfaceMethod<[{
        The role of each operand; operands that are not listed (shapes, zero
        points) are none of quantization's business.
      }], "::llvm::SmallVector<::mlir::qnt::OperandRole>", "getOperandRoles">,
    InterfaceMethod<"True if the result may be quantized.",
      "bool", "isResultQuantizable", (ins "unsigned":$index), "", [{
        return true;
      }]>,
    InterfaceMethod<[{
        Constraints between the scales of operands and results; an op without
        any may requantize freely.
      }], "::llvm::SmallVector<::mlir::qnt::ScaleConstraint>",
      "getScaleConstraints", (ins), "", [{ return {}; }]>,
    InterfaceMethod<[{
        For a clamp (relu included): its bounds, so that the producer can absorb
        it into its saturation.
      }], "::std::optional<::mlir::qnt::RealRange>", "getClampRange", (ins),
      "", [{ return std::nullopt; }]>,
    InterfaceMethod<"True if the integer form ends in a clamp of its own.",
      "bool", "absorbsClamp", (ins), "", [{ return false; }]>,
    InterfaceMethod<[{
        For an op that multiplies its one activation by a constant above zero:
        the constant, so that the producer can absorb it into its rescale.
      }], "::std::optional<double>", "getScaleFactor", (ins), "",
      [{ return std::nullopt; }]>,
    InterfaceMethod<[{
        True if the integer form ends in a rescale whose multiplier can take a
        factor (`IntegerForm::factor`).
      }], "bool", "absorbsFactor", (ins), "", [{ return false; }]>,
    InterfaceMethod<[{
        For an op that adds a constant to its one activation or subtracts one
        from it: the summand, a single number or one per index of the last
        dimension.
      }], "::std::optional<::llvm::SmallVector<float>>", "getAddend", (ins), "",
      [{ return std::nullopt; }]>,
    InterfaceMethod<[{
        True if the accumulator of the integer form can take a summand
        (`IntegerForm::addend`).
      }], "bool", "absorbsAddend", (ins), "", [{ return false; }]>,
    InterfaceMethod<[{
        For an elementwise op of one activation operand: the real function, so
        that it, and chains of such ops, can become a 256-entry table.
      }], "::std::optional<double>", "evaluateScalar", (ins "double":$x), "",
      [{ return std::nullopt; }]>,
    InterfaceMethod<[{
        For an op with weights and a bias: the channels that the weight at
        `index` belongs to. Propagate takes out of the bias what rounding of the
        weights adds to the mean of a channel.
      }], "::std::optional<::mlir::qnt::WeightChannels>", "getWeightChannels",
      (ins "::llvm::ArrayRef<int64_t>":$index), "", [{
        return ::std::nullopt;
      }]>,
    InterfaceMethod<[{
        Builds the integer form of this op from the stored integers in `form`
        and returns the stored integers of each result. On failure nothing was
        built and `reason` says why, with the nearest fix.
      }], "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>",
      "buildInteger",
      (ins "::mlir::RewriterBase &":$rewriter,
           "const ::mlir::qnt::IntegerForm &":$form,
           "::std::string &":$reason)>,
  ];
}

#endif // QNT_INTERFACES_TD
