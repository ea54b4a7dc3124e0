#include "qnt/ExternalModels/ExternalModels.h"
void mlir::qnt::registerLinalgModels(DialectRegistry &registry) {}
