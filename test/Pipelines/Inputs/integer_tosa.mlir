// A convolution, a residual sum and a table as a converter from TFLite to TOSA
// writes them: i8 tensors, i32 sums, tosa.rescale between.
module {
  func.func @main(%arg0: tensor<1x8x8x3xi8>) -> tensor<1x4xi8> {
    %w = "tosa.const"() <{values = dense<"0x0102FF03FE05FD0601020301FF02FE03FD0401020301FF02FE03FD0401020301FF02FE03FD0401020301FF02FE03FD0401020301FF02FE03FD0401020301FF02FE03FD0401020301FF02FE03FD04010203010102FF03FE05FD0601020301FF02FE03FD0401020301FF02FE03"> : tensor<4x3x3x3xi8>}> : () -> tensor<4x3x3x3xi8>
    %b = "tosa.const"() <{values = dense<[10, -20, 30, -40]> : tensor<4xi32>}> : () -> tensor<4xi32>
    %izp = "tosa.const"() <{values = dense<-5> : tensor<1xi8>}> : () -> tensor<1xi8>
    %wzp = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %c = tosa.conv2d %arg0, %w, %b, %izp, %wzp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x8x8x3xi8>, tensor<4x3x3x3xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x8x8x4xi32>
    %m = "tosa.const"() <{values = dense<[1073741824, 1288490188, 1610612736, 2040109466]> : tensor<4xi32>}> : () -> tensor<4xi32>
    %s = "tosa.const"() <{values = dense<[36, 36, 37, 37]> : tensor<4xi8>}> : () -> tensor<4xi8>
    %z32 = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
    %ozp = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}> : () -> tensor<1xi8>
    %r = tosa.rescale %c, %m, %s, %z32, %ozp {input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x8x8x4xi32>, tensor<4xi32>, tensor<4xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x8x8x4xi8>
    %k = tosa.clamp %r {min_val = -128 : i8, max_val = 127 : i8} : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    %p = tosa.max_pool2d %k {kernel = array<i64: 8, 8>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 8, 8>} : (tensor<1x8x8x4xi8>) -> tensor<1x1x1x4xi8>
    %shape = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %o = tosa.reshape %p, %shape : (tensor<1x1x1x4xi8>, !tosa.shape<2>) -> tensor<1x4xi8>
    %m1 = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
    %s1 = "tosa.const"() <{values = dense<10> : tensor<1xi8>}> : () -> tensor<1xi8>
    %s2 = "tosa.const"() <{values = dense<49> : tensor<1xi8>}> : () -> tensor<1xi8>
    %a32 = tosa.rescale %o, %m1, %s1, %ozp, %z32 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x4xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4xi32>
    %sum = tosa.add %a32, %a32 : (tensor<1x4xi32>, tensor<1x4xi32>) -> tensor<1x4xi32>
    %y = tosa.rescale %sum, %m1, %s2, %z32, %ozp {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = DOUBLE_ROUND, scale32 = true} : (tensor<1x4xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4xi8>
    %t = "tosa.const"() <{values = dense<"0x0000000000000000000000000000000001010101010101020202020203030303040404040505050506060607070708080909090A0A0A0B0B0C0C0D0D0E0E0F0F1010111112121313141415151617171819191A1A1B1C1C1D1E1E1F202121222324242526272728292A2B2B2C2D2E2F30313132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F51525354555657595A5B5C5D5F60616264656667696A6B6C6E6F707273747677797A7B7D7E7F8182848587888A8B8D8E909193949697999A9C9D9FA0A2A4A5A7A9AAACADAFB1B2B4B6B7B9BBBDBEC0C2C4C5C7C9CBCCCED0D2D4D5D7D9DBDDDFE1E2E4E6E8EAECEEF0F2F4F6F8FAFCFE"> : tensor<256xi8>}> : () -> tensor<256xi8>
    %q = tosa.table %y, %t : (tensor<1x4xi8>, tensor<256xi8>) -> tensor<1x4xi8>
    return %q : tensor<1x4xi8>
  }
}
