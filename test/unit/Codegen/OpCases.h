//===- OpCases.h - one op with data and expected bytes ---------*- C++ -*-===//
//
// Random ops other than convolutions, as MLIR text, with what the reference
// kernels of qnt::num make of their operands.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TEST_UNIT_CODEGEN_OPCASES_H
#define QNT_TEST_UNIT_CODEGEN_OPCASES_H

#include "KernelRunner.h"
#include "qnt/Numerics/Reference.h"

#include <random>

namespace qnt_test {

/// A tensor argument or result of a case: its type and its bytes.
struct OpTensor {
  std::vector<int64_t> shape;
  std::string element;
  Bytes bytes;

  std::string type() const;
  const int8_t *data() const {
    return reinterpret_cast<const int8_t *>(bytes.data());
  }
  int8_t *data() { return reinterpret_cast<int8_t *>(bytes.data()); }

  /// A tensor of i8, all zeros.
  static OpTensor zeros(std::vector<int64_t> shape);
};

/// The numbers with `separator` between them.
std::string joinNumbers(const std::vector<int64_t> &values,
                        llvm::StringRef separator);

/// Some ops that read %c<N>_<i> (operand i of case N) and define %r<N>.
struct OpCase {
  std::string text;
  std::vector<OpTensor> inputs;
  OpTensor output;
};

/// Makes cases; everything it draws comes from the seed.
class OpMaker {
public:
  explicit OpMaker(unsigned seed) : random(seed) {}

  /// `kind` is one of `kinds()`; `index` names the case in its text.
  OpCase make(llvm::StringRef kind, unsigned index);
  static llvm::ArrayRef<llvm::StringRef> kinds();

private:
  using Shape = std::vector<int64_t>;
  int64_t draw(int64_t low, int64_t high);
  float drawScale();
  qnt::num::Rounding drawRounding();
  qnt::num::QuantParams drawParams();
  qnt::num::StorageRange drawRange();
  OpTensor bytes(Shape shape);
  Shape shape(unsigned rank, int64_t most);
  std::string operand(unsigned i) const;
  std::string result() const;

  OpCase makeToInt();
  OpCase makeToFloat();
  OpCase makeBinary(llvm::StringRef op);
  OpCase makeTable();
  OpCase makeRescale();
  OpCase makeSoftmax();
  OpCase makeMaxPool();
  OpCase makeSumPool();
  OpCase makeTranspose();
  OpCase makeConcat();
  OpCase makePad();
  OpCase makeReduceSum();
  OpCase makeMatMul();

  std::mt19937 random;
  unsigned index = 0;
};

} // namespace qnt_test

#endif // QNT_TEST_UNIT_CODEGEN_OPCASES_H
