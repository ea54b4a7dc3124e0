// An op without a model in quant-opt, between a scheme of the plugin.
func.func @atan(%x: tensor<1x4xf32> {qnt.name = "x"})
    -> (tensor<1x4xf32> {qnt.name = "y"}) {
  %y = math.atan %x : tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
