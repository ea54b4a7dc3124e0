// RUN: not quant-opt %s --qnt-write-report=file=%t.d/none/r.json 2>&1 | FileCheck %s

// CHECK: error: cannot write report '{{.*}}r.json': output directory '{{.*}}' does not exist
module {
}
