//===- QntTypes.td - the quantized element type -----------*- tablegen -*-===//
//
// One element type, whose scheme is any attribute with the scheme interface.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TYPES_TD
#define QNT_TYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "qnt/Dialect/IR/QntDialect.td"
include "qnt/Dialect/IR/QntAttrs.td"

def Qnt_QuantizedType : TypeDef<Qnt_Dialect, "Quantized"> {
  let mnemonic = "quantized";
  let summary = "a real number stored as an integer or a short float";
  let description = [{
    `storage : expressed, scheme`. Storage is an integer of 1 to 32 bits
    (signless counts as signed), `f16` or `bf16`; expressed is `f32`. A
    restricted range of stored integers follows the storage type in `<>`.

    ```mlir
    !qnt.quantized<i8<-127:127> : f32, #qnt.per_tensor<scale = 5.000000e-01>>
    ```
  }];
  let parameters = (ins "Type":$storage, "int64_t":$storageMin,
                    "int64_t":$storageMax, "Type":$expressed,
                    "SchemeAttrInterface":$scheme);
  // The range is printed only where it is not the storage type's own.
  let assemblyFormat = [{
    `<` custom<Storage>($storage, $storageMin, $storageMax) `:` $expressed
        `,` $scheme `>`
  }];
  let genVerifyDecl = 1;
  let builders = [
    TypeBuilderWithInferredContext<(ins "Type":$storage, "Type":$expressed,
                                        "SchemeAttrInterface":$scheme)>
  ];
  let extraClassDeclaration = [{
    /// Bits of a stored number.
    unsigned getStorageWidth() const;
    /// True unless the storage is an unsigned integer.
    bool isSigned() const;
    /// The same storage with another scheme.
    QuantizedType withScheme(SchemeAttrInterface scheme) const;
    /// The type of the stored numbers as integer arithmetic sees it: signless
    /// for signed storage.
    Type getArithmeticType() const;
    /// Scale and zero point of a per-tensor scheme; nothing otherwise.
    std::optional<std::pair<float, int32_t>> getPerTensorParams() const;
  }];
}

#endif // QNT_TYPES_TD
