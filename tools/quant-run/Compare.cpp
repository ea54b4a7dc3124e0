//===- Compare.cpp - differences and metrics ------------------------------===//
//
// Sums over all samples in the order in which they come, so that the figures do
// not depend on anything else. Equality is of bytes.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "llvm/Support/Format.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<Comparison>>
Comparison::open(StringRef path, ArrayRef<NamedSpec> outputs, int64_t samples) {
  auto stream = SampleStream::open(path, outputs);
  if (!stream)
    return makeError("--compare: " + llvm::toString(stream.takeError()));
  if (stream->getNumSamples() != samples)
    return makeError("'" + path + "' holds outputs of " +
                     Twine(stream->getNumSamples()) +
                     " samples, but the "
                     "inputs hold " +
                     Twine(samples));
  stream->allowNonFinite();
  auto comparison = std::make_unique<Comparison>();
  comparison->expected = std::move(*stream);
  for (const NamedSpec &output : outputs)
    comparison->differences.push_back({output.name});
  return comparison;
}

llvm::Error Comparison::add(ArrayRef<Tensor> out) {
  llvm::Expected<bool> more = expected->next(wanted);
  if (!more)
    return more.takeError();
  for (auto [difference, got, want] :
       llvm::zip_equal(differences, out, wanted)) {
    size_t width = getByteWidth(got.getDType());
    for (int64_t i = 0, e = got.getNumElements(); i < e; ++i) {
      double a = got.getAsDouble(i), b = want.getAsDouble(i);
      bool equal =
          !std::memcmp(got.data() + i * width, want.data() + i * width, width);
      double delta = std::abs(a - b);
      difference.unordered |= !equal && std::isnan(delta);
      difference.maxAbs = std::max(difference.maxAbs, equal ? 0.0 : delta);
      difference.signal += b * b;
      difference.noise += delta * delta;
      difference.equal += equal;
      ++difference.count;
    }
  }
  return llvm::Error::success();
}

bool Comparison::print(llvm::raw_ostream &os, double tolerance) const {
  bool within = true;
  for (const Difference &difference : differences) {
    os << difference.name << ": max abs difference "
       << llvm::format("%.6g", difference.maxAbs) << ", SQNR ";
    if (difference.noise == 0)
      os << "inf";
    else
      os << llvm::format("%.2f",
                         10 * std::log10(difference.signal / difference.noise));
    os << " dB, " << difference.equal << " of " << difference.count
       << " elements equal";
    if (difference.unordered)
      os << ", NaN on one side";
    bool accepted = !difference.unordered && difference.maxAbs <= tolerance;
    // With no tolerance even -0 and +0 differ.
    if (tolerance == 0)
      accepted = difference.equal == difference.count;
    if (!accepted)
      os << " (beyond the tolerance of " << llvm::format("%g", tolerance)
         << ")";
    os << "\n";
    within &= accepted;
  }
  return within;
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<Evaluation>>
Evaluation::open(const RunOptions &options, ArrayRef<NamedSpec> outputs,
                 int64_t samples) {
  auto archive = ArrayArchive::open(options.inputs);
  if (!archive)
    return archive.takeError();
  const ArrayInfo *array = archive->find(options.labels);
  if (!array)
    return makeError("no array '" + options.labels + "' in '" + options.inputs +
                     "' to evaluate with");
  if (outputs.empty())
    return makeError("the model has no output to evaluate");
  int64_t each = options.metric == Metric::Top1
                     ? 1
                     : outputs.front().spec.getNumElements();
  if (array->spec.getNumElements() != samples * each)
    return makeError("labels '" + options.labels + "' have shape " +
                     stringifyShape(array->spec.shape) + ", expected " +
                     Twine(each) + " per sample for " + Twine(samples) +
                     " samples");
  auto evaluation = std::make_unique<Evaluation>();
  llvm::Expected<Tensor> labels = archive->load(*array);
  if (!labels)
    return labels.takeError();
  evaluation->labels = std::move(*labels);
  evaluation->metric = options.metric;
  return evaluation;
}

void Evaluation::add(ArrayRef<Tensor> out) {
  const Tensor &first = out.front();
  int64_t count = first.getNumElements();
  if (metric == Metric::Top1) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; ++i)
      if (first.getAsDouble(i) > first.getAsDouble(best))
        best = i;
    hits += static_cast<double>(best) == labels.getAsDouble(position);
  } else {
    for (int64_t i = 0; i < count; ++i) {
      double delta =
          first.getAsDouble(i) - labels.getAsDouble(position * count + i);
      squares += delta * delta;
    }
    elements += count;
  }
  ++position;
}

void Evaluation::print(llvm::raw_ostream &os) const {
  if (metric == Metric::Top1)
    os << "top1: "
       << llvm::format("%.4f", position ? double(hits) / position : 0.0) << " ("
       << hits << " of " << position << " samples)\n";
  else
    os << "mse: " << llvm::format("%.6g", elements ? squares / elements : 0.0)
       << " (" << position << " samples)\n";
}
