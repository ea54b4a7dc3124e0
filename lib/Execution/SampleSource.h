//===- SampleSource.h - samples from elsewhere than a file -----*- C++ -*-===//
//
// The table behind SampleSourcePath.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXECUTION_SAMPLESOURCE_H
#define QNT_LIB_EXECUTION_SAMPLESOURCE_H

#include "qnt/Execution/SampleStream.h"

namespace mlir::qnt {

/// What the path of a living SampleSourcePath stands for; null for others.
std::shared_ptr<SampleSource> openSampleSource(StringRef path);

} // namespace mlir::qnt

#endif // QNT_LIB_EXECUTION_SAMPLESOURCE_H
