// RUN: quant-opt %s --qnt-write-report -verify-diagnostics -split-input-file

// expected-error @below {{expected file to name the report}}
module {
}
