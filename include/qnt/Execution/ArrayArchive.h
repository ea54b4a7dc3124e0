//===- ArrayArchive.h - named arrays in files ------------------*- C++ -*-===//
//
// A .npz archive, a .npy file, or a directory of either as shards, seen as one
// set of named arrays that are read by samples. Invariant: every error names
// the file and, where there is one, the array.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_ARRAYARCHIVE_H
#define QNT_EXECUTION_ARRAYARCHIVE_H

#include "qnt/Execution/Npy.h"

namespace mlir::qnt {

/// Where one part of an array lies.
struct ArrayShard {
  std::string file;
  /// Null for a file of a directory: it is opened when its turn comes.
  std::shared_ptr<ByteSource> source;
  /// Inside an archive.
  std::optional<ZipEntry> entry;
  NpyHeader header;
};

/// An array, in one or several shards along the first axis.
struct ArrayInfo {
  std::string name;
  TensorSpec spec;
  SmallVector<ArrayShard, 1> shards;

  int64_t getNumSamples() const {
    return spec.shape.empty() ? 1 : spec.shape.front();
  }
};

class ArrayArchive {
public:
  /// Opens what `path` names and reads all headers.
  static llvm::Expected<ArrayArchive> open(StringRef path);
  /// A file's bytes, which must outlive the archive; `name` is for errors.
  static llvm::Expected<ArrayArchive> open(std::shared_ptr<ByteSource> source,
                                           StringRef name);

  StringRef getPath() const { return path; }
  ArrayRef<ArrayInfo> getArrays() const { return arrays; }
  const ArrayInfo *find(StringRef name) const;
  /// The only array if it came as .npy, so that its name was nobody's choice.
  const ArrayInfo *getNameless() const;

  /// The whole array.
  llvm::Expected<Tensor> load(const ArrayInfo &array) const;

private:
  llvm::Error addFile(std::shared_ptr<ByteSource> source, StringRef file,
                      bool keepOpen);
  llvm::Error addShard(StringRef name, ArrayShard shard);
  llvm::Error addDirectory();
  llvm::Error finish();

  std::string path;
  /// Sorted by name.
  SmallVector<ArrayInfo, 0> arrays;
  bool onlyNpy = true;
};

/// Reads an array across its shards.
class ArrayStream {
public:
  explicit ArrayStream(const ArrayInfo &array) : array(&array) {}

  /// The next `out.size() / (bytes of one sample)` samples.
  llvm::Error read(MutableArrayRef<char> out);

private:
  const ArrayInfo *array;
  size_t shard = 0;
  std::unique_ptr<NpyReader> reader;
};

} // namespace mlir::qnt

#endif // QNT_EXECUTION_ARRAYARCHIVE_H
