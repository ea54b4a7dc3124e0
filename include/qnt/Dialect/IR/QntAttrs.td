//===- QntAttrs.td - schemes, observers, targets, rounding -*- tablegen -*-===//
//
// The attributes of the dialect. Each scheme, observer and target implements
// the interface that passes ask; no pass names one of these classes.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_ATTRS_TD
#define QNT_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "qnt/Dialect/IR/QntDialect.td"
include "qnt/Dialect/IR/QntInterfaces.td"

class Qnt_Attr<string name, string mnemonic_, list<Trait> traits = []>
    : AttrDef<Qnt_Dialect, name, traits> {
  let mnemonic = mnemonic_;
}

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def Qnt_RoundingEnum : I32EnumAttr<"Rounding", "how a rescale rounds", [
    I32EnumAttrCase<"Fp32Rne", 0, "fp32_rne">,
    I32EnumAttrCase<"TfliteDouble", 1, "tflite_double">,
    I32EnumAttrCase<"TfliteSingle", 2, "tflite_single">]> {
  let cppNamespace = "::mlir::qnt";
  let genSpecializedAttr = 0;
}

def Qnt_RoundingAttr : EnumAttr<Qnt_Dialect, Qnt_RoundingEnum, "rounding"> {
  let assemblyFormat = "`<` $value `>`";
}

def Qnt_HomeEnum
    : I32EnumAttr<"Home", "whose integers a model reproduces",
                  [I32EnumAttrCase<"Native", 0, "native">,
                   I32EnumAttrCase<"OnnxRuntime", 1, "onnxruntime">,
                   I32EnumAttrCase<"LitertXnnpack", 2, "litert_xnnpack">,
                   I32EnumAttrCase<"LitertReference", 3, "litert_reference">]> {
  let cppNamespace = "::mlir::qnt";
  let genSpecializedAttr = 0;
}

def Qnt_HomeAttr : EnumAttr<Qnt_Dialect, Qnt_HomeEnum, "home"> {
  let assemblyFormat = "`<` $value `>`";
}

def Qnt_GranularityEnum
    : I32EnumAttr<"Granularity", "what shares one set of parameters", [
    I32EnumAttrCase<"PerTensor", 0, "per_tensor">,
    I32EnumAttrCase<"PerAxis", 1, "per_axis">,
    I32EnumAttrCase<"PerBlock", 2, "per_block">,
    I32EnumAttrCase<"PerToken", 3, "per_token">]> {
  let cppNamespace = "::mlir::qnt";
  let genSpecializedAttr = 0;
}

//===----------------------------------------------------------------------===//
// Schemes
//===----------------------------------------------------------------------===//

class Qnt_Scheme<string name, string mnemonic_>
    : Qnt_Attr<name, mnemonic_,
        [DeclareAttrInterfaceMethods<Qnt_SchemeInterface>]>;

def Qnt_PerTensorAttr : Qnt_Scheme<"PerTensor", "per_tensor"> {
  let summary = "one scale and zero point for the whole tensor";
  let description = [{
    ```mlir
    #qnt.per_tensor<scale = 2.500000e-01, zero_point = -3>
    ```
    The scale is a float32 value, finite and above zero.
  }];
  let parameters = (ins APFloatParameter<"float32 scale">:$scaleValue,
                    DefaultValuedParameter<"int32_t", "0">:$zeroPoint);
  // Parsed by hand so that the scale is always a float32.
  let assemblyFormat = [{
    `<` `scale` `=` custom<Float>($scaleValue)
        (`,` `zero_point` `=` $zeroPoint^)? `>`
  }];
  let genVerifyDecl = 1;
  let builders = [
    AttrBuilder<(ins "float":$scale, "int32_t":$zeroPoint), [{
      return $_get($_ctxt, ::llvm::APFloat(scale), zeroPoint);
    }]>
  ];
  let extraClassDeclaration = [{
    float getScale() const { return getScaleValue().convertToFloat(); }
  }];
}

def Qnt_PerAxisAttr : Qnt_Scheme<"PerAxis", "per_axis"> {
  let summary = "a scale and zero point per index of one dimension";
  let description = [{
    ```mlir
    #qnt.per_axis<axis = 0, scales = [1.0e-01, 2.0e-01]>
    ```
    Zero points are all 0 unless given.
  }];
  let parameters = (ins "int64_t":$axis, "DenseF32ArrayAttr":$scales,
                    OptionalParameter<"DenseI32ArrayAttr">:$zeroPoints);
  let assemblyFormat = [{
    `<` `axis` `=` $axis `,` `scales` `=` custom<Floats>($scales)
        (`,` `zero_points` `=` $zeroPoints^)? `>`
  }];
  let genVerifyDecl = 1;
}

def Qnt_PerBlockAttr : Qnt_Scheme<"PerBlock", "per_block"> {
  let summary = "a scale and zero point per block of consecutive elements";
  let description = [{
    Blocks of `block_size` elements along `axis`; `scales` has the shape of the
    tensor with that dimension divided by the block size.

    ```mlir
    #qnt.per_block<axis = 1, block_size = 32, scales = dense<0.1> : tensor<8x2xf32>>
    ```
  }];
  let parameters = (ins "int64_t":$axis, "int64_t":$blockSize,
                    "DenseElementsAttr":$scales,
                    OptionalParameter<"DenseElementsAttr">:$zeroPoints);
  let assemblyFormat = [{
    `<` `axis` `=` $axis `,` `block_size` `=` $blockSize `,`
        `scales` `=` $scales (`,` `zero_points` `=` $zeroPoints^)? `>`
  }];
  let genVerifyDecl = 1;
}

def Qnt_DynamicAttr : Qnt_Scheme<"Dynamic", "dynamic"> {
  let summary = "parameters computed at run time, per tensor or per token";
  let description = [{
    ```mlir
    #qnt.dynamic<per_token>
    ```
    Per token: one set of parameters per index of all dimensions but the last.
  }];
  let parameters = (ins EnumParameter<Qnt_GranularityEnum>:$granularity);
  let assemblyFormat = "`<` $granularity `>`";
  let genVerifyDecl = 1;
}

def Qnt_PendingAttr : Qnt_Scheme<"Pending", "pending"> {
  let summary = "parameters that calibration has still to find";
  let description = [{
    ```mlir
    #qnt.pending<per_axis, axis = 3, symmetric = true>
    ```
    `symmetric` asks for zero point 0 (signed storage).
  }];
  let parameters = (ins EnumParameter<Qnt_GranularityEnum>:$granularity,
                    OptionalParameter<"std::optional<int64_t>">:$axis,
                    DefaultValuedParameter<"bool", "false">:$symmetric);
  // Two optional groups that start with a comma are beyond the format.
  let assemblyFormat = [{
    `<` $granularity `` custom<PendingOptions>($axis, $symmetric) `>`
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Observers
//===----------------------------------------------------------------------===//

class Qnt_Observer<string name, string mnemonic_>
    : Qnt_Attr<name, mnemonic_,
        [DeclareAttrInterfaceMethods<Qnt_ObserverInterface>]>;

def Qnt_MinMaxAttr : Qnt_Observer<"MinMax", "min_max"> {
  let summary = "the smallest and largest value seen";
  let description = "State: min, max, count.";
}

def Qnt_MovingAverageAttr : Qnt_Observer<"MovingAverage", "moving_average"> {
  let summary = "exponential moving average of each sample's min and max";
  let description = [{
    `m += momentum * (sample - m)`, first sample as is. Shards are merged by
    their counts. State: averaged min and max, seen min and max, count, samples.
  }];
  let parameters = (ins APFloatParameter<"">:$momentumValue);
  // Optional as a whole, which the declarative format can't say of a custom
  // directive.
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let builders = [
    AttrBuilder<(ins CArg<"float", "0.01f">:$momentum), [{
      return $_get($_ctxt, ::llvm::APFloat(momentum));
    }]>
  ];
  let extraClassDeclaration = [{
    float getMomentum() const { return getMomentumValue().convertToFloat(); }
  }];
}

def Qnt_PercentileAttr : Qnt_Observer<"Percentile", "percentile"> {
  let summary = "the range that holds a share of all values";
  let description = [{
    A histogram of 2048 bins whose range doubles as needed, so one pass over the
    data is enough; `percentile` is in percent, each tail loses half of the rest.
    State: low, high, seen min and max, count, 2048 bins.
  }];
  let parameters = (ins APFloatParameter<"">:$percentileValue);
  // Optional as a whole, which the declarative format can't say of a custom
  // directive.
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let builders = [
    AttrBuilder<(ins CArg<"float", "99.99f">:$percentile), [{
      return $_get($_ctxt, ::llvm::APFloat(percentile));
    }]>
  ];
  let extraClassDeclaration = [{
    float getPercentile() const { return getPercentileValue().convertToFloat(); }
  }];
}

def Qnt_MseAttr : Qnt_Observer<"Mse", "mse"> {
  let summary = "the range that loses least when stored in 8 bits";
  let description = [{
    The histogram of `#qnt.percentile`. Of the ranges inside the one seen, the
    one with the least mean squared error: values outside are cut off, values
    inside are off by a 255th of the range at random, and zero is exact. State:
    that of `#qnt.percentile`.
  }];
}

def Qnt_ChannelMeansAttr : Qnt_Observer<"ChannelMeans", "channel_means"> {
  let summary = "what another observer sees, and the mean of each channel";
  let description = [{
    `#qnt.channel_means<64, #qnt.min_max>`: channels are the indices of the last
    dimension. The range is the inner observer's; the means tell Propagate how
    far rounded weights shift a sum of products. State: that of the inner one,
    the number of values per channel, the sum of each channel.
  }];
  let parameters = (ins "int64_t":$channels, "ObserverAttrInterface":$inner);
  let assemblyFormat = "`<` $channels `,` $inner `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The mean of each channel; empty if nothing was seen.
    ::llvm::SmallVector<double>
    getMeans(::llvm::ArrayRef<double> state) const;
  }];
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

def Qnt_CpuTargetAttr : Qnt_Attr<"CpuTarget", "cpu_target",
    [DeclareAttrInterfaceMethods<Qnt_TargetInterface>]> {
  let summary = "a CPU: triple, name and features as LLVM spells them";
  let description = [{
    ```mlir
    #qnt.cpu_target<"aarch64-linux-gnu", "cortex-a76", "+dotprod">
    ```
  }];
  let parameters = (ins StringRefParameter<>:$triple,
                    StringRefParameter<>:$cpu,
                    StringRefParameter<>:$features);
  let assemblyFormat = "`<` $triple `,` $cpu `,` $features `>`";
}

#endif // QNT_ATTRS_TD
