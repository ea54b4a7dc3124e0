//===- Npy.h - numpy's array files -----------------------------*- C++ -*-===//
//
// Reads and writes .npy arrays and .npz archives of them. Arrays are read
// sample by sample (the first axis), so memory does not grow with the data.
// Invariant: nothing that a file claims is believed before it was checked
// against the bytes that are there.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_NPY_H
#define QNT_EXECUTION_NPY_H

#include "qnt/Execution/ByteSource.h"
#include "qnt/Execution/Tensor.h"

namespace mlir::qnt {

/// The header of a .npy array.
struct NpyHeader {
  TensorSpec spec;
  bool bigEndian = false;
  bool fortranOrder = false;
  /// Bytes before the elements.
  uint64_t dataOffset = 0;

  /// Size of the first axis; 1 for a scalar.
  int64_t getNumSamples() const {
    return spec.shape.empty() ? 1 : spec.shape.front();
  }
};

/// Parses the header at the start of `stream`, which stands behind it then.
/// `size`: bytes of the whole array file. Errors don't name the file.
llvm::Expected<NpyHeader> readNpyHeader(ByteStream &stream, uint64_t size);

/// One array, read from its first sample to its last.
class NpyReader {
public:
  /// `stream` stands at the start of the array file, which has `size` bytes.
  static llvm::Expected<std::unique_ptr<NpyReader>>
  open(std::unique_ptr<ByteStream> stream, uint64_t size);

  const NpyHeader &getHeader() const { return header; }
  int64_t getNumLeft() const { return left; }

  /// Reads the next `out.size() / (bytes of one sample)` samples, in native
  /// byte order and row-major.
  llvm::Error read(MutableArrayRef<char> out);

private:
  NpyReader() = default;
  llvm::Error loadFortran();

  std::unique_ptr<ByteStream> stream;
  NpyHeader header;
  int64_t left = 0;
  /// A Fortran-ordered array can't be streamed by its first axis: it is held
  /// whole, in row-major order.
  std::optional<Tensor> whole;
};

/// An entry of a zip archive.
struct ZipEntry {
  std::string name;
  uint64_t offset = 0;
  uint64_t packedSize = 0;
  uint64_t size = 0;
  uint32_t crc = 0;
  bool deflated = false;
};

/// The entries of the zip archive that `source` holds, in the order of its
/// directory. Errors don't name the file.
llvm::Expected<SmallVector<ZipEntry, 0>> readZipDirectory(ByteSource &source);

/// The bytes of an entry.
std::unique_ptr<ByteStream> openZipEntry(std::shared_ptr<ByteSource> source,
                                         const ZipEntry &entry);

/// True if `magic`, the first bytes of a file, starts a zip archive.
bool isZip(StringRef magic);

/// The header of a .npy file; the elements follow, little endian.
std::string writeNpyHeader(const TensorSpec &spec);

/// The bytes of a .npy file.
std::string writeNpy(const Tensor &tensor);

/// The bytes of a .npz archive, entries stored, in the given order; the bytes
/// depend on the arguments alone.
std::string writeNpz(ArrayRef<std::pair<std::string, const Tensor *>> arrays);

} // namespace mlir::qnt

#endif // QNT_EXECUTION_NPY_H
