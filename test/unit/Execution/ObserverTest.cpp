//===- ObserverTest.cpp - observers as compiled code ----------------------===//
//
// The native updates are compiled by the JIT and compared with the plain
// definition of each statistic, on sizes around a vector's and on data that
// make the histogram change its range.
//
//===----------------------------------------------------------------------===//

#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Execution/Jit.h"
#include "qnt/InitAll.h"
#include "qnt/Pipelines/FloatToLLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::qnt;

namespace {
using State = SmallVector<double, 0>;

class Observers : public testing::Test {
protected:
  Observers() {
    DialectRegistry registry;
    registerAll(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Folds `samples`, all of one size, into a new state.
  State observe(ObserverAttrInterface observer,
                ArrayRef<std::vector<float>> samples) {
    State state(observer.getStateSize());
    observer.initState(state);
    std::unique_ptr<Jit> jit = compile(observer, samples.front().size());
    Jit::PackedFn update = jit->lookupPacked("update");
    for (const std::vector<float> &sample : samples) {
      void *arguments[] = {const_cast<float *>(sample.data()), state.data()};
      update(arguments);
    }
    return state;
  }

  MLIRContext context;

private:
  std::unique_ptr<Jit> compile(ObserverAttrInterface observer, int64_t size) {
    OpBuilder builder(&context);
    Location loc = builder.getUnknownLoc();
    OwningOpRef<ModuleOp> module(ModuleOp::create(loc));
    builder.setInsertionPointToEnd(module->getBody());
    auto type = builder.getFunctionType(
        {MemRefType::get({size}, builder.getF32Type()),
         MemRefType::get({observer.getStateSize()}, builder.getF64Type())},
        {});
    auto function = func::FuncOp::create(builder, loc, "update", type);
    builder.setInsertionPointToStart(function.addEntryBlock());
    observer.buildUpdate(builder, loc, function.getArgument(0),
                         function.getArgument(1));
    func::ReturnOp::create(builder, loc);
    PassManager passes(&context, ModuleOp::getOperationName());
    buildLoopsToLLVMPipeline(passes);
    EXPECT_TRUE(succeeded(passes.run(*module)));
    return std::move(*Jit::compile(*module));
  }
};
} // namespace

static std::vector<float> makeRandom(size_t size, float scale, float shift,
                                     unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (float &value : values)
    value = scale * normal(random) + shift;
  return values;
}

TEST_F(Observers, MinMaxIsExactAroundTheVectorLength) {
  auto observer =
      cast<ObserverAttrInterface>(Attribute(MinMaxAttr::get(&context)));
  for (size_t size : {1, 15, 16, 17, 33, 1000}) {
    std::vector<float> values = makeRandom(size, 3.0f, -1.0f, size);
    auto [min, max] = std::minmax_element(values.begin(), values.end());
    auto range = observer.finishState(observe(observer, {values}));
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(range->chosen.min, *min);
    EXPECT_EQ(range->chosen.max, *max);
    EXPECT_EQ(range->count, size);
  }
}

TEST_F(Observers, NothingSeenGivesNothing) {
  for (Attribute attribute :
       {Attribute(MinMaxAttr::get(&context)),
        Attribute(MovingAverageAttr::get(&context, 0.5f)),
        Attribute(PercentileAttr::get(&context, 99.0f))}) {
    auto observer = cast<ObserverAttrInterface>(attribute);
    State state(observer.getStateSize()), other = state;
    observer.initState(state);
    observer.initState(other);
    observer.mergeState(state, other);
    EXPECT_FALSE(observer.finishState(state).has_value());
  }
}

TEST_F(Observers, NaNAndInfinityPoisonTheState) {
  for (Attribute attribute :
       {Attribute(MinMaxAttr::get(&context)),
        Attribute(MovingAverageAttr::get(&context, 0.5f)),
        Attribute(PercentileAttr::get(&context, 99.0f))}) {
    auto observer = cast<ObserverAttrInterface>(attribute);
    for (float bad : {NAN, INFINITY, -INFINITY})
      for (size_t at : {0, 17, 39}) {
        std::vector<float> values(40, 1.0f), broken = values;
        broken[at] = bad;
        State state = observe(observer, {values, broken, values});
        EXPECT_TRUE(
            llvm::any_of(state, [](double word) { return std::isnan(word); }))
            << bad << " at " << at;
      }
  }
}

TEST_F(Observers, MovingAverageFollowsItsFormula) {
  auto observer = cast<ObserverAttrInterface>(
      Attribute(MovingAverageAttr::get(&context, 0.25f)));
  std::vector<std::vector<float>> samples = {{-1, 3}, {-2, 5}, {0, 1}};
  double min = -1, max = 3;
  for (size_t i = 1; i < samples.size(); ++i) {
    min += 0.25 * (samples[i][0] - min);
    max += 0.25 * (samples[i][1] - max);
  }
  auto range = observer.finishState(observe(observer, samples));
  ASSERT_TRUE(range.has_value());
  EXPECT_DOUBLE_EQ(range->chosen.min, min);
  EXPECT_DOUBLE_EQ(range->chosen.max, max);
  EXPECT_EQ(range->seen.min, -2);
  EXPECT_EQ(range->seen.max, 5);
}

/// The value below which `share` of the sorted values lie.
static double getQuantile(const std::vector<float> &sorted, double share) {
  double position = share * (sorted.size() - 1);
  size_t below = static_cast<size_t>(position);
  size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

TEST_F(Observers, PercentileIsWithinABinOfTheSortedValue) {
  for (float percentile : {50.0f, 90.0f, 99.0f, 99.9f})
    for (float shift : {0.0f, 10.0f, -10.0f}) {
      auto observer = cast<ObserverAttrInterface>(
          Attribute(PercentileAttr::get(&context, percentile)));
      std::vector<float> values = makeRandom(20000, 1.0f, shift, 7);
      auto range = observer.finishState(observe(observer, {values}));
      ASSERT_TRUE(range.has_value());
      std::sort(values.begin(), values.end());
      double largest =
          std::max(std::fabs(values.front()), std::fabs(values.back()));
      // The histogram reaches to the next power of two on either side.
      double bin = 4 * largest / 2048 + 0.02;
      double tail = (100.0 - percentile) / 200.0;
      EXPECT_NEAR(range->chosen.min, getQuantile(values, tail), bin);
      EXPECT_NEAR(range->chosen.max, getQuantile(values, 1 - tail), bin);
    }
}

TEST_F(Observers, MergedShardsAreTheWhole) {
  // Each shard has other magnitudes and signs, so their histograms differ.
  std::vector<std::vector<float>> samples;
  for (unsigned i = 0; i < 8; ++i)
    samples.push_back(
        makeRandom(100, std::ldexp(1.0f, i - 4), i % 2 ? 20.0f : -0.5f, i));
  for (Attribute attribute :
       {Attribute(MinMaxAttr::get(&context)),
        Attribute(PercentileAttr::get(&context, 99.0f))}) {
    auto observer = cast<ObserverAttrInterface>(attribute);
    State whole = observe(observer, samples);
    for (size_t cut = 1; cut < samples.size(); ++cut) {
      State first = observe(observer, ArrayRef(samples).take_front(cut));
      State second = observe(observer, ArrayRef(samples).drop_front(cut));
      observer.mergeState(second, first);
      EXPECT_EQ(second, whole) << "cut at " << cut;
    }
  }
}

TEST_F(Observers, HistogramDoublesItsRangeAndLosesNothing) {
  auto observer = cast<ObserverAttrInterface>(
      Attribute(PercentileAttr::get(&context, 100.0f)));
  std::vector<std::vector<float>> samples = {{0.0f, 0.0f}, {1e-30f, 1e-30f}};
  for (float reach = 1e-3f; reach < 1e30f; reach *= 10)
    samples.push_back({reach, reach < 1.0f ? 0.0f : -reach});
  State state = observe(observer, samples);
  auto range = observer.finishState(state);
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->count, 2.0 * samples.size());
  double sum = 0;
  for (double bin : ArrayRef(state).take_back(2048))
    sum += bin;
  EXPECT_EQ(sum, range->count);
  EXPECT_EQ(range->chosen.max, range->seen.max);
}
