// RUN: not quant-opt %s --qnt-tile-float-convs="vector-length=0" 2>&1 | FileCheck %s

// CHECK: error: expected vector-length and tile-vectors of at least 1, found 0 and 6
module {}
