//===- OpMoveCases.cpp - ops that move stored values ----------------------===//
//
// Transposes, concatenations and pads of random shapes. Their results hold the
// operand's bytes, so zero points and rounding play no part.
//
//===----------------------------------------------------------------------===//

#include "OpCases.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace qnt_test;
using namespace qnt::num;
using llvm::formatv;

OpCase OpMaker::makeTranspose() {
  Shape dims = shape(unsigned(draw(2, 5)), 6), outDims;
  std::vector<unsigned> perm(dims.size());
  for (size_t i = 0; i < perm.size(); ++i)
    perm[i] = unsigned(i);
  std::shuffle(perm.begin(), perm.end(), random);
  for (unsigned dim : perm)
    outDims.push_back(dims[dim]);
  OpCase c;
  c.inputs = {bytes(dims)};
  c.output = OpTensor::zeros(outDims);
  transpose(c.inputs[0].data(), c.output.data(), dims, perm);
  c.text = formatv(
      "{0} = tosa.transpose {1} {{perms = array<i32: {2}>} : ({3}) "
      "-> {4}\n",
      result(), operand(0), joinNumbers({perm.begin(), perm.end()}, ", "),
      c.inputs[0].type(), c.output.type());
  return c;
}

OpCase OpMaker::makeConcat() {
  Shape dims = shape(unsigned(draw(1, 4)), 8), outDims = dims;
  unsigned axis = unsigned(draw(0, int64_t(dims.size()) - 1));
  OpCase c;
  std::vector<int64_t> extents;
  std::vector<std::string> operands, types;
  outDims[axis] = 0;
  for (int64_t i = 0, e = draw(1, 4); i < e; ++i) {
    Shape one = dims;
    one[axis] = draw(1, 40);
    extents.push_back(one[axis]);
    outDims[axis] += one[axis];
    c.inputs.push_back(bytes(one));
    operands.push_back(operand(unsigned(i)));
    types.push_back(c.inputs.back().type());
  }
  std::vector<const int8_t *> pointers;
  for (const OpTensor &input : c.inputs)
    pointers.push_back(input.data());
  c.output = OpTensor::zeros(outDims);
  concat(pointers, extents, dims, axis, c.output.data(),
         std::vector<RescaleParams>(c.inputs.size()));
  c.text = formatv("{0} = tosa.concat {1} {{axis = {2} : i32} : ({3}) -> {4}\n",
                   result(), llvm::join(operands, ", "), axis,
                   llvm::join(types, ", "), c.output.type());
  return c;
}

OpCase OpMaker::makePad() {
  Shape dims = shape(unsigned(draw(1, 4)), 9), low, high, both, outDims = dims;
  for (int64_t &dim : outDims) {
    low.push_back(draw(0, 3));
    high.push_back(draw(0, 3));
    both.insert(both.end(), {low.back(), high.back()});
    dim += low.back() + high.back();
  }
  int64_t value = draw(-128, 127);
  OpCase c;
  c.inputs = {bytes(dims)};
  c.output = OpTensor::zeros(outDims);
  pad(c.inputs[0].data(), c.output.data(), dims, low, high, int8_t(value));
  c.text = formatv(
      "%p{0} = tosa.const_shape {{values = dense<[{1}]> : tensor<{2}xindex>} : "
      "() -> !tosa.shape<{2}>\n%v{0} = \"tosa.const\"() {{values = dense<{3}> "
      ": tensor<1xi8>} : () -> tensor<1xi8>\n{4} = tosa.pad {5}, %p{0}, %v{0} "
      ": ({6}, !tosa.shape<{2}>, tensor<1xi8>) -> {7}\n",
      index, joinNumbers(both, ", "), both.size(), value, result(), operand(0),
      c.inputs[0].type(), c.output.type());
  return c;
}
