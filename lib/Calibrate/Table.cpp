//===- Table.cpp - calibration tables -------------------------------------===//
//
// JSON, one edge per line. Numbers have 17 digits, so they come back as they
// were; a run of N zeros in a state is the string "0*N", which keeps histograms
// short. `chosen` and `seen` are for readers; only the state counts.
//
//===----------------------------------------------------------------------===//

#include "qnt/Calibrate/Table.h"
#include "qnt/Support/MemoryFiles.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnt;

static constexpr StringLiteral kFormat = "qnt-calibration";
static constexpr int64_t kVersion = 1;

const TableEdge *CalibrationTable::find(StringRef name) const {
  const TableEdge *edge =
      llvm::find_if(edges, [&](const TableEdge &e) { return e.name == name; });
  return edge == edges.end() ? nullptr : edge;
}

static llvm::Error fail(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

static std::string toText(ObserverAttrInterface observer) {
  std::string text;
  llvm::raw_string_ostream(text) << observer;
  return text;
}

llvm::Error qnt::mergeTable(CalibrationTable &into,
                            const CalibrationTable &from, StringRef name) {
  if (from.modelSha256 != into.modelSha256)
    return fail("calibration table '" + name + "' is of model " +
                from.modelSha256 + ", but this is model " + into.modelSha256 +
                "; calibrate this one with data=");
  SmallVector<const TableEdge *> found;
  for (const TableEdge &edge : into.edges) {
    found.push_back(from.find(edge.name));
    if (!found.back())
      return fail("calibration table '" + name + "' has no edge '" + edge.name +
                  "'; calibrate again with data=");
    if (found.back()->observer != edge.observer)
      return fail("edge '" + edge.name + "' was observed by " +
                  toText(found.back()->observer) + " in calibration table '" +
                  name + "', but is by " + toText(edge.observer) +
                  " here; insert observers of that kind");
  }
  into.samples += from.samples;
  for (auto [edge, other] : llvm::zip_equal(into.edges, found))
    edge.observer.mergeState(edge.state, other->state);
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static std::string quote(StringRef text) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  stream << llvm::json::Value(llvm::json::fixUTF8(text));
  return out;
}

/// The fewest digits that read back as the same number; JSON has no -0.
static void printNumber(llvm::raw_ostream &stream, double value) {
  value += 0.0;
  for (int digits : {6, 9, 15, 17}) {
    char text[40];
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    if (digits == 17 || std::strtod(text, nullptr) == value) {
      stream << text;
      return;
    }
  }
}

static void printState(llvm::raw_ostream &stream, ArrayRef<double> state) {
  stream << "[";
  for (size_t i = 0; i < state.size();) {
    if (i != 0)
      stream << ", ";
    size_t zeros = 0;
    while (i + zeros < state.size() && state[i + zeros] == 0.0)
      ++zeros;
    if (zeros > 1) {
      stream << "\"0*" << zeros << "\"";
      i += zeros;
      continue;
    }
    printNumber(stream, state[i++]);
  }
  stream << "]";
}

static void printRange(llvm::raw_ostream &stream, StringRef name,
                       RealRange range) {
  stream << ", \"" << name << "\": [";
  printNumber(stream, range.min);
  stream << ", ";
  printNumber(stream, range.max);
  stream << "]";
}

std::string qnt::printTable(const CalibrationTable &table) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "{\"format\": " << quote(kFormat) << ", \"version\": " << kVersion
         << ",\n \"model_sha256\": " << quote(table.modelSha256)
         << ",\n \"samples\": " << table.samples << ",\n \"edges\": [";
  bool isFirst = true;
  for (const TableEdge &edge : table.edges) {
    std::optional<ObservedRange> range = edge.observer.finishState(edge.state);
    // An edge that saw nothing has nothing to tell.
    if (!range)
      continue;
    stream << (isFirst ? "\n" : ",\n") << "  {\"name\": " << quote(edge.name)
           << ", \"observer\": " << quote(toText(edge.observer));
    printRange(stream, "chosen", range->chosen);
    printRange(stream, "seen", range->seen);
    stream << ", \"count\": ";
    printNumber(stream, range->count);
    stream << ", \"state\": ";
    printState(stream, edge.state);
    stream << "}";
    isFirst = false;
  }
  stream << "\n ]}\n";
  return text;
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {
/// Parses one table; every error names the file.
class Parser {
public:
  Parser(StringRef name, MLIRContext *context) : name(name), context(context) {}

  llvm::Expected<CalibrationTable> parse(StringRef text);

private:
  llvm::Error fail(const Twine &why) const {
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "calibration table '" + name + "' " + why);
  }
  llvm::Expected<TableEdge> parseEdge(const llvm::json::Value &value);
  llvm::Error parseState(const llvm::json::Array &words, TableEdge &edge);

  StringRef name;
  MLIRContext *context;
};
} // namespace

llvm::Error Parser::parseState(const llvm::json::Array &words,
                               TableEdge &edge) {
  auto malformed = [&] {
    return fail("is damaged: edge '" + edge.name + "' has no valid state");
  };
  size_t size = edge.observer.getStateSize();
  for (const llvm::json::Value &word : words) {
    if (std::optional<double> number = word.getAsNumber()) {
      if (!std::isfinite(*number))
        return malformed();
      edge.state.push_back(*number);
    } else if (std::optional<StringRef> zeros = word.getAsString()) {
      StringRef digits = *zeros;
      size_t count = 0;
      if (!digits.consume_front("0*") || digits.getAsInteger(10, count) ||
          count > size)
        return malformed();
      edge.state.append(count, 0.0);
    } else {
      return malformed();
    }
    if (edge.state.size() > size)
      return malformed();
  }
  return edge.state.size() == size ? llvm::Error::success() : malformed();
}

llvm::Expected<TableEdge> Parser::parseEdge(const llvm::json::Value &value) {
  const llvm::json::Object *object = value.getAsObject();
  std::optional<StringRef> edgeName, observer;
  const llvm::json::Array *state = nullptr;
  if (object) {
    edgeName = object->getString("name");
    observer = object->getString("observer");
    state = object->getArray("state");
  }
  if (!edgeName || !observer || !state)
    return fail("is damaged: an edge lacks its name, observer or state");
  TableEdge edge;
  edge.name = edgeName->str();
  // The reason is in our own message; the parser's would have no place.
  ScopedDiagnosticHandler silence(context, [](Diagnostic &) {});
  edge.observer = dyn_cast_or_null<ObserverAttrInterface>(
      parseAttribute(*observer, context));
  if (!edge.observer)
    return fail("has an unknown observer '" + *observer + "' on edge '" +
                *edgeName + "'");
  if (llvm::Error error = parseState(*state, edge))
    return std::move(error);
  return edge;
}

llvm::Expected<CalibrationTable> Parser::parse(StringRef text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return fail("is not valid JSON: " + llvm::toString(value.takeError()));
  const llvm::json::Object *object = value->getAsObject();
  if (!object || object->getString("format") != StringRef(kFormat))
    return fail("is not a calibration table: its format is not " + kFormat);
  std::optional<int64_t> version = object->getInteger("version");
  if (version != kVersion)
    return fail("has version " + Twine(version.value_or(0)) + "; expected " +
                Twine(kVersion));
  std::optional<StringRef> sha = object->getString("model_sha256");
  const llvm::json::Array *edges = object->getArray("edges");
  if (!sha || !edges)
    return fail("is damaged: it lacks model_sha256 or edges");
  CalibrationTable table;
  table.modelSha256 = sha->str();
  table.samples = object->getInteger("samples").value_or(0);
  for (const llvm::json::Value &entry : *edges) {
    llvm::Expected<TableEdge> edge = parseEdge(entry);
    if (!edge)
      return edge.takeError();
    if (table.find(edge->name))
      return fail("is damaged: it has two edges '" + edge->name + "'");
    table.edges.push_back(std::move(*edge));
  }
  return table;
}

llvm::Expected<CalibrationTable> qnt::parseTable(StringRef text, StringRef name,
                                                 MLIRContext *context) {
  return Parser(name, context).parse(text);
}

llvm::Expected<CalibrationTable> qnt::readTable(StringRef path,
                                                MLIRContext *context) {
  auto buffer = readFile(path);
  if (!buffer)
    return llvm::createStringError(
        llvm::inconvertibleErrorCode(),
        "cannot open calibration table '" + path +
            "': " + llvm::toString(buffer.takeError()));
  return parseTable((*buffer)->getBuffer(), path, context);
}
