// RUN: not quant-opt %s --qnt-fold-constants="max-elements=-1" 2>&1 | FileCheck %s
// CHECK: error: expected max-elements of at least 0, found -1

func.func @nothing() {
  return
}
