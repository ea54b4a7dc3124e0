// A model written by hand: y = 2 * x on four floats, with a contract.
module attributes {
  qnt.mode = "int8", qnt.rounding = #qnt.rounding<fp32_rne>,
  qnt.model_sha256 = "00ff", qnt.calibration_sha256 = "11ee",
  qnt.contract = {
    name = "scale", init = "scale_init", run = "scale_run",
    arena_bytes = 64 : i64, arena_align = 64 : i64, macs = 4 : i64,
    isa = ["generic"],
    inputs = [{name = "x*/", type = tensor<1x4xf32>}],
    outputs = [{name = "y\"?", type = tensor<1x4xf32>,
                scale = [0.5 : f32], zero_point = [-3 : i32]}],
    float_ops = [{op = "tosa.mul", name = "double", reason = "by hand"}]}
} {
  llvm.mlir.global internal constant @two(2.0 : f32) : f32
  llvm.func @helper(%x: f32) -> f32 attributes {passthrough = ["noinline"]} {
    %p = llvm.mlir.addressof @two : !llvm.ptr
    %two = llvm.load %p {volatile_} : !llvm.ptr -> f32
    %y = llvm.fmul %x, %two : f32
    llvm.return %y : f32
  }
  llvm.func @scale_init(%threads: i32) -> i32 {
    %zero = llvm.mlir.constant(0 : i32) : i32
    llvm.return %zero : i32
  }
  llvm.func @scale_run(%ins: !llvm.ptr, %outs: !llvm.ptr,
                       %arena: !llvm.ptr) -> i32 {
    %zero = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i64) : i64
    %start = llvm.mlir.constant(0 : i64) : i64
    %end = llvm.mlir.constant(4 : i64) : i64
    %in = llvm.load %ins : !llvm.ptr -> !llvm.ptr
    %out = llvm.load %outs : !llvm.ptr -> !llvm.ptr
    llvm.br ^loop(%start : i64)
  ^loop(%i: i64):
    %from = llvm.getelementptr %in[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %x = llvm.load %from : !llvm.ptr -> f32
    %y = llvm.call @helper(%x) : (f32) -> f32
    %to = llvm.getelementptr %out[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    llvm.store %y, %to : f32, !llvm.ptr
    %next = llvm.add %i, %one : i64
    %more = llvm.icmp "slt" %next, %end : i64
    llvm.cond_br %more, ^loop(%next : i64), ^done
  ^done:
    llvm.return %zero : i32
  }
}
