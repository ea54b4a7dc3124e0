!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.03, zero_point = 5>>
!r = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.05, zero_point = -20>>
!p = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.01, zero_point = -128>>

func.func @convolution(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %w = "tosa.const"() {values = dense<[[[[0.5, -0.25], [0.1, 0.2], [0.3, -0.3]]], [[[0.01, 0.02], [-0.03, 0.01], [0.05, 0.02]]]]> : tensor<2x1x3x2xf32>} : () -> tensor<2x1x3x2xf32>
  %b = "tosa.const"() {values = dense<[0.1, -0.2]> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x4x4x2xf32> to tensor<1x4x4x2x!q>
  %d = qnt.dequantize %q : tensor<1x4x4x2x!q> to tensor<1x4x4x2xf32>
  %c = tosa.conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x1x3x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  %a = tosa.clamp %c {min_val = 0.0 : f32, max_val = 2.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %aq = qnt.quantize %a : tensor<1x4x4x2xf32> to tensor<1x4x4x2x!p>
  %ad = qnt.dequantize %aq : tensor<1x4x4x2x!p> to tensor<1x4x4x2xf32>
  return %ad : tensor<1x4x4x2xf32>
}

func.func @depthwise(%x: tensor<1x4x4x2xf32>) -> tensor<1x3x3x4xf32> {
  %w = "tosa.const"() {values = dense<[[[[0.5, -0.25], [0.1, 0.2]], [[0.3, -0.3], [0.2, 0.6]]], [[[0.01, 0.02], [-0.03, 0.01]], [[0.05, 0.02], [1.0, -1.0]]]]> : tensor<2x2x2x2xf32>} : () -> tensor<2x2x2x2xf32>
  %b = "tosa.const"() {values = dense<[0.1, -0.2, 0.3, 0.4]> : tensor<4xf32>} : () -> tensor<4xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x4x4x2xf32> to tensor<1x4x4x2x!q>
  %d = qnt.dequantize %q : tensor<1x4x4x2x!q> to tensor<1x4x4x2xf32>
  %c = tosa.depthwise_conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x2x2x2xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3x4xf32>
  %cq = qnt.quantize %c : tensor<1x3x3x4xf32> to tensor<1x3x3x4x!r>
  %cd = qnt.dequantize %cq : tensor<1x3x3x4x!r> to tensor<1x3x3x4xf32>
  return %cd : tensor<1x3x3x4xf32>
}

func.func @product(%x: tensor<1x3x4xf32>, %y: tensor<1x4x2xf32>) -> tensor<1x3x2xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %xq = qnt.quantize %x : tensor<1x3x4xf32> to tensor<1x3x4x!q>
  %xd = qnt.dequantize %xq : tensor<1x3x4x!q> to tensor<1x3x4xf32>
  %yq = qnt.quantize %y : tensor<1x4x2xf32> to tensor<1x4x2x!r>
  %yd = qnt.dequantize %yq : tensor<1x4x2x!r> to tensor<1x4x2xf32>
  %m = tosa.matmul %xd, %yd, %z, %z : (tensor<1x3x4xf32>, tensor<1x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x2xf32>
  %mq = qnt.quantize %m : tensor<1x3x2xf32> to tensor<1x3x2x!r>
  %md = qnt.dequantize %mq : tensor<1x3x2x!r> to tensor<1x3x2xf32>
  return %md : tensor<1x3x2xf32>
}

func.func @sum_of_two(%x: tensor<2x8xf32>, %y: tensor<1x8xf32>) -> tensor<2x8xf32> {
  %xq = qnt.quantize %x : tensor<2x8xf32> to tensor<2x8x!q>
  %xd = qnt.dequantize %xq : tensor<2x8x!q> to tensor<2x8xf32>
  %yq = qnt.quantize %y : tensor<1x8xf32> to tensor<1x8x!r>
  %yd = qnt.dequantize %yq : tensor<1x8x!r> to tensor<1x8xf32>
  %a = tosa.add %xd, %yd : (tensor<2x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %c = tosa.clamp %a {min_val = 0.0 : f32, max_val = 3.4e+38 : f32} : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %aq = qnt.quantize %c : tensor<2x8xf32> to tensor<2x8x!r>
  %ad = qnt.dequantize %aq : tensor<2x8x!r> to tensor<2x8xf32>
  return %ad : tensor<2x8xf32>
}

func.func @difference(%x: tensor<2x8xf32>, %y: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %xq = qnt.quantize %x : tensor<2x8xf32> to tensor<2x8x!q>
  %xd = qnt.dequantize %xq : tensor<2x8x!q> to tensor<2x8xf32>
  %yq = qnt.quantize %y : tensor<2x8xf32> to tensor<2x8x!r>
  %yd = qnt.dequantize %yq : tensor<2x8x!r> to tensor<2x8xf32>
  %a = tosa.sub %xd, %yd : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %aq = qnt.quantize %a : tensor<2x8xf32> to tensor<2x8x!r>
  %ad = qnt.dequantize %aq : tensor<2x8x!r> to tensor<2x8xf32>
  return %ad : tensor<2x8xf32>
}

func.func @product_of_two(%x: tensor<2x8xf32>, %y: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %s = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %xq = qnt.quantize %x : tensor<2x8xf32> to tensor<2x8x!q>
  %xd = qnt.dequantize %xq : tensor<2x8x!q> to tensor<2x8xf32>
  %yq = qnt.quantize %y : tensor<2x8xf32> to tensor<2x8x!r>
  %yd = qnt.dequantize %yq : tensor<2x8x!r> to tensor<2x8xf32>
  %a = tosa.mul %xd, %yd, %s : (tensor<2x8xf32>, tensor<2x8xf32>, tensor<1xi8>) -> tensor<2x8xf32>
  %aq = qnt.quantize %a : tensor<2x8xf32> to tensor<2x8x!r>
  %ad = qnt.dequantize %aq : tensor<2x8x!r> to tensor<2x8xf32>
  return %ad : tensor<2x8xf32>
}

func.func @mean_of_window(%x: tensor<1x6x6x3xf32>) -> tensor<1x2x2x3xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x6x6x3xf32> to tensor<1x6x6x3x!q>
  %d = qnt.dequantize %q : tensor<1x6x6x3x!q> to tensor<1x6x6x3xf32>
  %p = tosa.avg_pool2d %d, %z, %z {acc_type = f32, kernel = array<i64: 3, 3>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 3, 3>} : (tensor<1x6x6x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x3xf32>
  %pq = qnt.quantize %p : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!r>
  %pd = qnt.dequantize %pq : tensor<1x2x2x3x!r> to tensor<1x2x2x3xf32>
  return %pd : tensor<1x2x2x3xf32>
}

func.func @mean(%x: tensor<2x8xf32>) -> tensor<2x1xf32> {
  %f = "tosa.const"() {values = dense<0.125> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %s = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %q = qnt.quantize %x : tensor<2x8xf32> to tensor<2x8x!q>
  %d = qnt.dequantize %q : tensor<2x8x!q> to tensor<2x8xf32>
  %r = tosa.reduce_sum %d {axis = 1 : i32} : (tensor<2x8xf32>) -> tensor<2x1xf32>
  %m = tosa.mul %r, %f, %s : (tensor<2x1xf32>, tensor<2x1xf32>, tensor<1xi8>) -> tensor<2x1xf32>
  %mq = qnt.quantize %m : tensor<2x1xf32> to tensor<2x1x!r>
  %md = qnt.dequantize %mq : tensor<2x1x!r> to tensor<2x1xf32>
  return %md : tensor<2x1xf32>
}

func.func @chain_of_functions(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %q = qnt.quantize %x : tensor<4x8xf32> to tensor<4x8x!q>
  %d = qnt.dequantize %q : tensor<4x8x!q> to tensor<4x8xf32>
  %e = tosa.exp %d : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %t = tosa.tanh %e : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %tq = qnt.quantize %t : tensor<4x8xf32> to tensor<4x8x!p>
  %td = qnt.dequantize %tq : tensor<4x8x!p> to tensor<4x8xf32>
  return %td : tensor<4x8xf32>
}

func.func @moves(%x: tensor<1x2x2x2xf32>, %y: tensor<1x2x2x2xf32>) -> tensor<1x2x9xf32> {
  %c0 = "tosa.const"() {values = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %padding = tosa.const_shape {values = dense<[0, 0, 0, 0, 0, 1]> : tensor<6xindex>} : () -> !tosa.shape<6>
  %shape = tosa.const_shape {values = dense<[1, 2, 8]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %xq = qnt.quantize %x : tensor<1x2x2x2xf32> to tensor<1x2x2x2x!q>
  %xd = qnt.dequantize %xq : tensor<1x2x2x2x!q> to tensor<1x2x2x2xf32>
  %yq = qnt.quantize %y : tensor<1x2x2x2xf32> to tensor<1x2x2x2x!r>
  %yd = qnt.dequantize %yq : tensor<1x2x2x2x!r> to tensor<1x2x2x2xf32>
  %t = tosa.transpose %xd {perms = array<i32: 0, 2, 1, 3>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %c = tosa.concat %t, %yd {axis = 3 : i32} : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x2x4xf32>
  %r = tosa.reshape %c, %shape : (tensor<1x2x2x4xf32>, !tosa.shape<3>) -> tensor<1x2x8xf32>
  %p = tosa.pad %r, %padding, %c0 : (tensor<1x2x8xf32>, !tosa.shape<6>, tensor<1xf32>) -> tensor<1x2x9xf32>
  return %p : tensor<1x2x9xf32>
}
