//===- quant-run.cpp - the runner's main ----------------------------------===//
//
// Hands over; the runner's logic is in Run.cpp.
//
//===----------------------------------------------------------------------===//

#include "Run.h"

int main(int argc, char **argv) { return mlir::qnt::runQuantRun(argc, argv); }
