//===- quant-opt.cpp - the driver's main ----------------------------------===//
//
// Hands over; the driver's logic is in Driver.cpp.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

int main(int argc, char **argv) { return mlir::qnt::runQuantOpt(argc, argv); }
