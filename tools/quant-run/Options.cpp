//===- Options.cpp - the command line of quant-run ------------------------===//
//
// Options live in one struct that exists while the command line is parsed, so
// that no global outlives it.
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "qnt/Execution/ByteSource.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace mlir::qnt;
namespace cl = llvm::cl;

namespace {
struct CommandLine {
  cl::OptionCategory category{"quant-run options"};
  cl::opt<std::string> model{cl::Positional, cl::Required,
                             cl::desc("MODEL.{so,o,mlir,onnx}"),
                             cl::cat(category)};
  cl::opt<std::string> inputs{
      "inputs", cl::value_desc("file"), cl::cat(category),
      cl::desc("Arrays by input name, first axis = samples: .npz, .npy (one "
               "input) or a directory of them")};
  cl::opt<std::string> outputs{
      "outputs", cl::value_desc("file"), cl::cat(category),
      cl::desc("Where to write the outputs: .npz, or .npy for one output")};
  cl::opt<std::string> compare{
      "compare", cl::value_desc("file"), cl::cat(category),
      cl::desc("Arrays by output name to compare with")};
  cl::opt<double> tolerance{
      "tolerance", cl::init(0.0), cl::cat(category),
      cl::desc("Largest difference that --compare accepts (default 0)")};
  cl::opt<bool> benchmark{"benchmark", cl::cat(category),
                          cl::desc("Time the first sample")};
  cl::opt<unsigned> runs{
      "runs", cl::init(0), cl::cat(category),
      cl::desc("Timed runs per thread (default: about a second's worth)")};
  cl::opt<unsigned> threads{
      "threads", cl::init(1), cl::cat(category),
      cl::desc("Inferences that run at the same time (default 1)")};
  cl::opt<bool> evaluate{"evaluate", cl::cat(category),
                         cl::desc("Print the metric for labelled samples")};
  cl::opt<std::string> labels{
      "labels", cl::value_desc("key"), cl::cat(category),
      cl::desc("Array of --inputs that holds what the first output should be")};
  cl::opt<Metric> metric{
      "metric", cl::init(Metric::Top1), cl::cat(category),
      cl::desc("What --evaluate prints:"),
      cl::values(clEnumValN(Metric::Top1, "top1",
                            "share of samples whose largest output is the "
                            "labelled one (default)"),
                 clEnumValN(Metric::Mse, "mse",
                            "mean squared difference from the labels"))};
  cl::opt<bool> reference{
      "reference", cl::cat(category),
      cl::desc("Interpret integer MLIR with the reference kernels")};
  cl::opt<std::string> contract{
      "contract", cl::value_desc("file"), cl::cat(category),
      cl::desc("model.json of a .so or .o (default: beside it)")};
  cl::opt<std::string> emulator{
      "emulator", cl::value_desc("program"), cl::cat(category),
      cl::desc("Runs a .o of another machine (default: qemu of that machine)")};
  cl::opt<std::string> emulatorCpu{
      "emulator-cpu", cl::value_desc("name"), cl::cat(category),
      cl::desc("CPU that the emulator pretends (default max)")};
  cl::opt<std::string> inputShapes{
      "input-shapes", cl::value_desc("name:AxBxC,..."), cl::cat(category),
      cl::desc("Shapes of the inputs of an ONNX model")};
  cl::opt<bool> padDetections{
      "pad-detections", cl::cat(category),
      cl::desc("Give the result of NonMaxSuppression as many rows as there can "
               "be boxes, -1 behind the last one")};
  cl::opt<std::string> entry{
      "entry", cl::value_desc("name"), cl::cat(category),
      cl::desc("Function of MLIR to run (default: the only public one)")};
};
} // namespace

/// Refuses what would have no effect.
static llvm::Error checkOptions(const RunOptions &options,
                                const CommandLine &line) {
  if (!options.benchmark) {
    if (line.runs.getNumOccurrences())
      return makeError("--runs applies to --benchmark only");
    if (line.threads.getNumOccurrences())
      return makeError("--threads applies to --benchmark only");
  }
  if (options.threads == 0)
    return makeError("--threads must be at least 1");
  if (options.benchmark && line.runs.getNumOccurrences() && !options.runs)
    return makeError("--runs must be at least 1");
  if (options.compare.empty() && line.tolerance.getNumOccurrences())
    return makeError("--tolerance applies to --compare only");
  if (!(options.tolerance >= 0))
    return makeError("--tolerance must not be negative");
  if (options.evaluate == options.labels.empty())
    return makeError(options.evaluate
                         ? "--evaluate needs --labels=KEY, the array of "
                           "--inputs to compare with"
                         : "--labels applies to --evaluate only");
  if (!options.evaluate && line.metric.getNumOccurrences())
    return makeError("--metric applies to --evaluate only");
  bool needsInputs = options.evaluate || !options.compare.empty() ||
                     !options.outputs.empty() || !options.benchmark;
  if (needsInputs && options.inputs.empty())
    return makeError("--inputs=FILE is needed for anything but --benchmark");
  return llvm::Error::success();
}

/// Libraries of LLVM register flags of their own for every program that links
/// them; those that are in the way are none of ours.
static void releaseForeignFlags() {
  SmallVector<cl::Option *> taken;
  for (const char *name : {"compare", "inputs", "outputs", "runs", "threads",
                           "metric", "labels", "entry", "reference"})
    if (cl::Option *option = cl::getRegisteredOptions().lookup(name))
      taken.push_back(option);
  for (cl::Option *option : taken)
    option->removeArgument();
}

llvm::Expected<RunOptions> qnt::parseRunOptions(int argc, char **argv) {
  releaseForeignFlags();
  CommandLine line;
  cl::HideUnrelatedOptions(line.category);
  cl::ParseCommandLineOptions(
      argc, argv, "Runs a model on arrays: compiled (.so, .o), MLIR or ONNX\n");
  RunOptions options;
  options.model = line.model;
  options.inputs = line.inputs;
  options.outputs = line.outputs;
  options.compare = line.compare;
  options.tolerance = line.tolerance;
  options.benchmark = line.benchmark;
  options.runs = line.runs;
  options.threads = line.threads;
  options.evaluate = line.evaluate;
  options.labels = line.labels;
  options.metric = line.metric;
  options.reference = line.reference;
  options.contract = line.contract;
  options.emulator = line.emulator;
  options.emulatorCpu = line.emulatorCpu;
  options.inputShapes = line.inputShapes;
  options.padDetections = line.padDetections;
  options.entry = line.entry;
  if (llvm::Error error = checkOptions(options, line))
    return std::move(error);
  return options;
}
