//===- ConvPlan.h - geometry and blocks of a convolution -------*- C++ -*-===//
//
// A convolution as the loops see it: output positions on two axes (merged into
// one where memory allows), and K as runs of consecutive bytes. Invariant: the
// plan depends on the spec and the target alone, never on weights.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_COMMON_CONVPLAN_H
#define QNT_LIB_CODEGEN_COMMON_CONVPLAN_H

#include "DotFamily.h"

namespace mlir::qnt {

/// One axis of output positions, with the bytes between two of them.
struct ConvAxis {
  int64_t count = 1, inStep = 0, outStep = 0;
};

struct ConvGeometry {
  ConvAxis images, rows, columns;
  /// First byte of the input that is read, and of the output.
  int64_t inFirst = 0, outFirst = 0;
  /// K: `tapRows` x `runs` runs of `runBytes` bytes each.
  int64_t tapRows = 1, tapRowStep = 0;
  int64_t runs = 1, runStep = 0, runBytes = 1;
  int64_t channels = 1;

  static ConvGeometry get(const ConvSpec &spec);
};

struct ConvPlan {
  ConvGeometry geometry;
  /// Output positions of a block, and vectors of channels.
  int64_t blockRows = 1, blockColumns = 1, vectors = 1;
  /// Independent sets of accumulators over which K alternates.
  int64_t sets = 1;
  /// Groups of a run, and bytes of a group.
  int64_t runGroups = 1, group = 1;

  static ConvPlan get(const ConvSpec &spec, const DotFamily &family);

  /// Elements per position in the scratch buffer of a family that widens.
  int64_t scratchStep() const { return groups() * group; }

  int64_t positions() const { return blockRows * blockColumns; }
  int64_t groups() const {
    return geometry.tapRows * geometry.runs * runGroups;
  }
};

/// How channels are cut into panels of `vectors` vectors; the last one may have
/// fewer.
struct PanelSplit {
  int64_t full = 0, restVectors = 0, restChannels = 0;

  static PanelSplit get(int64_t channels, int64_t lanes, int64_t vectors);
};

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_COMMON_CONVPLAN_H
