//===- ListOps.cpp - what a compilation would make of each node -----------===//
//
// Joins what the importer says of the nodes with what the quantizer decided on
// the ops that they became, and prints it. Every node has exactly one line.
//
//===----------------------------------------------------------------------===//

#include "ListOps.h"

#include "qnt/Pipelines/OpDecisions.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
struct Line {
  std::string name, op, status, reason;
  std::vector<std::string> schemes;
};

struct Status {
  const char *name;
  const char *meaning;
};
} // namespace

/// In the order of the summary.
static const Status statuses[] = {
    {"integer", "computes with integers"},
    {"float", "stays float"},
    {"folded", "leaves no code of its own"},
    {"unused", "is not needed by any output"},
    {"unsupported", "cannot be compiled"},
    {"blocked", "waits for an unsupported node"},
};

static Line lineOf(const OpDecision &decision) {
  Line line{decision.name,
            decision.op,
            "folded",
            "merged with a neighbour, or needless",
            {}};
  if (decision.state == OpDecision::State::folded)
    return line;
  line.schemes = decision.schemes;
  line.reason = decision.reason;
  line.status =
      decision.state == OpDecision::State::integer ? "integer" : "float";
  return line;
}

static Line lineOf(const OnnxNode &node,
                   const llvm::StringMap<const OpDecision *> &decisions) {
  Line line{node.name, node.op, "", node.reason, {}};
  switch (node.state) {
  case OnnxNode::State::unsupported:
    line.status = "unsupported";
    return line;
  case OnnxNode::State::blocked:
    line.status = "blocked";
    return line;
  case OnnxNode::State::unused:
    line.status = "unused";
    return line;
  case OnnxNode::State::imported:
    break;
  }
  auto found = decisions.find(node.name);
  OpDecision nothing;
  line = lineOf(found != decisions.end() ? *found->second : nothing);
  line.name = node.name;
  line.op = node.op;
  if (line.status == "folded" && !node.reason.empty())
    line.reason = node.reason;
  return line;
}

static std::vector<Line> joinLines(const std::vector<OnnxNode> *nodes,
                                   ArrayRef<OpDecision> decisions) {
  std::vector<Line> lines;
  if (!nodes) {
    for (const OpDecision &decision : decisions)
      lines.push_back(lineOf(decision));
    return lines;
  }
  llvm::StringMap<const OpDecision *> byName;
  for (const OpDecision &decision : decisions)
    byName[decision.name] = &decision;
  llvm::StringSet<> listed;
  for (const OnnxNode &node : *nodes) {
    listed.insert(node.name);
    lines.push_back(lineOf(node, byName));
  }
  // Nodes of loops and functions, which are written out.
  for (const OpDecision &decision : decisions)
    if (!listed.contains(decision.name) &&
        decision.state != OpDecision::State::folded)
      lines.push_back(lineOf(decision));
  return lines;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static int64_t countOf(ArrayRef<Line> lines, StringRef status) {
  return llvm::count_if(
      lines, [&](const Line &line) { return line.status == status; });
}

static void printJson(ArrayRef<Line> lines, raw_ostream &os) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attributeObject("counts", [&] {
      for (const Status &status : statuses)
        json.attribute(status.name, countOf(lines, status.name));
    });
    json.attributeArray("nodes", [&] {
      for (const Line &line : lines)
        json.object([&] {
          json.attribute("name", llvm::json::fixUTF8(line.name));
          json.attribute("op", llvm::json::fixUTF8(line.op));
          json.attribute("status", line.status);
          json.attribute("reason", llvm::json::fixUTF8(line.reason));
          json.attributeArray("schemes", [&] {
            for (const std::string &scheme : line.schemes)
              json.value(scheme);
          });
        });
    });
  });
  os << "\n";
}

static void printText(ArrayRef<Line> lines, raw_ostream &os) {
  size_t opWidth = 2, nameWidth = 4;
  for (const Line &line : lines) {
    opWidth = std::max(opWidth, line.op.size());
    nameWidth = std::max(nameWidth, line.name.size());
  }
  nameWidth = std::min<size_t>(nameWidth, 60);
  for (const Line &line : lines) {
    os << llvm::left_justify(line.status, 13)
       << llvm::left_justify(line.op, opWidth + 2)
       << llvm::left_justify(line.name, nameWidth) << "  ";
    llvm::interleave(line.schemes, os, ", ");
    if (!line.schemes.empty() && !line.reason.empty())
      os << ": ";
    os << line.reason << "\n";
  }
  os << "\n";
  for (const Status &status : statuses)
    if (int64_t count = countOf(lines, status.name))
      os << llvm::formatv("{0,6} {1}: {2}\n", count, status.name,
                          status.meaning);
}

LogicalResult qnt::listOps(ModuleOp module, const std::vector<OnnxNode> *nodes,
                           ListFormat format, raw_ostream &os,
                           int64_t &missing) {
  FailureOr<std::vector<OpDecision>> decisions = decideOps(module);
  if (failed(decisions))
    return failure();
  std::vector<Line> lines = joinLines(nodes, *decisions);
  if (format == ListFormat::json)
    printJson(lines, os);
  else
    printText(lines, os);
  missing = countOf(lines, "unsupported") + countOf(lines, "blocked");
  return success();
}
