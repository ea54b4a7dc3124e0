//===- ContractHeader.cpp - model.h ---------------------------------------===//
//
// Writes the contract as a C header that compiles alone under C99 -pedantic and
// as C++. It depends on the contract only: no date, no path, no host.
//
//===----------------------------------------------------------------------===//

#include "qnt/Emit/Contract.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnt;

std::string qnt::toCIdentifier(StringRef name) {
  std::string identifier;
  for (char c : name)
    identifier += llvm::isAlnum(c) ? c : '_';
  if (identifier.empty() || llvm::isDigit(identifier[0]))
    identifier.insert(0, "m_");
  return identifier;
}

std::string qnt::toCString(StringRef text) {
  std::string literal = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      literal += {'\\', static_cast<char>(c)};
    else if (llvm::isPrint(c) && c != '?')
      literal += static_cast<char>(c);
    else // Octal, always three digits: no trigraph, no run-on escape.
      literal += {'\\', static_cast<char>('0' + (c >> 6)),
                  static_cast<char>('0' + ((c >> 3) & 7)),
                  static_cast<char>('0' + (c & 7))};
  }
  return literal + "\"";
}

/// The text without anything that could end or nest a comment.
static std::string inComment(StringRef text) {
  std::string safe;
  for (unsigned char c : text)
    safe += llvm::isPrint(c) && c != '*' && c != '\\' && c != '?'
                ? static_cast<char>(c)
                : '_';
  return safe;
}

static StringRef cType(StringRef dtype) {
  return llvm::StringSwitch<StringRef>(dtype)
      .Case("float32", "float")
      .Case("float64", "double")
      .Cases({"float16", "bfloat16"}, "uint16_t")
      .Case("bool", "uint8_t")
      .Cases({"int4", "int8"}, "int8_t")
      .Cases({"uint4", "uint8"}, "uint8_t")
      .Case("int16", "int16_t")
      .Case("uint16", "uint16_t")
      .Case("int32", "int32_t")
      .Case("uint32", "uint32_t")
      .Case("int64", "int64_t")
      .Default("uint64_t");
}

/// A float literal that reads back as the same float.
static std::string cFloat(float value) {
  std::string text = llvm::formatv("{0:e9}", value);
  return text + "f";
}

static void writeQuantization(llvm::raw_ostream &os, StringRef prefix,
                              const TensorContract &tensor) {
  if (tensor.scales.empty())
    return;
  os << "/* real = scale * (stored - zero point)";
  if (tensor.axis)
    os << ", one pair per index of axis " << *tensor.axis;
  os << " */\n";
  if (tensor.axis)
    os << "#define " << prefix << "_AXIS " << *tensor.axis << "\n";
  auto list = [&](StringRef name, auto values, auto print) {
    os << "#define " << prefix << name << " ";
    bool many = values.size() != 1;
    if (many)
      os << "{";
    llvm::interleave(values, os, print, ", ");
    os << (many ? "}\n" : "\n");
  };
  list("_SCALE", ArrayRef<float>(tensor.scales),
       [&](float scale) { os << cFloat(scale); });
  list("_ZERO_POINT", ArrayRef<int64_t>(tensor.zeroPoints),
       [&](int64_t zeroPoint) { os << zeroPoint; });
}

static void writeTensor(llvm::raw_ostream &os, StringRef upper, StringRef lower,
                        StringRef kind, size_t index,
                        const TensorContract &tensor) {
  std::string number = std::to_string(index);
  std::string prefix = (upper + "_" + kind.upper() + number).str();
  os << "\n/* " << kind << " " << number << ": '" << inComment(tensor.name)
     << "', " << tensor.dtype << " [";
  llvm::interleaveComma(tensor.shape, os);
  os << "], row-major */\n";
  os << "typedef " << cType(tensor.dtype) << " " << lower << "_" << kind
     << number << "_t;\n";
  os << "#define " << prefix << "_NAME " << toCString(tensor.name) << "\n";
  os << "#define " << prefix << "_DTYPE " << toCString(tensor.dtype) << "\n";
  os << "#define " << prefix << "_RANK " << tensor.shape.size() << "\n";
  if (!tensor.shape.empty()) {
    os << "#define " << prefix << "_SHAPE {";
    llvm::interleaveComma(tensor.shape, os);
    os << "}\n";
  }
  os << "#define " << prefix << "_ELEMENTS " << tensor.elementCount() << "\n";
  os << "#define " << prefix << "_BYTES " << tensor.byteSize() << "\n";
  writeQuantization(os, prefix, tensor);
}

static void writeTop(llvm::raw_ostream &os, const Contract &contract,
                     StringRef upper) {
  os << "/* The contract of the compiled model '" << inComment(contract.name)
     << "', written by quant-opt.\n"
     << " * Target: " << inComment(contract.triple) << ", CPU "
     << inComment(contract.cpu) << ".\n"
     << " * Numbers: " << inComment(contract.mode) << ", rounding "
     << inComment(contract.rounding) << ".\n"
     << " * model.json beside this file says the same to programs. */\n"
     << "#ifndef " << upper << "_H\n#define " << upper << "_H\n\n"
     << "#include <stdint.h>\n\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  auto define = [&](StringRef name, const Twine &value) {
    os << "#define " << upper << "_" << name << " " << value << "\n";
  };
  define("MODE", toCString(contract.mode));
  define("ROUNDING", toCString(contract.rounding));
  define("MODEL_SHA256", toCString(contract.modelSha256));
  define("CALIBRATION_SHA256", toCString(contract.calibrationSha256));
  define("MACS", Twine(contract.macs));
  define("ARENA_BYTES", Twine(contract.arenaBytes));
  define("ARENA_ALIGN", Twine(contract.arenaAlign));
  define("INPUT_COUNT", Twine(static_cast<unsigned>(contract.inputs.size())));
  define("OUTPUT_COUNT", Twine(static_cast<unsigned>(contract.outputs.size())));
}

static void writeFunctions(llvm::raw_ostream &os, const Contract &contract,
                           StringRef upper) {
  os << "\n/* Call once before anything else; threads: how many the model may "
        "use.\n * Returns 0 or an errno value. */\n"
     << "int " << contract.init << "(int threads);\n\n"
     << "/* One inference. inputs and outputs hold a pointer per tensor, in the"
        " order\n * above, aligned as their type asks. arena: "
     << upper << "_ARENA_BYTES bytes aligned to\n * " << upper
     << "_ARENA_ALIGN, "
     << (contract.staticArena ? "or NULL for the one that the object owns.\n"
                              : "contents need not be kept between calls.\n")
     << " * Re-entrant with distinct arenas. Returns 0 or an errno value. */\n"
     << "int " << contract.run
     << "(const void *const inputs[], void *const outputs[], void *arena);\n\n";
  if (!contract.runBatch.empty())
    os << "/* The same for count samples, which lie behind each other in every "
          "input and\n * output: shapes above are those of one sample. Ends at "
          "the first error. */\n"
       << "int " << contract.runBatch
       << "(const void *const inputs[], void *const outputs[], void *arena,\n"
       << "    int64_t count);\n\n";
  os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << upper << "_H */\n";
}

std::string Contract::toHeader() const {
  std::string lower = toCIdentifier(name);
  std::string upper = StringRef(lower).upper();
  std::string text;
  llvm::raw_string_ostream os(text);
  writeTop(os, *this, upper);
  for (auto [index, tensor] : llvm::enumerate(inputs))
    writeTensor(os, upper, lower, "input", index, tensor);
  for (auto [index, tensor] : llvm::enumerate(outputs))
    writeTensor(os, upper, lower, "output", index, tensor);
  writeFunctions(os, *this, upper);
  return text;
}
