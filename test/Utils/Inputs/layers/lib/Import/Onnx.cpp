#include "qnt/Import/Onnx.h"
#include "mlir/IR/Builders.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Numerics/Round.h"
