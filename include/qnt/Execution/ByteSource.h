//===- ByteSource.h - where bytes come from --------------------*- C++ -*-===//
//
// Random access to a file or a buffer, and sequential streams over a part of
// it, plain or deflated. Invariant: a stream never yields a byte beyond the
// length that it was opened with, and says so where fewer are there.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_BYTESOURCE_H
#define QNT_EXECUTION_BYTESOURCE_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace mlir::qnt {

/// An error whose message is all that the user sees.
llvm::Error makeError(const Twine &message);

/// Bytes at random positions.
class ByteSource {
public:
  virtual ~ByteSource();
  virtual uint64_t size() const = 0;
  /// Fills `out` from `offset`; fails unless all of it is there.
  virtual llvm::Error read(uint64_t offset, MutableArrayRef<char> out) = 0;

  /// A regular file; the error names it.
  static llvm::Expected<std::shared_ptr<ByteSource>> openFile(StringRef path);
  /// A buffer, which must outlive the source.
  static std::shared_ptr<ByteSource> wrap(StringRef buffer);
};

/// Bytes in sequence.
class ByteStream {
public:
  virtual ~ByteStream();
  /// Fills `out`; fails unless all of it is there. The last byte of a deflated
  /// stream is given out only if the checksum is right.
  virtual llvm::Error read(MutableArrayRef<char> out) = 0;

  /// `size` bytes of `source` from `offset`.
  static std::unique_ptr<ByteStream> plain(std::shared_ptr<ByteSource> source,
                                           uint64_t offset, uint64_t size);
  /// The same, with the CRC-32 checked at the end.
  static std::unique_ptr<ByteStream> checked(std::shared_ptr<ByteSource> source,
                                             uint64_t offset, uint64_t size,
                                             uint32_t crc);
  /// `size` bytes that inflate from `packedSize` bytes at `offset`.
  static std::unique_ptr<ByteStream> inflate(std::shared_ptr<ByteSource> source,
                                             uint64_t offset,
                                             uint64_t packedSize, uint64_t size,
                                             uint32_t crc);
};

} // namespace mlir::qnt

#endif // QNT_EXECUTION_BYTESOURCE_H
