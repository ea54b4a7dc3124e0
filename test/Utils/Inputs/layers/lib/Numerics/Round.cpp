#include "llvm/ADT/ArrayRef.h"
#include "qnt/Dialect/IR/Qnt.h"
