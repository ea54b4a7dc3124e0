//===- ExternalModels.h - our interfaces on foreign ops --------*- C++ -*-===//
//
// Attaches QuantizableOpInterface to ops of tosa, linalg and tensor and to
// qnt.composite. Passes ask the interface; only this library knows op classes.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXTERNALMODELS_EXTERNALMODELS_H
#define QNT_EXTERNALMODELS_EXTERNALMODELS_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::qnt {

void registerTosaModels(DialectRegistry &registry);
void registerLinalgModels(DialectRegistry &registry);
void registerTensorModels(DialectRegistry &registry);
void registerQntModels(DialectRegistry &registry);

/// All of the above.
void registerExternalModels(DialectRegistry &registry);

} // namespace mlir::qnt

#endif // QNT_EXTERNALMODELS_EXTERNALMODELS_H
