// RUN: quant-opt %s --qnt-set-target="triple=x86_64-linux-gnu" --qnt-emit-kernels --cse --split-input-file | FileCheck %s
// RUN: quant-opt %s --qnt-set-target="triple=x86_64-linux-gnu" --qnt-emit-kernels="name=other static-arena" --split-input-file | FileCheck %s --check-prefix=STATIC
// RUN: quant-opt %s --qnt-set-target="triple=x86_64-linux-gnu features=+avx512vnni,+avx512bw,+avx512vl" --qnt-emit-kernels --split-input-file | FileCheck %s --check-prefix=VNNI

// The contract says what the entry points expect.
// CHECK: qnt.contract = {
// CHECK-SAME: arena_align = 64 : i64, arena_bytes = 128 : i64, arena_lower_bound = 128 : i64
// CHECK-SAME: init = "chain_init", inputs = [{name = "x", type = tensor<16xf32>}]
// CHECK-SAME: isa = ["generic"], macs = 0 : i64, name = "chain"
// CHECK-SAME: outputs = [{name = "result0", type = tensor<16xf32>}], run = "chain_run"
// CHECK-NOT: func.func @chain(
// Both tables run in place, and share one kernel.
// CHECK-LABEL: func.func private @chain_body(
// CHECK-SAME: %[[IN:[^:]+]]: memref<16xf32>, %[[OUT:[^:]+]]: memref<16xf32>, %[[ARENA:[^:]+]]: memref<128xi8>)
// CHECK: %[[BUFFER:.+]] = memref.view %[[ARENA]]
// CHECK: call @[[TO_INT:chain_to_int_k[0-9]+]](%[[IN]], %[[BUFFER]])
// CHECK: call @[[TABLE:chain_table_k[0-9]+]](%[[BUFFER]], %{{.+}}, %[[BUFFER]])
// CHECK: call @[[TABLE]](%[[BUFFER]], %{{.+}}, %[[BUFFER]])
// CHECK: call @[[TO_FLOAT:chain_to_float_k[0-9]+]](%[[BUFFER]], %[[OUT]])
// CHECK: func.func private @[[TO_INT]](
// CHECK: func.func private @[[TABLE]](
// CHECK: func.func private @[[TO_FLOAT]](
// CHECK: func.func @chain_init(%{{.+}}: i32) -> i32
// CHECK: func.func @chain_run(%{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr) -> i32
// STATIC: static_arena = true
// STATIC: memref.global "private" @other_arena : memref<128xi8> = uninitialized {alignment = 64 : i64}
// STATIC: func.func @other_run
// On VNNI, memory holds u8: 128 is added in front of the store.
// VNNI: isa = ["avx512vnni"]
// VNNI-LABEL: func.func private @chain_to_float
// VNNI: arith.extui
func.func @chain(%x: tensor<16xf32> {qnt.name = "x"}) -> tensor<16xf32> {
  %q = qnt.to_int %x {scale = 5.0e-02 : f32, zero_point = 3 : i32, min = -128 : i32, max = 127 : i32} : tensor<16xf32> to tensor<16xi8>
  %t = qnt.table %q {table = array<i8: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>} : tensor<16xi8> to tensor<16xi8>
  %u = qnt.table %t {table = array<i8: 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>} : tensor<16xi8> to tensor<16xi8>
  %f = qnt.to_float %u {scale = 9.0e-02 : f32, zero_point = -5 : i32} : tensor<16xi8> to tensor<16xf32>
  return %f : tensor<16xf32>
}
