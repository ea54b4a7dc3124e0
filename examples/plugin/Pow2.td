//===- Pow2.td - scales that are powers of two ------------*- tablegen -*-===//
//
// A scheme and an observer of a plugin: quant-opt knows them by the interfaces
// only, as it knows its own.
//
//===----------------------------------------------------------------------===//

#ifndef POW2_TD
#define POW2_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "qnt/Dialect/IR/QntInterfaces.td"

def Pow2_Dialect : Dialect {
  let name = "pow2";
  let cppNamespace = "::pow2";
  let summary = "quantization with scales that are powers of two";
  let useDefaultAttributePrinterParser = 1;
}

def Pow2_ScaleAttr : AttrDef<Pow2_Dialect, "Scale",
    [DeclareAttrInterfaceMethods<Qnt_SchemeInterface>]> {
  let mnemonic = "scale";
  let summary = "scale 2^exponent, zero point 0, for the whole tensor";
  let parameters = (ins "int32_t":$exponent);
  let assemblyFormat = "`<` `exponent` `=` $exponent `>`";
  let genVerifyDecl = 1;
}

def Pow2_AbsMaxAttr : AttrDef<Pow2_Dialect, "AbsMax",
    [DeclareAttrInterfaceMethods<Qnt_ObserverInterface>]> {
  let mnemonic = "abs_max";
  let summary = "largest magnitude, rounded up so that the scale is a power "
                "of two";
  let description = "State: largest magnitude, count.";
}

#endif // POW2_TD
