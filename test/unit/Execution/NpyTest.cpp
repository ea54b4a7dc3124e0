//===- NpyTest.cpp - arrays survive writing and reading -------------------===//
//
// Round trips in every dtype, both orders of bytes and axes, and what the
// reader says about bytes that are no array. Archives as Python writes them are
// read by the lit tests of Calibrate.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/SampleStream.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::qnt;

static Tensor makeRamp(DType dtype, ArrayRef<int64_t> shape) {
  Tensor tensor(dtype, shape);
  for (auto [i, byte] : llvm::enumerate(tensor.bytes()))
    byte = static_cast<char>(dtype == DType::Bool ? i % 2 : i * 7 + 1);
  return tensor;
}

static std::string getError(llvm::Error error) {
  return llvm::toString(std::move(error));
}

/// The only array of `bytes`, or the error.
static llvm::Expected<Tensor> readOnly(StringRef bytes) {
  auto archive = ArrayArchive::open(ByteSource::wrap(bytes), "test");
  if (!archive)
    return archive.takeError();
  return archive->load(archive->getArrays().front());
}

static std::string withHeader(StringRef dictionary, StringRef data) {
  std::string text = dictionary.str() + "\n";
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(text.size() & 0xff);
  file += static_cast<char>(text.size() >> 8);
  return file + text + data.str();
}

TEST(Npy, EveryDTypeComesBack) {
  for (int i = 0; i <= static_cast<int>(DType::Float64); ++i) {
    auto dtype = static_cast<DType>(i);
    for (SmallVector<int64_t> shape :
         {SmallVector<int64_t>{}, SmallVector<int64_t>{5},
          SmallVector<int64_t>{2, 0, 3}, SmallVector<int64_t>{2, 3, 4}}) {
      Tensor tensor = makeRamp(dtype, shape);
      auto back = readOnly(writeNpy(tensor));
      ASSERT_TRUE(bool(back)) << getError(back.takeError());
      EXPECT_TRUE(back->getSpec() == tensor.getSpec());
      EXPECT_EQ(back->bytes(), tensor.bytes());
    }
  }
}

TEST(Npy, ArchiveKeepsNamesAndArrays) {
  Tensor a = makeRamp(DType::Float32, {3, 2}), b = makeRamp(DType::Int8, {4});
  std::string bytes = writeNpz({{"b", &b}, {"a", &a}});
  auto archive = ArrayArchive::open(ByteSource::wrap(bytes), "test");
  ASSERT_TRUE(bool(archive)) << getError(archive.takeError());
  ASSERT_EQ(archive->getArrays().size(), 2u);
  EXPECT_EQ(archive->getArrays()[0].name, "a");
  auto back = archive->load(*archive->find("b"));
  ASSERT_TRUE(bool(back)) << getError(back.takeError());
  EXPECT_EQ(back->bytes(), b.bytes());
  EXPECT_EQ(archive->getNameless(), nullptr);
}

TEST(Npy, BigEndianAndFortranOrderAreTurned) {
  // 2x3 in columns, most significant byte first.
  std::string data;
  for (int value : {1, 4, 2, 5, 3, 6})
    data += {0, static_cast<char>(value)};
  std::string bytes = withHeader(
      "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }", data);
  auto tensor = readOnly(bytes);
  ASSERT_TRUE(bool(tensor)) << getError(tensor.takeError());
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(tensor->as<int16_t>()[i], i + 1);
}

TEST(Npy, EveryPrefixIsAnError) {
  Tensor tensor = makeRamp(DType::Float32, {3, 2});
  std::string npy = writeNpy(tensor), npz = writeNpz({{"x", &tensor}});
  for (StringRef whole : {StringRef(npy), StringRef(npz)})
    for (size_t size = 0; size < whole.size(); ++size) {
      auto result = readOnly(whole.take_front(size));
      EXPECT_FALSE(bool(result)) << size;
      llvm::consumeError(result.takeError());
    }
}

TEST(Npy, HeadersAreParsedStrictly) {
  auto fails = [](StringRef dictionary, StringRef reason) {
    std::string bytes = withHeader(dictionary, "12345678");
    auto result = readOnly(bytes);
    ASSERT_FALSE(bool(result)) << dictionary.str();
    std::string message = getError(result.takeError());
    EXPECT_NE(message.find(reason.str()), std::string::npos) << message;
  };
  fails("", "malformed");
  fails("{'descr': '<f4', 'fortran_order': False}", "malformed");
  fails("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "malformed");
  fails("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "malformed");
  fails("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
        "Python objects");
  fails("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
        "structured");
  fails("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "truncated");
  fails("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "4 bytes more");
  fails("{'descr': '<f4', 'fortran_order': False, "
        "'shape': (4294967296, 4294967296, 4294967296)}",
        "impossible shape");
}

TEST(SampleStream, YieldsSamplesInOrder) {
  Tensor data(DType::Float32, {6, 2});
  std::iota(data.as<float>().begin(), data.as<float>().end(), 0.0f);
  std::string bytes = writeNpz({{"x", &data}});
  // Two rows at a time: a model of batch 2.
  NamedSpec input{"x", TensorSpec(DType::Float32, {2, 2})};
  auto archive = ArrayArchive::open(ByteSource::wrap(bytes), "test");
  ASSERT_TRUE(bool(archive));
  auto stream = SampleStream::open(std::move(*archive), input);
  ASSERT_TRUE(bool(stream)) << getError(stream.takeError());
  EXPECT_EQ(stream->getNumSamples(), 3);
  SmallVector<Tensor> sample;
  for (int i = 0; i < 3; ++i) {
    auto more = stream->next(sample);
    ASSERT_TRUE(bool(more) && *more);
    EXPECT_EQ(sample[0].as<float>()[0], 4.0f * i);
  }
  auto more = stream->next(sample);
  ASSERT_TRUE(bool(more));
  EXPECT_FALSE(*more);
}

TEST(SampleStream, NamesTheSampleThatIsNotFinite) {
  Tensor data(DType::Float32, {3, 2});
  data.as<float>()[5] = std::numeric_limits<float>::infinity();
  std::string bytes = writeNpz({{"x", &data}});
  auto archive = ArrayArchive::open(ByteSource::wrap(bytes), "test");
  ASSERT_TRUE(bool(archive));
  NamedSpec input{"x", TensorSpec(DType::Float32, {1, 2})};
  auto stream = SampleStream::open(std::move(*archive), input);
  ASSERT_TRUE(bool(stream));
  SmallVector<Tensor> sample;
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(llvm::cantFail(stream->next(sample)));
  auto last = stream->next(sample);
  ASSERT_FALSE(bool(last));
  EXPECT_EQ(getError(last.takeError()),
            "array 'x' in 'test' is not finite: sample 2 holds inf at "
            "element 1");
}
