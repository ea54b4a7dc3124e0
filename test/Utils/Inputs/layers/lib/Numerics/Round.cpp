#include "qnt/Dialect/IR/Qnt.h"
#include "llvm/ADT/ArrayRef.h"
