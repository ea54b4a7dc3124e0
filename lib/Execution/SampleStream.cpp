//===- SampleStream.cpp - the samples that a model is fed -----------------===//
//
// Every mismatch between arrays and inputs is found when the stream is opened,
// before any data are read; only damaged and non-finite data show up later.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/SampleStream.h"
#include "SampleSource.h"

#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Inputs and outputs of a function
//===----------------------------------------------------------------------===//

/// Signless integers are signed unless the attribute `qnt.dtype` says what they
/// are; 4-bit ones lie in a byte each.
static void applyDType(TensorSpec &spec, StringAttr attribute) {
  if (!attribute)
    return;
  StringRef name = attribute.getValue();
  std::optional<DType> dtype =
      name == "uint4" ? DType::UInt8 : parseDType(name);
  if (dtype && getByteWidth(*dtype) == getByteWidth(spec.dtype))
    spec.dtype = *dtype;
}

static LogicalResult addSpec(FunctionOpInterface function, Type type,
                             StringAttr name, StringAttr dtype,
                             const Twine &fallback,
                             SmallVectorImpl<NamedSpec> &specs) {
  std::optional<TensorSpec> spec = TensorSpec::get(type);
  if (spec)
    applyDType(*spec, dtype);
  if (!spec)
    return function.emitError("expected ")
           << fallback.str() << " to be a tensor of static shape with a "
           << "float, integer or bool element type, found " << type;
  specs.push_back({name ? name.str() : fallback.str(), *spec});
  return success();
}

FailureOr<SmallVector<NamedSpec>>
qnt::getInputSpecs(FunctionOpInterface function) {
  SmallVector<NamedSpec> specs;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(addSpec(function, type,
                       function.getArgAttrOfType<StringAttr>(i, "qnt.name"),
                       function.getArgAttrOfType<StringAttr>(i, "qnt.dtype"),
                       "arg" + Twine(i), specs)))
      return failure();
  return specs;
}

FailureOr<SmallVector<NamedSpec>>
qnt::getOutputSpecs(FunctionOpInterface function) {
  SmallVector<NamedSpec> specs;
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(addSpec(function, type,
                       function.getResultAttrOfType<StringAttr>(i, "qnt.name"),
                       function.getResultAttrOfType<StringAttr>(i, "qnt.dtype"),
                       "result" + Twine(i), specs)))
      return failure();
  return specs;
}

/// The shape of an array for this input, samples first.
static std::string describe(const NamedSpec &input) {
  std::string text = input.name;
  llvm::raw_string_ostream stream(text);
  stream << " " << stringify(input.spec.dtype) << " [";
  ArrayRef<int64_t> shape = input.spec.shape;
  if (!shape.empty() && shape.front() != 1)
    stream << shape.front() << " * ";
  stream << "N";
  for (int64_t size : shape.drop_front(shape.empty() ? 0 : 1))
    stream << ", " << size;
  stream << "]";
  return text;
}

std::string qnt::describeInputs(ArrayRef<NamedSpec> inputs) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(
      inputs, stream,
      [&](const NamedSpec &input) { stream << describe(input); }, "; ");
  return text;
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

static std::string listArrays(const ArrayArchive &archive) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(
      archive.getArrays(), stream,
      [&](const ArrayInfo &array) {
        stream << array.name << " " << array.spec.str();
      },
      "; ");
  return text;
}

static llvm::Expected<const ArrayInfo *> findArray(const ArrayArchive &archive,
                                                   const NamedSpec &input,
                                                   ArrayRef<NamedSpec> inputs) {
  const ArrayInfo *array = archive.find(input.name);
  // A lone .npy file can only be meant for the only input.
  if (!array && inputs.size() == 1)
    array = archive.getNameless();
  if (array)
    return array;
  return makeError("no array named '" + Twine(input.name) + "' in '" +
                   archive.getPath() + "', which holds " + listArrays(archive) +
                   "; the model takes " + describeInputs(inputs));
}

/// The number of samples in `array`, whose type must be that of `input`.
static llvm::Expected<int64_t> matchArray(const ArrayArchive &archive,
                                          const ArrayInfo &array,
                                          const NamedSpec &input) {
  std::string where =
      ("array '" + Twine(array.name) + "' in '" + archive.getPath() + "'")
          .str();
  if (array.spec.dtype != input.spec.dtype)
    return makeError(where + " has dtype " + stringify(array.spec.dtype) +
                     ", but the model takes " + describe(input) +
                     "; save it with .astype(numpy." +
                     stringify(input.spec.dtype) + ")");
  ArrayRef<int64_t> shape = input.spec.shape;
  ArrayRef<int64_t> held = array.spec.shape;
  if (held == shape)
    return 1;
  int64_t batch = shape.empty() ? 1 : shape.front();
  bool fits = !held.empty() &&
              held.drop_front() == shape.drop_front(shape.empty() ? 0 : 1) &&
              batch != 0 && held.front() % batch == 0;
  if (!fits)
    return makeError(where + " has shape " + stringifyShape(held) +
                     ", but the model takes " + describe(input));
  if (held.front() == 0)
    return makeError(where + " holds no sample");
  return held.front() / batch;
}

llvm::Expected<SampleStream> SampleStream::open(StringRef path,
                                                ArrayRef<NamedSpec> inputs) {
  if (std::shared_ptr<SampleSource> source = openSampleSource(path)) {
    SampleStream stream;
    stream.path = path.str();
    stream.source = std::move(source);
    stream.numSamples = kUnknown;
    stream.inputs.assign(inputs.begin(), inputs.end());
    for (const NamedSpec &input : inputs)
      stream.arrayNames.push_back(input.name);
    return stream;
  }
  llvm::Expected<ArrayArchive> archive = ArrayArchive::open(path);
  if (!archive)
    return archive.takeError();
  return open(std::move(*archive), inputs);
}

llvm::Expected<SampleStream> SampleStream::open(ArrayArchive archive,
                                                ArrayRef<NamedSpec> inputs) {
  SampleStream stream;
  stream.path = archive.getPath().str();
  stream.archive = std::make_shared<ArrayArchive>(std::move(archive));
  stream.inputs.assign(inputs.begin(), inputs.end());
  // A model without inputs has one result.
  if (inputs.empty())
    stream.numSamples = 1;
  for (const NamedSpec &input : inputs) {
    auto array = findArray(*stream.archive, input, inputs);
    if (!array)
      return array.takeError();
    auto samples = matchArray(*stream.archive, **array, input);
    if (!samples)
      return samples.takeError();
    if (stream.streams.empty())
      stream.numSamples = *samples;
    if (*samples != stream.numSamples)
      return makeError("array '" + Twine((*array)->name) + "' in '" +
                       stream.archive->getPath() + "' holds " +
                       Twine(*samples) + " samples, but '" +
                       stream.arrayNames.front() + "' holds " +
                       Twine(stream.numSamples));
    stream.arrayNames.push_back((*array)->name);
    stream.streams.emplace_back(**array);
  }
  return stream;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

llvm::Error SampleStream::checkFinite(ArrayRef<Tensor> sample) const {
  for (auto [tensor, name] : llvm::zip_equal(sample, arrayNames)) {
    std::optional<int64_t> bad =
        findNonFinite(tensor.getDType(), tensor.bytes());
    if (bad)
      return makeError("array '" + Twine(name) + "' in '" + path +
                       "' is not finite: sample " + Twine(position) +
                       " holds " +
                       (std::isnan(tensor.getAsDouble(*bad)) ? "NaN" : "inf") +
                       " at element " + Twine(*bad));
  }
  return llvm::Error::success();
}

/// One sample of the archive.
llvm::Error SampleStream::read(MutableArrayRef<Tensor> out) {
  for (auto [tensor, stream] : llvm::zip_equal(out, streams))
    if (llvm::Error error = stream.read(tensor.bytes()))
      return error;
  return llvm::Error::success();
}

llvm::Expected<bool> SampleStream::next(SmallVectorImpl<Tensor> &out) {
  if (position >= numSamples)
    return false;
  out.resize(inputs.size());
  for (auto [tensor, input] : llvm::zip_equal(out, inputs))
    if (tensor.getSpec() != input.spec || !tensor.data())
      tensor = Tensor(input.spec);
  if (source) {
    llvm::Expected<bool> more = source->next(out);
    if (!more || !*more)
      return more;
  } else if (llvm::Error error = read(out)) {
    return std::move(error);
  }
  if (!acceptNonFinite)
    if (llvm::Error error = checkFinite(out))
      return std::move(error);
  ++position;
  return true;
}
