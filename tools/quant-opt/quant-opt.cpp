//===- quant-opt.cpp - the driver's main ----------------------------------===//
//
// Registers everything and hands over; the driver has no logic of its own.
//
//===----------------------------------------------------------------------===//

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "qnt/InitAll.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::qnt::registerAll(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "quantizing compiler\n", registry));
}
