//===- Run.cpp - quant-run without its main -------------------------------===//
//
// Streams the samples through the model once and hands each output to whoever
// asked: the output file, the comparison, the metric. A failure is one line
// `error: ...` and exit code 1; so is a difference beyond the tolerance.
//
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "Model.h"
#include "Report.h"
#include "qnt/Support/OutputFiles.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// Collects the outputs of all samples, joined along their first axis.
class Collector {
public:
  Collector(ArrayRef<NamedSpec> outputs, int64_t samples) : outputs(outputs) {
    for (const NamedSpec &output : outputs) {
      TensorSpec spec = output.spec;
      if (!spec.shape.empty())
        spec.shape.front() *= samples;
      else if (samples != 1)
        spec.shape.push_back(samples);
      joined.emplace_back(spec);
    }
  }

  void add(ArrayRef<Tensor> out) {
    for (auto [whole, tensor] : llvm::zip_equal(joined, out))
      std::memcpy(whole.data() + position * tensor.getNumBytes(), tensor.data(),
                  tensor.getNumBytes());
    ++position;
  }

  llvm::Error write(StringRef path) {
    OutputFiles files;
    if (llvm::Error error = files.add(path, render(path)))
      return error;
    return files.commit();
  }

private:
  std::string render(StringRef path) {
    if (llvm::sys::path::extension(path) == ".npy")
      return writeNpy(joined.front());
    SmallVector<std::pair<std::string, const Tensor *>> arrays;
    for (auto [output, tensor] : llvm::zip_equal(outputs, joined))
      arrays.push_back({output.name, &tensor});
    return writeNpz(arrays);
  }

  ArrayRef<NamedSpec> outputs;
  SmallVector<Tensor> joined;
  int64_t position = 0;
};
} // namespace

/// The suffix must fit before the work starts.
static llvm::Error checkOutputs(const RunOptions &options, const Model &model) {
  StringRef suffix = llvm::sys::path::extension(options.outputs);
  if (suffix != ".npz" && suffix != ".npy")
    return makeError("--outputs wants a .npz or .npy file, found '" +
                     options.outputs + "'");
  if (suffix == ".npy" && model.getOutputs().size() != 1)
    return makeError("the model has " + Twine(model.getOutputs().size()) +
                     " outputs, and a .npy file holds one; write a .npz");
  return checkOutputPath(options.outputs);
}

static llvm::Error runBenchmark(const RunOptions &options, Model &model) {
  SmallVector<Tensor> in;
  if (options.inputs.empty()) {
    for (const NamedSpec &input : model.getInputs())
      in.emplace_back(input.spec);
    llvm::outs() << "no --inputs: timing zeros\n";
  } else {
    auto samples = SampleStream::open(options.inputs, model.getInputs());
    if (!samples)
      return samples.takeError();
    samples->allowNonFinite();
    llvm::Expected<bool> more = samples->next(in);
    if (!more)
      return more.takeError();
  }
  auto times = model.benchmark(in, options.runs, options.threads);
  if (!times)
    return times.takeError();
  printTimes(llvm::outs(), std::move(*times), options.threads);
  return llvm::Error::success();
}

/// Runs all samples; `agrees` tells the verdict of --compare.
static llvm::Error runSamples(const RunOptions &options, Model &model,
                              bool &agrees) {
  auto samples = SampleStream::open(options.inputs, model.getInputs());
  if (!samples)
    return samples.takeError();
  samples->allowNonFinite();
  int64_t count = samples->getNumSamples();
  std::unique_ptr<Comparison> comparison;
  std::unique_ptr<Evaluation> evaluation;
  std::optional<Collector> collector;
  if (!options.compare.empty()) {
    auto opened = Comparison::open(options.compare, model.getOutputs(), count);
    if (!opened)
      return opened.takeError();
    comparison = std::move(*opened);
  }
  if (options.evaluate) {
    auto opened = Evaluation::open(options, model.getOutputs(), count);
    if (!opened)
      return opened.takeError();
    evaluation = std::move(*opened);
  }
  if (!options.outputs.empty()) {
    if (llvm::Error error = checkOutputs(options, model))
      return error;
    collector.emplace(model.getOutputs(), count);
  }
  llvm::Error failed = llvm::Error::success();
  llvm::Error stopped = model.runAll(*samples, [&](ArrayRef<Tensor> out) {
    if (collector)
      collector->add(out);
    if (evaluation)
      evaluation->add(out);
    if (comparison && !failed)
      failed = llvm::joinErrors(std::move(failed), comparison->add(out));
  });
  if (llvm::Error error =
          llvm::joinErrors(std::move(stopped), std::move(failed)))
    return error;
  if (collector)
    if (llvm::Error error = collector->write(options.outputs))
      return error;
  if (!comparison && !evaluation && !collector)
    llvm::outs() << "ran " << count << " samples\n";
  if (evaluation)
    evaluation->print(llvm::outs());
  if (comparison)
    agrees = comparison->print(llvm::outs(), options.tolerance);
  return llvm::Error::success();
}

static llvm::Expected<bool> runModel(const RunOptions &options) {
  llvm::Expected<std::unique_ptr<Model>> model = openModel(options);
  if (!model)
    return model.takeError();
  bool agrees = true;
  bool samples = !options.benchmark || options.evaluate ||
                 !options.outputs.empty() || !options.compare.empty();
  if (samples)
    if (llvm::Error error = runSamples(options, **model, agrees))
      return std::move(error);
  if (options.benchmark)
    if (llvm::Error error = runBenchmark(options, **model))
      return std::move(error);
  return agrees;
}

int qnt::runQuantRun(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  StringRef first = argc == 2 ? argv[1] : "";
  if (first.consume_front("--serve="))
    return runServer(first);
  return runCommandLine(argc, argv);
}

int qnt::runCommandLine(int argc, char **argv) {
  llvm::Expected<RunOptions> options = parseRunOptions(argc, argv);
  llvm::Expected<bool> agrees =
      options ? runModel(*options) : options.takeError();
  if (agrees)
    return *agrees ? EXIT_SUCCESS : EXIT_FAILURE;
  std::string message = llvm::toString(agrees.takeError());
  // Diagnostics have been printed where they arose.
  if (!message.empty())
    llvm::WithColor::error() << message << "\n";
  return EXIT_FAILURE;
}
