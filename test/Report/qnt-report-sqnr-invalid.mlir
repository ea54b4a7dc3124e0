// RUN: quant-opt %s --qnt-report-sqnr="samples=0" -split-input-file -verify-diagnostics

// expected-error @below {{expected samples of at least 1, found 0}}
module attributes {qnt.float_reference = ""} {
}

// -----

// Without a snapshot nothing was asked for.
module {
}
