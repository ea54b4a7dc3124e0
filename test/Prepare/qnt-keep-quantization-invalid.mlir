// RUN: quant-opt %s --qnt-keep-quantization --split-input-file -verify-diagnostics

// The pass refuses nothing itself; a home that no runtime has is refused before.
// expected-error @+1 {{unknown qnt.home 'tensorrt'; expected native, onnxruntime, litert_xnnpack or litert_reference}}
module attributes {qnt.home = "tensorrt"} {
}

// -----

// expected-error @+1 {{expected 'qnt.home' to be a string attribute of a module}}
module attributes {qnt.home = 1 : i32} {
}
