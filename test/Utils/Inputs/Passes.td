def Example : Pass<"canonicalize", "func::FuncOp"> {
  let description = [{
    Output given, with names of its own and an elision:

    ```mlir
    func.func @twice(%x: tensor<2xf32>) -> tensor<2xf32> {
      %zero = tensor.empty() : tensor<2xf32>
      %y = tosa.add %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
      return %y : tensor<2xf32>
    }
    // ----- after
    func.func @twice(%a: tensor<2xf32>) -> tensor<2xf32> {
      %b = tosa.add %a, %a : ... -> tensor<2xf32>
      return %b : tensor<2xf32>
    }
    ```

    The same in two blocks, with options.

    Before, with `--canonicalize="max-iterations=2"`:
    ```mlir
    func.func @dead(%x: index) -> index {
      %y = index.add %x, %x
      return %x : index
    }
    ```
    After:
    ```mlir
    func.func @dead(%x: index) -> index {
      return %x : index
    }
    ```

    Input alone:

    ```mlir
    func.func @empty() {
      return
    }
    ```
  }];
}

def Bare : Pass<"bare"> {
  let summary = "Have no example";
}
