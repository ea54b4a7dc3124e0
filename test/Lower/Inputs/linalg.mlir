#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#two = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// What a PyTorch exporter makes: channels first, bias as the init of the
// convolution and behind the product, relu as compare and select.
func.func @network(%x: tensor<1x2x6x6xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant 0.5 : f32
  %w = arith.constant dense<[[[[0.5, -0.2, 0.1], [0.3, 0.4, -0.6], [0.2, 0.1, 0.0]], [[0.1, 0.2, 0.3], [-0.4, 0.5, 0.6], [0.0, -0.1, 0.2]]], [[[-0.5, 0.2, 0.7], [0.3, -0.4, 0.6], [0.2, 0.1, 0.9]], [[0.8, 0.2, -0.3], [0.4, -0.5, 0.6], [0.0, 0.1, 0.2]]]]> : tensor<2x2x3x3xf32>
  %b = arith.constant dense<[0.25, -0.5]> : tensor<2xf32>
  %fw = arith.constant dense<[[0.5, -0.2, 0.3], [0.1, 0.4, -0.3], [-0.6, 0.2, 0.7], [0.8, -0.9, 0.1], [0.3, 0.2, 0.1], [-0.2, 0.5, -0.7], [0.4, 0.4, 0.2], [0.6, -0.1, 0.3]]> : tensor<8x3xf32>
  %fb = arith.constant dense<[1.0, 2.0, -3.0]> : tensor<3xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<1x2x2x2xf32>) dimensions = [0, 2, 3]
  %c = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%x, %w : tensor<1x2x6x6xf32>, tensor<2x2x3x3xf32>) outs(%init : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %r = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c : tensor<1x2x2x2xf32>) outs(%e : tensor<1x2x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = arith.cmpf ugt, %in, %zero : f32
    %s = arith.select %p, %in, %zero : f32
    linalg.yield %s : f32
  } -> tensor<1x2x2x2xf32>
  %f = tensor.collapse_shape %r [[0], [1, 2, 3]] : tensor<1x2x2x2xf32> into tensor<1x8xf32>
  %me = tensor.empty() : tensor<1x3xf32>
  %mi = linalg.fill ins(%zero : f32) outs(%me : tensor<1x3xf32>) -> tensor<1x3xf32>
  %m = linalg.matmul ins(%f, %fw : tensor<1x8xf32>, tensor<8x3xf32>) outs(%mi : tensor<1x3xf32>) -> tensor<1x3xf32>
  %a = linalg.generic {indexing_maps = [#two, #row, #two], iterator_types = ["parallel", "parallel"]} ins(%m, %fb : tensor<1x3xf32>, tensor<3xf32>) outs(%me : tensor<1x3xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %s = arith.addf %in, %bias : f32
    linalg.yield %s : f32
  } -> tensor<1x3xf32>
  %y = linalg.generic {indexing_maps = [#two, #two], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<1x3xf32>) outs(%me : tensor<1x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %h = arith.mulf %in, %scale : f32
    %t = math.tanh %h : f32
    linalg.yield %t : f32
  } -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}
