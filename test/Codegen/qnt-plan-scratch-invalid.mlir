// RUN: quant-opt %s --qnt-plan-scratch --verify-diagnostics

func.func @dynamic(%n: index) {
  // expected-error @below {{expected an allocation of static size, found 'memref<?xf32>'}}
  %a = memref.alloc(%n) : memref<?xf32>
  memref.dealloc %a : memref<?xf32>
  return
}
