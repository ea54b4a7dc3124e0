// RUN: quant-opt %s --canonicalize --split-input-file | FileCheck %s

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = -3>>
!r = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>

// CHECK-LABEL: func @quantize_dequantize
// CHECK-SAME: %[[Q:.*]]: tensor<4x
// CHECK-NEXT: return %[[Q]]
func.func @quantize_dequantize(%q: tensor<4x!q>) -> tensor<4x!q> {
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!q>
  return %r : tensor<4x!q>
}

// Another scheme: a requantize is for the fold stage to build.
// CHECK-LABEL: func @differing_schemes
// CHECK: qnt.dequantize
// CHECK: qnt.quantize
func.func @differing_schemes(%q: tensor<4x!q>) -> tensor<4x!r> {
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!r>
  return %r : tensor<4x!r>
}

// 0.75 / 0.5 = 1.5 is a tie and goes to the even 2; then -3 is added.
// CHECK-LABEL: func @quantize_constant
// CHECK: %[[C:.*]] = arith.constant dense<[-1, -5, 127, -128]> : tensor<4xi8>
// CHECK: qnt.storage_cast %[[C]]
func.func @quantize_constant() -> tensor<4x!q> {
  %c = arith.constant dense<[0.75, -0.75, 1000.0, -1000.0]> : tensor<4xf32>
  %q = qnt.quantize %c : tensor<4xf32> to tensor<4x!q>
  return %q : tensor<4x!q>
}

// Weights stay integers.
// CHECK-LABEL: func @dequantize_constant
// CHECK: qnt.dequantize
func.func @dequantize_constant() -> tensor<2xf32> {
  %c = arith.constant dense<[1, 2]> : tensor<2xi8>
  %q = qnt.storage_cast %c : tensor<2xi8> to tensor<2x!q>
  %d = qnt.dequantize %q : tensor<2x!q> to tensor<2xf32>
  return %d : tensor<2xf32>
}

// CHECK-LABEL: func @requantize_same
// CHECK-NEXT: return
func.func @requantize_same(%q: tensor<4x!q>) -> tensor<4x!q> {
  %r = qnt.requantize %q : tensor<4x!q> to tensor<4x!q>
  return %r : tensor<4x!q>
}

// CHECK-LABEL: func @storage_cast_back
// CHECK-NEXT: return
func.func @storage_cast_back(%s: tensor<4xi8>) -> tensor<4xi8> {
  %q = qnt.storage_cast %s : tensor<4xi8> to tensor<4x!q>
  %t = qnt.storage_cast %q : tensor<4x!q> to tensor<4xi8>
  return %t : tensor<4xi8>
}

// 585 times float(0.0111111114) is 6.5 in float32: half to even gives 6, both
// fixed-point modes give 7.
// CHECK-LABEL: func @rescale_constant
// CHECK-DAG: %[[RNE:.*]] = arith.constant dense<6> : tensor<1xi8>
// CHECK-DAG: %[[FIXED:.*]] = arith.constant dense<7> : tensor<1xi8>
// CHECK: return %[[RNE]], %[[FIXED]], %[[FIXED]]
func.func @rescale_constant() -> (tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) {
  %c = arith.constant dense<585> : tensor<1xi32>
  %a = qnt.rescale %c {multipliers = array<f64: 0.011111111380159855>, min = -128 : i32, max = 127 : i32, rounding = #qnt.rounding<fp32_rne>} : tensor<1xi32> to tensor<1xi8>
  %b = qnt.rescale %c {multipliers = array<f64: 0.011111111380159855>, min = -128 : i32, max = 127 : i32, rounding = #qnt.rounding<tflite_double>} : tensor<1xi32> to tensor<1xi8>
  %d = qnt.rescale %c {multipliers = array<f64: 0.011111111380159855>, min = -128 : i32, max = 127 : i32, rounding = #qnt.rounding<tflite_single>} : tensor<1xi32> to tensor<1xi8>
  return %a, %b, %d : tensor<1xi8>, tensor<1xi8>, tensor<1xi8>
}

// CHECK-LABEL: func @fake_quant_twice
// CHECK: qnt.fake_quant
// CHECK-NOT: qnt.fake_quant
func.func @fake_quant_twice(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = qnt.fake_quant %x as !q : tensor<4xf32>
  %b = qnt.fake_quant %a as !q : tensor<4xf32>
  return %b : tensor<4xf32>
}

// -----

// Negation twice: only -128 has no negative, so -128 and -127 meet at -127.
// CHECK-LABEL: func @tables
// CHECK: %[[C:.*]] = arith.constant dense<[-127, -127, 5]> : tensor<3xi8>
// CHECK: %[[T:.*]] = qnt.table
// CHECK-NOT: qnt.table
// CHECK: return %[[T]], %[[C]]
func.func @tables(%x: tensor<3xi8>) -> (tensor<3xi8>, tensor<3xi8>) {
  %a = qnt.table %x {table = array<i8: 127, 127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 114, 113, 112, 111, 110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15, -16, -17, -18, -19, -20, -21, -22, -23, -24, -25, -26, -27, -28, -29, -30, -31, -32, -33, -34, -35, -36, -37, -38, -39, -40, -41, -42, -43, -44, -45, -46, -47, -48, -49, -50, -51, -52, -53, -54, -55, -56, -57, -58, -59, -60, -61, -62, -63, -64, -65, -66, -67, -68, -69, -70, -71, -72, -73, -74, -75, -76, -77, -78, -79, -80, -81, -82, -83, -84, -85, -86, -87, -88, -89, -90, -91, -92, -93, -94, -95, -96, -97, -98, -99, -100, -101, -102, -103, -104, -105, -106, -107, -108, -109, -110, -111, -112, -113, -114, -115, -116, -117, -118, -119, -120, -121, -122, -123, -124, -125, -126, -127>} : tensor<3xi8> to tensor<3xi8>
  %b = qnt.table %a {table = array<i8: 127, 127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 114, 113, 112, 111, 110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15, -16, -17, -18, -19, -20, -21, -22, -23, -24, -25, -26, -27, -28, -29, -30, -31, -32, -33, -34, -35, -36, -37, -38, -39, -40, -41, -42, -43, -44, -45, -46, -47, -48, -49, -50, -51, -52, -53, -54, -55, -56, -57, -58, -59, -60, -61, -62, -63, -64, -65, -66, -67, -68, -69, -70, -71, -72, -73, -74, -75, -76, -77, -78, -79, -80, -81, -82, -83, -84, -85, -86, -87, -88, -89, -90, -91, -92, -93, -94, -95, -96, -97, -98, -99, -100, -101, -102, -103, -104, -105, -106, -107, -108, -109, -110, -111, -112, -113, -114, -115, -116, -117, -118, -119, -120, -121, -122, -123, -124, -125, -126, -127>} : tensor<3xi8> to tensor<3xi8>
  %c = arith.constant dense<[-128, -127, 5]> : tensor<3xi8>
  %d = qnt.table %c {table = array<i8: 127, 127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 114, 113, 112, 111, 110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15, -16, -17, -18, -19, -20, -21, -22, -23, -24, -25, -26, -27, -28, -29, -30, -31, -32, -33, -34, -35, -36, -37, -38, -39, -40, -41, -42, -43, -44, -45, -46, -47, -48, -49, -50, -51, -52, -53, -54, -55, -56, -57, -58, -59, -60, -61, -62, -63, -64, -65, -66, -67, -68, -69, -70, -71, -72, -73, -74, -75, -76, -77, -78, -79, -80, -81, -82, -83, -84, -85, -86, -87, -88, -89, -90, -91, -92, -93, -94, -95, -96, -97, -98, -99, -100, -101, -102, -103, -104, -105, -106, -107, -108, -109, -110, -111, -112, -113, -114, -115, -116, -117, -118, -119, -120, -121, -122, -123, -124, -125, -126, -127>} : tensor<3xi8> to tensor<3xi8>
  %e = qnt.table %d {table = array<i8: 127, 127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 114, 113, 112, 111, 110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15, -16, -17, -18, -19, -20, -21, -22, -23, -24, -25, -26, -27, -28, -29, -30, -31, -32, -33, -34, -35, -36, -37, -38, -39, -40, -41, -42, -43, -44, -45, -46, -47, -48, -49, -50, -51, -52, -53, -54, -55, -56, -57, -58, -59, -60, -61, -62, -63, -64, -65, -66, -67, -68, -69, -70, -71, -72, -73, -74, -75, -76, -77, -78, -79, -80, -81, -82, -83, -84, -85, -86, -87, -88, -89, -90, -91, -92, -93, -94, -95, -96, -97, -98, -99, -100, -101, -102, -103, -104, -105, -106, -107, -108, -109, -110, -111, -112, -113, -114, -115, -116, -117, -118, -119, -120, -121, -122, -123, -124, -125, -126, -127>} : tensor<3xi8> to tensor<3xi8>
  return %b, %e : tensor<3xi8>, tensor<3xi8>
}
