// A model in the types of upstream quant: casts at the ends, tosa ops on quantized
// tensors between.
!act = tensor<1x8x8x3x!quant.uniform<i8:f32, 0.03125:-5>>
!wgt = tensor<4x3x3x3x!quant.uniform<i8<-127:127>:f32:0, {0.01, 0.02, 0.015, 0.005}>>
!acc = tensor<1x8x8x4x!quant.uniform<i32:f32:3, {0.0003125, 0.000625, 0.00046875, 0.00015625}>>
!out = tensor<1x8x8x4x!quant.uniform<i8:f32, 0.0625:-128>>
!pool = tensor<1x4x4x4x!quant.uniform<i8:f32, 0.0625:-128>>
module {
  func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x4x4x4xf32> {
    %q = quant.qcast %x : tensor<1x8x8x3xf32> to !act
    %w = "tosa.const"() <{values = dense<"0xA7CCF1163B60BDE2072C51AED3F81D429FC4E90E3358B5DAFF2449A6CBF0153A5FBCE1062B50ADD2F71C419EC3E80D3257B4D9FE2348A5CAEF14395EBBE0052A4FACD1F61B409DC2E70C3156B3D8FD2247A4C9EE13385DBADF04294EABD0F51A3F9CC1E60B3055B2D7FC2146"> : tensor<4x3x3x3xi8>}> : () -> tensor<4x3x3x3xi8>
    %wq = quant.scast %w : tensor<4x3x3x3xi8> to !wgt
    %b = "tosa.const"() <{values = dense<[100, -200, 300, -400]> : tensor<4xi32>}> : () -> tensor<4xi32>
    %izp = "tosa.const"() <{values = dense<-5> : tensor<1xi8>}> : () -> tensor<1xi8>
    %wzp = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %c = tosa.conv2d %q, %wq, %b, %izp, %wzp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (!act, !wgt, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> !acc
    %m = "tosa.const"() <{values = dense<1073741824> : tensor<4xi32>}> : () -> tensor<4xi32>
    %s = "tosa.const"() <{values = dense<36> : tensor<4xi8>}> : () -> tensor<4xi8>
    %z32 = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
    %ozp = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}> : () -> tensor<1xi8>
    %r = tosa.rescale %c, %m, %s, %z32, %ozp {input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = SINGLE_ROUND, scale32 = true} : (!acc, tensor<4xi32>, tensor<4xi8>, tensor<1xi32>, tensor<1xi8>) -> !out
    %p = tosa.max_pool2d %r {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (!out) -> !pool
    %y = quant.dcast %p : !pool to tensor<1x4x4x4xf32>
    return %y : tensor<1x4x4x4xf32>
  }
}
