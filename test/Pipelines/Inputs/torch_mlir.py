"""Prints a small CNN as torch-mlir writes models: linalg on tensors, channels
second, explicit pads, arithmetic as linalg.generic."""

import numpy as np

r=np.random.default_rng(3)
def dense(a): 
    return "dense<"+str(np.round(a,3).astype(np.float32).tolist())+"> : tensor<"+"x".join(map(str,a.shape))+"xf32>"
w1=r.normal(0,.4,(8,3,3,3)); b1=r.normal(0,.2,8); w2=r.normal(0,.3,(8,1,3,3)); b2=r.normal(0,.2,8); w3=r.normal(0,.3,(5,8)); b3=r.normal(0,.3,5)
print(f"""#map = affine_map<(d0, d1, d2, d3) -> (d1)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, 0)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#map5 = affine_map<(d0, d1) -> (d0, d1)>
#map6 = affine_map<(d0, d1) -> (d1, d0)>
#map7 = affine_map<(d0, d1) -> (0, d1)>
#map8 = affine_map<(d0, d1) -> (d1)>
module attributes {{torch.debug_module_name = "Net"}} {{
  ml_program.global private mutable @global_seed(dense<0> : tensor<i64>) : tensor<i64>
  func.func @forward(%arg0: tensor<1x3x8x8xf32>) -> tensor<1x5xf32> {{
    %cst = arith.constant {dense(w3)}
    %cst_0 = arith.constant {dense(b3)}
    %cst_1 = arith.constant {dense(w1)}
    %cst_2 = arith.constant {dense(b1)}
    %cst_3 = arith.constant {dense(w2.reshape(8,1,3,3))}
    %cst_4 = arith.constant {dense(b2)}
    %cst_5 = arith.constant 0.000000e+00 : f32
    %cst_6 = arith.constant 0xFF800000 : f32
    %cst_7 = arith.constant 1.600000e+01 : f32
    %padded = tensor.pad %arg0 low[0, 0, 1, 1] high[0, 0, 1, 1] {{
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst_5 : f32
    }} : tensor<1x3x8x8xf32> to tensor<1x3x10x10xf32>
    %0 = tensor.empty() : tensor<1x8x8x8xf32>
    %broadcasted = linalg.broadcast ins(%cst_2 : tensor<8xf32>) outs(%0 : tensor<1x8x8x8xf32>) dimensions = [0, 2, 3]
    %1 = linalg.conv_2d_nchw_fchw {{dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}} ins(%padded, %cst_1 : tensor<1x3x10x10xf32>, tensor<8x3x3x3xf32>) outs(%broadcasted : tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    %2 = linalg.generic {{indexing_maps = [#map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}} ins(%1 : tensor<1x8x8x8xf32>) outs(%0 : tensor<1x8x8x8xf32>) {{
    ^bb0(%in: f32, %out: f32):
      %14 = arith.cmpf ugt, %in, %cst_5 : f32
      %15 = arith.select %14, %in, %cst_5 : f32
      linalg.yield %15 : f32
    }} -> tensor<1x8x8x8xf32>
    %padded_8 = tensor.pad %2 low[0, 0, 1, 1] high[0, 0, 1, 1] {{
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst_5 : f32
    }} : tensor<1x8x8x8xf32> to tensor<1x8x10x10xf32>
    %broadcasted_9 = linalg.broadcast ins(%cst_4 : tensor<8xf32>) outs(%0 : tensor<1x8x8x8xf32>) dimensions = [0, 2, 3]
    %collapsed = tensor.collapse_shape %cst_3 [[0, 1], [2], [3]] : tensor<8x1x3x3xf32> into tensor<8x3x3xf32>
    %3 = linalg.depthwise_conv_2d_nchw_chw {{dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}} ins(%padded_8, %collapsed : tensor<1x8x10x10xf32>, tensor<8x3x3xf32>) outs(%broadcasted_9 : tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
    %4 = linalg.generic {{indexing_maps = [#map2, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}} ins(%3, %2 : tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) outs(%0 : tensor<1x8x8x8xf32>) {{
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %14 = arith.addf %in, %in_12 : f32
      linalg.yield %14 : f32
    }} -> tensor<1x8x8x8xf32>
    %5 = tensor.empty() : tensor<1x8x4x4xf32>
    %6 = linalg.fill ins(%cst_6 : f32) outs(%5 : tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
    %7 = tensor.empty() : tensor<2x2xf32>
    %8 = linalg.pooling_nchw_max {{dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>}} ins(%4, %7 : tensor<1x8x8x8xf32>, tensor<2x2xf32>) outs(%6 : tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
    %9 = tensor.empty() : tensor<1x8x1x1xf32>
    %10 = linalg.fill ins(%cst_5 : f32) outs(%9 : tensor<1x8x1x1xf32>) -> tensor<1x8x1x1xf32>
    %11 = linalg.generic {{indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}} ins(%8 : tensor<1x8x4x4xf32>) outs(%10 : tensor<1x8x1x1xf32>) {{
    ^bb0(%in: f32, %out: f32):
      %14 = arith.addf %in, %out : f32
      linalg.yield %14 : f32
    }} -> tensor<1x8x1x1xf32>
    %12 = linalg.generic {{indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, 0, 0)>, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}} ins(%11 : tensor<1x8x1x1xf32>) outs(%9 : tensor<1x8x1x1xf32>) {{
    ^bb0(%in: f32, %out: f32):
      %14 = arith.divf %in, %cst_7 : f32
      linalg.yield %14 : f32
    }} -> tensor<1x8x1x1xf32>
    %collapsed_10 = tensor.collapse_shape %12 [[0], [1, 2, 3]] : tensor<1x8x1x1xf32> into tensor<1x8xf32>
    %13 = tensor.empty() : tensor<8x5xf32>
    %transposed = linalg.transpose ins(%cst : tensor<5x8xf32>) outs(%13 : tensor<8x5xf32>) permutation = [1, 0]
    %16 = tensor.empty() : tensor<1x5xf32>
    %17 = linalg.fill ins(%cst_5 : f32) outs(%16 : tensor<1x5xf32>) -> tensor<1x5xf32>
    %18 = linalg.matmul ins(%collapsed_10, %transposed : tensor<1x8xf32>, tensor<8x5xf32>) outs(%17 : tensor<1x5xf32>) -> tensor<1x5xf32>
    %19 = linalg.generic {{indexing_maps = [#map7, #map8, #map5], iterator_types = ["parallel", "parallel"]}} ins(%18, %cst_0 : tensor<1x5xf32>, tensor<5xf32>) outs(%16 : tensor<1x5xf32>) {{
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %14 = arith.addf %in, %in_12 : f32
      linalg.yield %14 : f32
    }} -> tensor<1x5xf32>
    return %19 : tensor<1x5xf32>
  }}
}}""")
