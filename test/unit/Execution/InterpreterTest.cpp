//===- InterpreterTest.cpp - integer models by the reference --------------===//
//
// Small functions as Lower leaves them; expected values come straight from
// Numerics, element by element.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Interpreter.h"
#include "qnt/InitAll.h"
#include "qnt/Numerics/Elementwise.h"
#include "qnt/Numerics/QuantParams.h"
#include "qnt/Numerics/Rescale.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

namespace {
class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() {
    DialectRegistry registry;
    registerAll(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  std::unique_ptr<Interpreter> parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return nullptr;
    auto made = Interpreter::create(*module->getOps<func::FuncOp>().begin());
    return failed(made) ? nullptr : std::move(*made);
  }

  Tensor run(Interpreter &interpreter, ArrayRef<Tensor> in,
             const Interpreter::Tap &tap = nullptr) {
    SmallVector<Tensor> out;
    EXPECT_TRUE(succeeded(interpreter.run(in, out, tap)));
    return out.empty() ? Tensor() : out.front();
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};
} // namespace

template <typename T>
static Tensor makeTensor(DType dtype, ArrayRef<int64_t> shape,
                         ArrayRef<T> values) {
  Tensor tensor(dtype, shape);
  llvm::copy(values, tensor.as<T>().begin());
  return tensor;
}

TEST_F(InterpreterTest, RescaleHasAMultiplierPerChannelInEachMode) {
  const std::pair<const char *, num::Rounding> modes[] = {
      {"fp32_rne", num::Rounding::Fp32Rne},
      {"tflite_double", num::Rounding::TfliteDouble},
      {"tflite_single", num::Rounding::TfliteSingle}};
  int32_t accumulators[] = {-1000, -585, 0, 585, 999, 100000};
  for (auto [name, rounding] : modes) {
    std::string text = R"(
      func.func @f(%x: tensor<3x2xi32>) -> tensor<3x2xi8> {
        %r = qnt.rescale %x {multipliers = array<f64: 0.011111111, 0.25>,
          input_zp = 0 : i32, output_zp = -3 : i32, min = -100 : i32,
          max = 127 : i32, rounding = #qnt.rounding<)" +
                       std::string(name) +
                       R"(>} : tensor<3x2xi32> to tensor<3x2xi8>
        return %r : tensor<3x2xi8>
      })";
    std::unique_ptr<Interpreter> interpreter = parse(text);
    ASSERT_TRUE(interpreter);
    Tensor out = run(*interpreter,
                     makeTensor<int32_t>(DType::Int32, {3, 2}, accumulators));
    for (int i = 0; i < 6; ++i) {
      num::RescaleParams params;
      params.multiplier = i % 2 ? 0.25 : 0.011111111;
      params.outputZeroPoint = -3;
      params.min = -100;
      params.rounding = rounding;
      EXPECT_EQ(out.as<int8_t>()[i], num::rescale(accumulators[i], params))
          << name << " " << i;
    }
  }
}

TEST_F(InterpreterTest, AddBroadcasts) {
  std::unique_ptr<Interpreter> interpreter = parse(R"(
    func.func @f(%a: tensor<2x3xi8>, %b: tensor<1x3xi8>) -> tensor<2x3xi8> {
      %r = qnt.add %a, %b {lhs_scale = 0.5 : f32, lhs_zp = 1 : i32,
        rhs_scale = 0.25 : f32, rhs_zp = -2 : i32, output_scale = 0.75 : f32,
        output_zp = 3 : i32, min = -128 : i32, max = 127 : i32,
        rounding = #qnt.rounding<fp32_rne>}
        : tensor<2x3xi8>, tensor<1x3xi8> to tensor<2x3xi8>
      return %r : tensor<2x3xi8>
    })");
  ASSERT_TRUE(interpreter);
  int8_t a[] = {-128, -1, 0, 1, 100, 127}, b[] = {-128, 5, 127};
  Tensor out = run(*interpreter, {makeTensor<int8_t>(DType::Int8, {2, 3}, a),
                                  makeTensor<int8_t>(DType::Int8, {1, 3}, b)});
  num::AddParams params = num::makeAddParams({0.5f, 1}, {0.25f, -2}, {0.75f, 3},
                                             -128, 127, num::Rounding::Fp32Rne);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(out.as<int8_t>()[i], num::addQuantized(a[i], b[i % 3], params));
}

TEST_F(InterpreterTest, ConvolutionPadsWithTheZeroPoint) {
  std::unique_ptr<Interpreter> interpreter = parse(R"(
    func.func @f(%x: tensor<1x2x2x1xi8>) -> tensor<1x2x2x1xi32> {
      %w = "tosa.const"() <{values = dense<1> : tensor<1x3x3x1xi8>}> : () -> tensor<1x3x3x1xi8>
      %b = "tosa.const"() <{values = dense<10> : tensor<1xi32>}> : () -> tensor<1xi32>
      %zi = "tosa.const"() <{values = dense<5> : tensor<1xi8>}> : () -> tensor<1xi8>
      %zw = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
      %r = tosa.conv2d %x, %w, %b, %zi, %zw {acc_type = i32,
        dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>,
        stride = array<i64: 1, 1>}
        : (tensor<1x2x2x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x2x1xi32>
      return %r : tensor<1x2x2x1xi32>
    })");
  ASSERT_TRUE(interpreter);
  int8_t x[] = {6, 7, 8, 9};
  Tensor out =
      run(*interpreter, makeTensor<int8_t>(DType::Int8, {1, 2, 2, 1}, x));
  // Every window holds all four values; padding adds nothing.
  for (int32_t value : out.as<int32_t>())
    EXPECT_EQ(value, (1 + 2 + 3 + 4) + 10);
}

TEST_F(InterpreterTest, FloatIslandsRunBetweenTheBorders) {
  std::unique_ptr<Interpreter> interpreter = parse(R"(
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %q = qnt.to_int %x {scale = 0.5 : f32, zero_point = 1 : i32, min = -128 : i32, max = 127 : i32} : tensor<4xf32> to tensor<4xi8>
      %d = qnt.to_float %q {scale = 0.5 : f32, zero_point = 1 : i32} : tensor<4xi8> to tensor<4xf32>
      %s = tosa.add %d, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %n = tosa.abs %s : (tensor<4xf32>) -> tensor<4xf32>
      return %n : tensor<4xf32>
    })");
  ASSERT_TRUE(interpreter);
  float x[] = {-0.3f, 0.75f, -1000.0f, 2.2f};
  int taps = 0;
  Tensor out =
      run(*interpreter, makeTensor<float>(DType::Float32, {4}, x),
          [&](Value value, const Tensor &tensor) {
            EXPECT_TRUE(TensorSpec::get(value.getType()) == tensor.getSpec());
            ++taps;
          });
  for (int i = 0; i < 4; ++i) {
    int32_t q = num::quantize(x[i], 0.5f, 1, -128, 127);
    EXPECT_EQ(out.as<float>()[i], std::fabs(2 * num::dequantize(q, 0.5f, 1)));
  }
  // The argument, both borders and the result of the island.
  EXPECT_GE(taps, 4);
}

TEST_F(InterpreterTest, RefusesInputsOfAnotherType) {
  std::unique_ptr<Interpreter> interpreter = parse(R"(
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    })");
  ASSERT_TRUE(interpreter);
  std::string message;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { message += diagnostic.str(); });
  SmallVector<Tensor> out;
  EXPECT_TRUE(failed(interpreter->run(Tensor(DType::Float32, {5}), out)));
  EXPECT_NE(message.find("float32 [5]"), std::string::npos) << message;
  EXPECT_TRUE(failed(interpreter->run({}, out)));
}
