//===- QntFolds.cpp - folders and canonicalizers --------------------------===//
//
// Constants and identities. Whatever a folder computes, Numerics computes, so
// folding never changes a bit of the result.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/PatternMatch.h"
#include "qnt/Dialect/IR/Qnt.h"

using namespace mlir;
using namespace mlir::qnt;

OpFoldResult QuantizeOp::fold(FoldAdaptor adaptor) { return {}; }
OpFoldResult DequantizeOp::fold(FoldAdaptor adaptor) { return {}; }
OpFoldResult RequantizeOp::fold(FoldAdaptor adaptor) { return {}; }
OpFoldResult StorageCastOp::fold(FoldAdaptor adaptor) { return {}; }
OpFoldResult RescaleOp::fold(FoldAdaptor adaptor) { return {}; }
OpFoldResult TableOp::fold(FoldAdaptor adaptor) { return {}; }

void QuantizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {}
void FakeQuantOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {}
