// RUN: not quant-opt %s --qnt-insert-observers="observer=median" 2>&1 | FileCheck %s --check-prefix=OBSERVER
// RUN: not quant-opt %s --qnt-insert-observers="observer='#qnt.pending<per_tensor>'" 2>&1 | FileCheck %s --check-prefix=ATTRIBUTE
// RUN: not quant-opt %s --qnt-insert-observers="observer=percentile percentile=101" 2>&1 | FileCheck %s --check-prefix=PERCENTILE
// RUN: not quant-opt %s --qnt-insert-observers="observer=moving-average momentum=0" 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// RUN: not quant-opt %s --qnt-insert-observers="storage=i4" 2>&1 | FileCheck %s --check-prefix=STORAGE
// RUN: not quant-opt %s --qnt-insert-observers="storage=ui8 symmetric=true" 2>&1 | FileCheck %s --check-prefix=SYMMETRIC

// OBSERVER: error: unknown observer 'median'; expected min-max, moving-average, percentile, mse or an attribute such as #qnt.min_max
// ATTRIBUTE: error: expected an observer attribute, found #qnt.pending<per_tensor>
// PERCENTILE: error: expected percentile in (0, 100], found 1.010000e+02
// MOMENTUM: error: expected momentum in (0, 1], found 0.000000e+00
// STORAGE: error: unknown storage 'i4'; expected i8 or ui8
// SYMMETRIC: error: symmetric needs signed storage, found ui8; choose i8
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
