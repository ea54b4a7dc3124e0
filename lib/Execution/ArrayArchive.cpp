//===- ArrayArchive.cpp - named arrays in files ---------------------------===//
//
// Collects the arrays of a file or a directory. In a directory, files are
// shards in the order of their names: archives by the names in them, `x.npy`,
// `x-0.npy` and `x.0.npy` all belong to array `x`.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/ArrayArchive.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::qnt;

/// Puts the name of the file, and of the array, in front of a message.
static llvm::Error inFile(llvm::Error error, StringRef file) {
  return makeError("'" + file + "' " + llvm::toString(std::move(error)));
}
static llvm::Error inArray(llvm::Error error, StringRef array, StringRef file) {
  std::string message = llvm::toString(std::move(error));
  StringRef verb = StringRef(message).starts_with("is ") ||
                           StringRef(message).starts_with("has ") ||
                           StringRef(message).starts_with("holds ") ||
                           StringRef(message).starts_with("claims ") ||
                           StringRef(message).starts_with("cannot ")
                       ? ""
                       : "is ";
  return makeError("array '" + array + "' in '" + file + "' " + verb + message);
}

/// Where a shard's array file starts, and its size.
static llvm::Expected<std::pair<std::unique_ptr<ByteStream>, uint64_t>>
openShard(const ArrayShard &shard) {
  std::shared_ptr<ByteSource> source = shard.source;
  if (!source) {
    auto file = ByteSource::openFile(shard.file);
    if (!file)
      return file.takeError();
    source = *file;
  }
  if (shard.entry)
    return std::make_pair(openZipEntry(source, *shard.entry),
                          shard.entry->size);
  uint64_t size = source->size();
  return std::make_pair(ByteStream::plain(source, 0, size), size);
}

/// "x-12" and "x.12" name a shard of "x".
static StringRef stripShardNumber(StringRef stem) {
  StringRef name = stem.rtrim("0123456789");
  if (name.size() == stem.size() || name.size() < 2 ||
      (name.back() != '-' && name.back() != '.'))
    return stem;
  return name.drop_back();
}

llvm::Expected<ArrayArchive> ArrayArchive::open(StringRef path) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return makeError("cannot open '" + path + "': " + code.message());
  ArrayArchive archive;
  archive.path = path.str();
  if (llvm::sys::fs::is_directory(status)) {
    if (llvm::Error error = archive.addDirectory())
      return std::move(error);
  } else {
    auto source = ByteSource::openFile(path);
    if (!source)
      return source.takeError();
    if (llvm::Error error = archive.addFile(*source, path, /*keepOpen=*/true))
      return std::move(error);
  }
  if (llvm::Error error = archive.finish())
    return std::move(error);
  return archive;
}

llvm::Expected<ArrayArchive>
ArrayArchive::open(std::shared_ptr<ByteSource> source, StringRef name) {
  ArrayArchive archive;
  archive.path = name.str();
  if (llvm::Error error =
          archive.addFile(std::move(source), name, /*keepOpen=*/true))
    return std::move(error);
  if (llvm::Error error = archive.finish())
    return std::move(error);
  return archive;
}

llvm::Error ArrayArchive::finish() {
  if (arrays.empty())
    return makeError("'" + Twine(path) + "' holds no array");
  llvm::sort(arrays, [](const ArrayInfo &a, const ArrayInfo &b) {
    return a.name < b.name;
  });
  return llvm::Error::success();
}

llvm::Error ArrayArchive::addDirectory() {
  std::error_code code;
  SmallVector<std::string> files;
  for (llvm::sys::fs::directory_iterator it(path, code), end;
       it != end && !code; it.increment(code))
    if (StringRef(it->path()).ends_with(".npz") ||
        StringRef(it->path()).ends_with(".npy"))
      files.push_back(it->path());
  if (code)
    return makeError("cannot read directory '" + Twine(path) +
                     "': " + code.message());
  llvm::sort(files);
  for (const std::string &file : files) {
    auto source = ByteSource::openFile(file);
    if (!source)
      return source.takeError();
    if (llvm::Error error = addFile(*source, file, /*keepOpen=*/false))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error ArrayArchive::addFile(std::shared_ptr<ByteSource> source,
                                  StringRef file, bool keepOpen) {
  if (source->size() == 0)
    return makeError("'" + file + "' is empty");
  char magic[6] = {};
  size_t start = std::min<uint64_t>(source->size(), sizeof(magic));
  if (llvm::Error error = source->read(0, {magic, start}))
    return inFile(std::move(error), file);
  ArrayShard shard;
  shard.file = file.str();
  shard.source = source;
  SmallVector<std::pair<std::string, ArrayShard>, 0> found;
  if (isZip({magic, start})) {
    auto entries = readZipDirectory(*source);
    if (!entries)
      return inFile(entries.takeError(), file);
    for (ZipEntry &entry : *entries) {
      StringRef name = entry.name;
      if (!name.consume_back(".npy"))
        continue;
      shard.entry = entry;
      found.emplace_back(name.str(), shard);
    }
    onlyNpy = false;
  } else if (StringRef(magic, start) == "\x93NUMPY") {
    found.emplace_back(stripShardNumber(llvm::sys::path::stem(file)).str(),
                       shard);
  } else {
    return makeError("'" + file +
                     "' is neither a .npz archive nor a .npy "
                     "array");
  }
  for (auto &[name, part] : found) {
    auto stream = openShard(part);
    if (!stream)
      return stream.takeError();
    auto header = readNpyHeader(*stream->first, stream->second);
    if (!header)
      return inArray(header.takeError(), name, file);
    part.header = *header;
    if (!keepOpen)
      part.source = nullptr;
    if (llvm::Error error = addShard(name, std::move(part)))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error ArrayArchive::addShard(StringRef name, ArrayShard shard) {
  ArrayInfo *array = llvm::find_if(
      arrays, [&](const ArrayInfo &info) { return info.name == name; });
  if (array == arrays.end()) {
    TensorSpec spec = shard.header.spec;
    arrays.push_back({name.str(), spec, {}});
    arrays.back().shards.push_back(std::move(shard));
    return llvm::Error::success();
  }
  const ArrayShard &first = array->shards.front();
  if (first.file == shard.file)
    return makeError("'" + Twine(shard.file) + "' holds two arrays named '" +
                     name + "'");
  const TensorSpec &spec = shard.header.spec;
  if (spec.dtype != array->spec.dtype || spec.shape.empty() ||
      array->spec.shape.empty() ||
      ArrayRef(spec.shape).drop_front() !=
          ArrayRef(array->spec.shape).drop_front())
    return makeError("array '" + name + "' is " + first.header.spec.str() +
                     " in '" + first.file + "', but " + spec.str() + " in '" +
                     shard.file + "'");
  if (llvm::AddOverflow(array->spec.shape.front(), spec.shape.front(),
                        array->spec.shape.front()))
    return makeError("array '" + name + "' has too many samples");
  array->shards.push_back(std::move(shard));
  return llvm::Error::success();
}

const ArrayInfo *ArrayArchive::find(StringRef name) const {
  const ArrayInfo *array = llvm::find_if(
      arrays, [&](const ArrayInfo &info) { return info.name == name; });
  return array == arrays.end() ? nullptr : array;
}

const ArrayInfo *ArrayArchive::getNameless() const {
  return onlyNpy && arrays.size() == 1 ? &arrays.front() : nullptr;
}

llvm::Expected<Tensor> ArrayArchive::load(const ArrayInfo &array) const {
  Tensor tensor(array.spec);
  ArrayStream stream(array);
  if (llvm::Error error = stream.read(tensor.bytes()))
    return std::move(error);
  return tensor;
}

//===----------------------------------------------------------------------===//
// ArrayStream
//===----------------------------------------------------------------------===//

llvm::Error ArrayStream::read(MutableArrayRef<char> out) {
  while (!out.empty()) {
    if (!reader) {
      if (shard == array->shards.size())
        return makeError("array '" + Twine(array->name) +
                         "' has no more "
                         "samples");
      const ArrayShard &part = array->shards[shard];
      auto stream = openShard(part);
      if (!stream)
        return stream.takeError();
      auto opened = NpyReader::open(std::move(stream->first), stream->second);
      if (!opened)
        return inArray(opened.takeError(), array->name, part.file);
      reader = std::move(*opened);
    }
    const TensorSpec &spec = reader->getHeader().spec;
    if (reader->getNumLeft() == 0) {
      reader = nullptr;
      ++shard;
      continue;
    }
    int64_t samples = reader->getHeader().getNumSamples();
    int64_t sampleBytes = spec.getNumBytes() / samples;
    if (sampleBytes == 0 || out.size() % sampleBytes != 0)
      return makeError("array '" + Twine(array->name) +
                       "' cannot be read in parts of a sample");
    size_t step =
        std::min<uint64_t>(out.size(), reader->getNumLeft() * sampleBytes);
    if (llvm::Error error = reader->read(out.take_front(step)))
      return inArray(std::move(error), array->name, array->shards[shard].file);
    out = out.drop_front(step);
  }
  return llvm::Error::success();
}
