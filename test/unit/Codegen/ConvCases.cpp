//===- ConvCases.cpp - convolutions to try and what they must give --------===//
//
// Invariant: expected values come from qnt::num alone.
//
//===----------------------------------------------------------------------===//

#include "ConvCases.h"
#include "qnt/Numerics/Reference.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnt;
using namespace qnt_test;

namespace num = ::qnt::num;

std::string ConvCase::describe() const {
  return llvm::formatv(
      "{0} n{20} {1}x{2}x{3}->{4} k{5}x{6} s{7} d{8} pads {9},{10},{11},{12} "
      "rounding {13} zp {14}->{15} [{16},{17}] halo {18} gap {19}",
      depthwise ? "depthwise" : "conv", h, w, c, oc, kh, kw, stride, dilation,
      pads[0], pads[1], pads[2], pads[3], int(rounding), inputZp, outputZp, min,
      max, outputHalo, inputGap, images);
}

static num::Conv2DShape referenceShape(const ConvCase &c) {
  num::Conv2DShape shape;
  shape.n = c.images;
  shape.ih = c.h;
  shape.iw = c.w;
  shape.c = c.c;
  shape.kh = c.kh;
  shape.kw = c.kw;
  shape.strideH = shape.strideW = c.stride;
  shape.dilationH = shape.dilationW = c.dilation;
  shape.padTop = c.pads[0];
  shape.padBottom = c.pads[1];
  shape.padLeft = c.pads[2];
  shape.padRight = c.pads[3];
  shape.oc = c.oc;
  return shape;
}

static void fillSpec(ConvSpec &spec, const ConvCase &c,
                     const num::Conv2DShape &shape, std::mt19937 &random) {
  spec.depthwise = c.depthwise;
  spec.kh = c.kh;
  spec.kw = c.kw;
  spec.strideH = spec.strideW = c.stride;
  spec.dilationH = spec.dilationW = c.dilation;
  spec.padTop = c.pads[0];
  spec.padBottom = c.pads[1];
  spec.padLeft = c.pads[2];
  spec.padRight = c.pads[3];
  spec.inputZp = c.inputZp;
  spec.in = TensorLayout::dense({c.images, c.h, c.w, c.c});
  spec.in.padTop = c.pads[0];
  spec.in.padBottom = c.pads[1];
  spec.in.padLeft = c.pads[2];
  spec.in.padRight = c.pads[3];
  spec.in.finalize(c.c + c.inputGap);
  spec.out = TensorLayout::dense({c.images, shape.oh(), shape.ow(), c.oc});
  spec.out.padTop = spec.out.padBottom = spec.out.padLeft = spec.out.padRight =
      c.outputHalo;
  spec.out.finalize();
  RescaleSpec &r = spec.rescale;
  r.rounding = c.rounding;
  r.outputZp = c.outputZp;
  r.min = c.min;
  r.max = c.max;
  double depth = double(c.kh * c.kw * (c.depthwise ? 1 : c.c));
  double typical = c.multiplier != 0 ? c.multiplier
                                     : 60.0 / (74.0 * 74.0 * std::sqrt(depth));
  for (int64_t i = 0; i < (c.perTensor ? 1 : c.oc); ++i)
    r.multipliers.push_back(typical * (0.5 + double(random() % 1000) / 1000));
}

/// Calls f(buffer byte, dense index) for each interior element.
static void forEachElement(const TensorLayout &l,
                           function_ref<void(int64_t, int64_t)> f) {
  int64_t index = 0;
  for (int64_t n = 0; n < l.n; ++n)
    for (int64_t y = 0; y < l.h; ++y)
      for (int64_t x = 0; x < l.w; ++x)
        for (int64_t c = 0; c < l.c; ++c)
          f(l.interiorOffset + n * l.imagePitch + y * l.rowPitch +
                x * l.pixelPitch + c,
            index++);
}

static std::vector<int8_t> reference(const PreparedConv &p,
                                     const num::Conv2DShape &shape) {
  const RescaleSpec &r = p.spec.rescale;
  std::vector<int32_t> acc(p.spec.out.elements());
  if (p.spec.depthwise)
    num::depthwiseConv2d(p.input.data(), p.weights.data(), p.bias.data(),
                         acc.data(), shape, p.spec.inputZp);
  else
    num::conv2d(p.input.data(), p.weights.data(), p.bias.data(), acc.data(),
                shape, p.spec.inputZp);
  std::vector<num::RescaleParams> params;
  for (double m : r.multipliers)
    params.push_back({m, r.inputZp, r.outputZp, r.min, r.max,
                      static_cast<num::Rounding>(r.rounding)});
  std::vector<int8_t> out(acc.size());
  num::Dims dims = {p.spec.out.n, p.spec.out.h, p.spec.out.w, p.spec.out.c};
  num::rescaleTensor(acc.data(), out.data(), dims, params, 3);
  return out;
}

PreparedConv qnt_test::prepare(const ConvCase &c, const KernelTarget &target,
                               std::mt19937 &random) {
  PreparedConv p;
  num::Conv2DShape shape = referenceShape(c);
  fillSpec(p.spec, c, shape, random);
  int64_t depth = c.kh * c.kw * (c.depthwise ? 1 : c.c);
  for (int64_t i = 0; i < depth * c.oc; ++i)
    p.weights.push_back(int8_t(random() % 255) - 127);
  for (int64_t i = 0; i < c.oc; ++i)
    p.bias.push_back(int32_t(random() % 20001) - 10000);
  for (int64_t i = 0; i < p.spec.in.elements(); ++i)
    p.input.push_back(int8_t(random()));
  // Halo, gaps and slack: the zero point inside the halo, noise elsewhere.
  uint8_t flip = target.unsignedActivations ? 0x80 : 0;
  for (int64_t i = 0; i < p.spec.in.bytes; ++i)
    p.run.input.push_back(i < p.spec.in.bytes - kSlackBytes
                              ? uint8_t(c.inputZp) ^ flip
                              : uint8_t(random()));
  forEachElement(p.spec.in, [&](int64_t at, int64_t index) {
    p.run.input[at] = uint8_t(p.input[index]) ^ flip;
  });
  p.run.output.assign(p.spec.out.bytes, kUntouched);
  p.expected = p.run.output;
  std::vector<int8_t> out = reference(p, shape);
  forEachElement(p.spec.out, [&](int64_t at, int64_t index) {
    p.expected[at] = uint8_t(out[index]) ^ flip;
  });
  p.macs = double(p.spec.out.elements()) * double(depth);
  return p;
}

LogicalResult qnt_test::addCase(KernelModule &module, const PreparedConv &conv,
                                size_t index) {
  Location loc = module.getModule().getLoc();
  FailureOr<KernelCall> call =
      emitConv(module, loc, conv.spec, {conv.weights, conv.bias});
  if (failed(call))
    return failure();
  ImplicitLocOpBuilder b(loc,
                         OpBuilder::atBlockEnd(module.getModule().getBody()));
  Type in = module.bufferType(conv.spec.in);
  Type out = module.bufferType(conv.spec.out);
  auto function = func::FuncOp::create(b, ("case" + Twine(index)).str(),
                                       b.getFunctionType({in, out}, {}));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
  SmallVector<Value> operands = {body->getArgument(0)};
  for (memref::GlobalOp constant : call->constants)
    operands.push_back(memref::GetGlobalOp::create(b, constant.getType(),
                                                   constant.getSymName()));
  operands.push_back(body->getArgument(1));
  func::CallOp::create(b, call->kernel, operands);
  func::ReturnOp::create(b);
  return success();
}

KernelTarget qnt_test::kernelTarget(MLIRContext *context, const TestCpu &cpu) {
  return KernelTarget::get(
      CpuTargetAttr::get(context, cpu.triple, "", cpu.features));
}
