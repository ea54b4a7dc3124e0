// The JSON is complete, and the text is a view of it.
// RUN: quant-opt %s --qnt-report-tensors --qnt-write-report=file=%t.json -o /dev/null
// RUN: FileCheck %s --input-file=%t.json
// RUN: FileCheck %s --input-file=%t.txt --check-prefix=TEXT

// CHECK-DAG: "model_sha256": "abc"
// CHECK-DAG: "rounding": "fp32_rne"
// CHECK-DAG: "dtype": "i8"
// CHECK-DAG: "scheme": "qnt.per_tensor"
// CHECK-DAG: "seen_max": 1
// CHECK-DAG: "reason": "no integer form"

// TEXT: mode {{ *}}int8
// TEXT: Stays float:
// TEXT-NEXT: tosa.sin 'wave': no integer form
// TEXT: input {{ *}}activation i8 {{ *}}0.5 {{ *}}-3 {{ *}}-1 {{ *}}1
!act = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = -3>>
module attributes {qnt.model_sha256 = "abc", qnt.mode = "int8", qnt.rounding = #qnt.rounding<fp32_rne>} {
  func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> attributes {qnt.float_ops = [{name = "wave", op = "tosa.sin", reason = "no integer form"}]} {
    %q = qnt.quantize %x {qnt.edge = "input", qnt.seen_min = -1.0 : f64, qnt.seen_max = 1.0 : f64} : tensor<2xf32> to tensor<2x!act>
    %d = qnt.dequantize %q : tensor<2x!act> to tensor<2xf32>
    return %d : tensor<2xf32>
  }
}
