//===- Driver.cpp - quant-opt without its main ----------------------------===//
//
// Reads the command line as mlir-opt does, checks the output before any work,
// turns an ONNX or TFLite model into MLIR bytecode, and lets MlirOptMain do the
// rest. A native product is the work of the pass qnt-emit, which the driver
// appends to the user's pipeline. Nothing appears at the output unless all
// succeeded; each fault is reported once, as `error: ...`, with exit code 1.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

#include "ListOps.h"

#include "qnt/Emit/Format.h"
#include "qnt/Emit/Passes.h"
#include "qnt/Export/Passes.h"
#include "qnt/Import/Onnx.h"
#include "qnt/Import/Tflite.h"
#include "qnt/InitAll.h"
#include "qnt/Report/Passes.h"
#include "qnt/Support/ModuleInput.h"
#include "qnt/Support/OutputFiles.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::qnt;
namespace cl = llvm::cl;

namespace {
/// The command line, as far as it is not mlir-opt's.
struct Options {
  std::string input, output, emit, inputShapes, report, listOps;
  bool anyBatch = false;
  bool padDetections = false;
};
} // namespace

static LogicalResult fail(const Twine &message) {
  llvm::WithColor::error() << message << "\n";
  return failure();
}

static LogicalResult fail(llvm::Error error) {
  return fail(llvm::toString(std::move(error)));
}

//===----------------------------------------------------------------------===//
// What to emit
//===----------------------------------------------------------------------===//

/// Chooses by --emit, by --emit-bytecode, then by the suffix of the output.
/// Options that contradict each other are refused.
static FailureOr<EmitFormat> chooseFormat(const Options &options,
                                          const MlirOptMainConfig &config) {
  std::optional<EmitFormat> wanted;
  std::string flag;
  if (!options.emit.empty()) {
    flag = "--emit=" + options.emit;
    wanted = parseEmitFormat(options.emit);
    if (!wanted)
      return fail("unknown '" + flag + "'; expected one of " +
                  listEmitFormats());
  }
  if (config.shouldEmitBytecode()) {
    if (wanted && *wanted != EmitFormat::Bytecode)
      return fail("'" + flag + "' contradicts '--emit-bytecode'; drop one");
    flag = "--emit-bytecode";
    wanted = EmitFormat::Bytecode;
  }
  std::optional<EmitFormat> suffix = formatOfPath(options.output);
  if (!wanted && isForeignSuffix(options.output))
    return fail(
        "no format goes with the suffix of output '" + options.output +
        "'; use .o .s .so .exe .ll .bc .mlir .mlirbc or .onnx, or --emit=" +
        "FORMAT (" + listEmitFormats() + ")");
  if (!wanted)
    return suffix.value_or(EmitFormat::MLIR);
  // A name without suffix goes with anything that is asked for.
  bool named = suffix && StringRef(options.output).contains('.');
  if (named && *suffix != *wanted)
    return fail("output '" + options.output + "' asks for '" +
                stringifyEmitFormat(*suffix) + "', but '" + flag +
                "' is given; change one");
  return *wanted;
}

static LogicalResult checkOutput(const Options &options, EmitFormat format,
                                 const MlirOptMainConfig &config) {
  if (llvm::Error error = checkOutputPath(options.output))
    return fail(std::move(error));
  if (!options.report.empty())
    if (llvm::Error error = checkOutputPath(options.report))
      return fail(std::move(error));
  if (isMLIR(format))
    return success();
  if (options.output == "-" &&
      (format == EmitFormat::Shared || format == EmitFormat::Executable))
    return fail("'" + stringifyEmitFormat(format) +
                "' cannot be written to standard output; name a file with -o");
  if (!config.inputSplitMarker().empty())
    return fail("--split-input-file makes several modules, but output '" +
                options.output + "' can hold only one; drop it or emit MLIR");
  return success();
}

/// Writes the whole output at once.
static LogicalResult writeText(const Options &options, StringRef text) {
  if (options.output == "-") {
    llvm::outs() << text;
    return success();
  }
  OutputFiles files;
  if (llvm::Error error = files.add(options.output, text.str()))
    return fail(std::move(error));
  if (llvm::Error error = files.commit())
    return fail(std::move(error));
  return success();
}

/// Appends emission and report to whatever pipeline the command line asks for.
static void appendProducts(const Options &options, EmitFormat format,
                           MlirOptMainConfig &config) {
  MlirOptMainConfig asked = config;
  config.setPassPipelineSetupFn([asked, options, format](PassManager &pm) {
    if (failed(asked.setupPassPipeline(pm)))
      return failure();
    if (format == EmitFormat::ONNX) {
      QntExportOnnxOptions onnx;
      onnx.file = options.output;
      pm.addPass(createQntExportOnnx(onnx));
    } else if (!isMLIR(format)) {
      EmitOptions emission;
      emission.file = options.output;
      emission.format = stringifyEmitFormat(format).str();
      pm.addPass(createEmit(emission));
    }
    if (!options.report.empty()) {
      QntWriteReportOptions report;
      report.file = options.report;
      if (!isMLIR(format))
        report.objectFile = options.output;
      pm.addPass(createQntWriteReport(report));
    }
    return success();
  });
}

//===----------------------------------------------------------------------===//
// What to read
//===----------------------------------------------------------------------===//

/// Imports an ONNX or TFLite model; in a listing of the first, with the nodes
/// that it holds.
static FailureOr<OwningOpRef<ModuleOp>>
importInto(MLIRContext &context, const llvm::MemoryBuffer &input,
           const Options &options, std::vector<OnnxNode> *listing = nullptr) {
  OnnxImportOptions importOptions;
  importOptions.listing = listing;
  importOptions.anyBatch = options.anyBatch;
  importOptions.padDetections = options.padDetections;
  std::string error;
  if (failed(parseInputShapes(options.inputShapes, importOptions.inputShapes,
                              error)))
    return fail("--input-shapes: " + error);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module;
  bool isTflite = looksLikeTflite(input.getMemBufferRef());
  if (isTflite && options.anyBatch)
    return fail("--any-batch applies to ONNX models, and '" + options.input +
                "' is a TFLite model");
  if (isTflite)
    module = importTflite(&context, input.getMemBufferRef(),
                          {std::move(importOptions.inputShapes), ""});
  else
    module = importOnnx(&context, input.getMemBufferRef(), importOptions);
  if (!module)
    return failure();
  return module;
}

/// Imports a model and hands it on as bytecode.
static FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
importModel(const llvm::MemoryBuffer &input, const Options &options,
            const DialectRegistry &registry) {
  MLIRContext context(registry);
  FailureOr<OwningOpRef<ModuleOp>> module = importInto(context, input, options);
  if (failed(module))
    return failure();
  SmallVector<char, 0> bytecode;
  llvm::raw_svector_ostream os(bytecode);
  if (failed(writeBytecodeToFile(**module, os)))
    return fail("cannot hand on the model imported from '" + options.input +
                "'");
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      std::make_unique<llvm::SmallVectorMemoryBuffer>(
          std::move(bytecode), options.input, /*RequiresNullTerminator=*/false);
  return buffer;
}

/// A model of a format of its own, rather than MLIR.
static bool isModel(const llvm::MemoryBuffer &input) {
  return looksLikeTflite(input.getMemBufferRef()) ||
         looksLikeOnnx(input.getMemBufferRef());
}

/// Opens the input; MLIR is checked for what its reader would not survive.
static FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
openInput(const Options &options, const DialectRegistry &registry) {
  if (options.input == "-" &&
      llvm::sys::Process::FileDescriptorIsDisplayed(fileno(stdin)))
    llvm::errs() << "(processing input from stdin now, hit ctrl-c/ctrl-d to "
                    "interrupt)\n";
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> input =
      openInputFile(options.input, &error);
  if (!input)
    return fail(error);
  if (isModel(*input))
    return input;
  if (options.anyBatch)
    return fail("--any-batch applies to ONNX models, and '" + options.input +
                "' is none");
  if (!options.inputShapes.empty())
    return fail("--input-shapes applies to ONNX and TFLite models, and '" +
                options.input + "' is none");
  if (llvm::Error error = checkModuleInput(input->getMemBufferRef(), registry))
    return fail(std::move(error));
  return input;
}

static FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
readInput(const Options &options, const MlirOptMainConfig &config,
          const DialectRegistry &registry) {
  auto input = openInput(options, registry);
  if (failed(input) || !isModel(**input))
    return input;
  if (!config.inputSplitMarker().empty())
    return fail("--split-input-file cannot split the model '" + options.input +
                "'");
  return importModel(**input, options, registry);
}

//===----------------------------------------------------------------------===//
// Listing
//===----------------------------------------------------------------------===//

/// Parses MLIR into the context.
static FailureOr<OwningOpRef<ModuleOp>>
parseInto(MLIRContext &context, std::unique_ptr<llvm::MemoryBuffer> input) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(input), SMLoc());
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!module)
    return failure();
  return module;
}

static LogicalResult listModel(const Options &options,
                               const DialectRegistry &registry) {
  ListFormat format = ListFormat::table;
  if (options.listOps == "json")
    format = ListFormat::json;
  else if (options.listOps != "table")
    return fail("unknown '--list-ops=" + options.listOps +
                "'; expected table or json");
  auto input = openInput(options, registry);
  if (failed(input))
    return failure();
  bool isOnnx =
      isModel(**input) && !looksLikeTflite((*input)->getMemBufferRef());
  MLIRContext context(registry);
  std::vector<OnnxNode> nodes;
  FailureOr<OwningOpRef<ModuleOp>> module =
      isModel(**input) ? importInto(context, **input, options, &nodes)
                       : parseInto(context, std::move(*input));
  if (failed(module))
    return failure();
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  int64_t missing = 0;
  if (failed(
          listOps(**module, isOnnx ? &nodes : nullptr, format, os, missing)) ||
      failed(writeText(options, text)))
    return failure();
  if (missing > 0)
    return fail(Twine(missing) + " nodes of '" + options.input +
                "' cannot be compiled");
  return success();
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static LogicalResult compile(const Options &options, DialectRegistry &registry,
                             MlirOptMainConfig config) {
  FailureOr<EmitFormat> format = chooseFormat(options, config);
  if (failed(format) || failed(checkOutput(options, *format, config)))
    return failure();
  auto input = readInput(options, config, registry);
  if (failed(input))
    return failure();
  appendProducts(options, *format, config);
  if (!isMLIR(*format)) {
    // The module that is left is not wanted: bytecode is the quickest to drop.
    config.emitBytecode(true);
    return MlirOptMain(llvm::nulls(), std::move(*input), registry, config);
  }
  config.emitBytecode(*format == EmitFormat::Bytecode);
  // Like mlir-opt, what is asked for on standard output appears as it is made.
  if (options.output == "-")
    return MlirOptMain(llvm::outs(), std::move(*input), registry, config);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (failed(MlirOptMain(os, std::move(*input), registry, config)))
    return failure();
  return writeText(options, text);
}

static LogicalResult printDialects(const DialectRegistry &registry) {
  llvm::outs() << "Available Dialects: ";
  llvm::interleave(registry.getDialectNames(), llvm::outs(), ",");
  llvm::outs() << "\n";
  return success();
}

/// Weights make the note "see current operation" unreadable, so it has to be
/// asked for.
static void silenceOperationNotes() {
  auto *flag = cl::getRegisteredOptions().lookup("mlir-print-op-on-diagnostic");
  if (flag && !flag->getNumOccurrences())
    static_cast<cl::opt<bool> *>(flag)->setValue(false);
}

/// What a quantization has to do for the outputs that the arguments ask for.
static std::string impliedOptions(ArrayRef<char *> arguments) {
  bool isReported = false, isOnnx = false;
  StringRef before;
  for (const char *argument : arguments.drop_front()) {
    auto [flag, value] = StringRef(argument).split('=');
    StringRef name = flag.ltrim('-');
    isReported |= name == "report";
    isOnnx |= name == "emit" && value == "onnx";
    StringRef output = name == "o" ? value : before == "o" ? argument : "";
    isOnnx |= formatOfPath(output) == EmitFormat::ONNX && !output.empty();
    before = flag.starts_with("-") ? name : StringRef();
  }
  std::string options = isReported ? " collect-report=true" : "";
  return isOnnx ? options + " form=qdq" : options;
}

/// The arguments, with those options added to a quantization: the parser builds
/// pipelines while it reads the command line.
static SmallVector<char *> amendQuantization(ArrayRef<char *> arguments,
                                             llvm::StringSaver &saver) {
  SmallVector<char *> result(arguments);
  std::string options = impliedOptions(arguments);
  if (options.empty())
    return result;
  for (char *&argument : MutableArrayRef(result).drop_front()) {
    StringRef text = argument;
    if (text.ltrim('-').split('=').first != "quantize-int8")
      continue;
    StringRef separator = text.contains('=') ? "" : "=";
    argument = const_cast<char *>(
        saver.save(text + separator + Twine(options)).data());
  }
  return result;
}

int qnt::runQuantOpt(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  DialectRegistry registry;
  registerAll(registry);
  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver saver(allocator);
  SmallVector<char *> arguments =
      amendQuantization({argv, size_t(argc)}, saver);

  // Options refer to their texts.
  std::string emitText =
      "What to write (" + listEmitFormats() +
      "); by default what the suffix of -o asks for: .o .s .so .exe .ll .bc "
      ".mlir .mlirbc .onnx, none for an executable";
  cl::opt<std::string> emit("emit", cl::value_desc("format"),
                            cl::desc(emitText));
  cl::opt<std::string> inputShapes(
      "input-shapes", cl::value_desc("name:AxBxC,..."),
      cl::desc("Shapes of the inputs of an ONNX or TFLite model"));
  cl::opt<bool> anyBatch(
      "any-batch",
      cl::desc("Let the code of an ONNX model serve batches of any size, "
               "sample by sample: NAME_run_batch"));
  cl::opt<bool> padDetections(
      "pad-detections",
      cl::desc("Give the result of NonMaxSuppression as many rows as there can "
               "be boxes, -1 behind the last one"));
  cl::opt<std::string> report(
      "report", cl::value_desc("file"),
      cl::desc("Where to write what was decided for each tensor and layer, as "
               "JSON with a text beside it"));
  cl::opt<std::string> list(
      "list-ops", cl::ValueOptional, cl::value_desc("table|json"),
      cl::desc("Tell which ops would become integer, stay float or are not "
               "supported, and do nothing else"));
  cl::opt<bool> printOps(
      "print-onnx-ops",
      cl::desc("Print the table of the ONNX ops that can be read"));
  auto [input, output] = registerAndParseCLIOptions(
      argc, arguments.data(), "quantizing compiler", registry);

  silenceOperationNotes();
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects())
    return asMainReturnCode(printDialects(registry));
  if (config.shouldListPasses()) {
    printRegisteredPasses();
    return EXIT_SUCCESS;
  }
  if (printOps) {
    printOnnxOps(llvm::outs());
    return EXIT_SUCCESS;
  }
  Options options{input, output, emit, inputShapes, report, list};
  options.anyBatch = anyBatch;
  options.padDetections = padDetections;
  if (list.getNumOccurrences() > 0) {
    if (options.listOps.empty())
      options.listOps = "table";
    return asMainReturnCode(listModel(options, registry));
  }
  return asMainReturnCode(compile(options, registry, std::move(config)));
}
