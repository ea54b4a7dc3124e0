//===- HostBytes.h - the bytes of a host constant ---------------*- C++ -*-===//
//
// Bytes that are shared until they are written: copies of a tensor cost
// nothing, and weights of an external file stay in the mapped file. Reading
// never copies; what is not const detaches first.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_HOSTBYTES_H
#define QNT_LIB_IMPORT_HOSTBYTES_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <vector>

namespace mlir::qnt::onnx_import {

class HostBytes {
public:
  HostBytes() = default;
  /// The contents of a file, which stays open.
  explicit HostBytes(std::shared_ptr<const llvm::MemoryBuffer> file)
      : file(std::move(file)) {}

  const char *data() const {
    if (file)
      return file->getBufferStart();
    return own ? own->data() : nullptr;
  }
  size_t size() const {
    if (file)
      return file->getBufferSize();
    return own ? own->size() : 0;
  }
  const char *begin() const { return data(); }
  const char *end() const { return data() + size(); }
  const char &operator[](size_t i) const { return data()[i]; }
  operator ArrayRef<char>() const { return {data(), size()}; }

  char *data() { return detach().data(); }
  char &operator[](size_t i) { return detach()[i]; }
  void resize(size_t count) { detach().resize(count); }
  void assign(size_t count, char value) { replace({}).assign(count, value); }
  template <typename It> void assign(It first, It last) {
    std::vector<char> bytes(first, last);
    replace(std::move(bytes));
  }
  template <typename It> void append(It first, It last) {
    std::vector<char> &bytes = detach();
    bytes.insert(bytes.end(), first, last);
  }

private:
  std::vector<char> &replace(std::vector<char> bytes) {
    file = nullptr;
    own = std::make_shared<std::vector<char>>(std::move(bytes));
    return *own;
  }
  /// Bytes of this object alone.
  std::vector<char> &detach() {
    if (file || !own || own.use_count() > 1) {
      const HostBytes &shared = *this;
      return replace(std::vector<char>(shared.begin(), shared.end()));
    }
    return *own;
  }

  std::shared_ptr<std::vector<char>> own;
  std::shared_ptr<const llvm::MemoryBuffer> file;
};

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_HOSTBYTES_H
