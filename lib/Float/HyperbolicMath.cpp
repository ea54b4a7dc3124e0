//===- HyperbolicMath.cpp - functions made of exp, log, sin and cos -------===//
//
// Rewrites tan, the hyperbolic functions and their inverses on f32 into
// functions that upstream has polynomials for, by formulas that neither cancel
// near zero nor overflow before the function does.
//
//===----------------------------------------------------------------------===//

#include "HyperbolicMath.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// Formulas on f32 values or vectors.
class Formula {
public:
  Formula(OpBuilder &builder, Location loc, Type type)
      : b(loc, builder), type(type) {}

  Value number(double value) {
    Attribute attr = b.getF32FloatAttr(static_cast<float>(value));
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, attr);
    return arith::ConstantOp::create(b, cast<TypedAttr>(attr));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  template <typename OpTy> Value apply(Value x) { return OpTy::create(b, x); }
  Value abs(Value x) { return apply<math::AbsFOp>(x); }
  /// `yes` where x > limit, else `no`.
  Value above(Value x, double limit, Value yes, Value no) {
    Value condition =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, number(limit));
    return arith::SelectOp::create(b, condition, yes, no);
  }
  Value withSign(Value magnitude, Value x) {
    return math::CopySignOp::create(b, magnitude, x);
  }

private:
  ImplicitLocOpBuilder b;
  Type type;
};
} // namespace

static constexpr double kLn2 = 0.69314718055994530942;
/// Above it, x * x + 1 is x * x in f32.
static constexpr double kLarge = 1e8;

static Value expandTan(Formula &f, Value x) {
  return f.div(f.apply<math::SinOp>(x), f.apply<math::CosOp>(x));
}

/// exp(|x|) / 2, finite as long as sinh and cosh are.
static Value halfExp(Formula &f, Value x) {
  return f.apply<math::ExpOp>(f.sub(f.abs(x), f.number(kLn2)));
}

/// (e + e / (e + 1)) / 2 with e = exp(|x|) - 1, and the sign of x.
static Value expandSinh(Formula &f, Value x) {
  Value e = f.apply<math::ExpM1Op>(f.abs(x));
  Value small = f.mul(f.add(e, f.div(e, f.add(e, f.number(1)))), f.number(0.5));
  return f.withSign(f.above(f.abs(x), 9, halfExp(f, x), small), x);
}

static Value expandCosh(Formula &f, Value x) {
  Value half = halfExp(f, x);
  return f.add(half, f.div(f.number(0.25), half));
}

/// log(1 + a + a^2 / (1 + sqrt(a^2 + 1))) with a = |x|, and the sign of x.
static Value expandAsinh(Formula &f, Value x) {
  Value a = f.abs(x), one = f.number(1);
  Value square = f.mul(a, a);
  Value root = f.apply<math::SqrtOp>(f.add(square, one));
  Value small =
      f.apply<math::Log1pOp>(f.add(a, f.div(square, f.add(one, root))));
  Value large = f.add(f.apply<math::LogOp>(a), f.number(kLn2));
  return f.withSign(f.above(a, kLarge, large, small), x);
}

/// log(1 + t + sqrt(t * (t + 2))) with t = x - 1.
static Value expandAcosh(Formula &f, Value x) {
  Value t = f.sub(x, f.number(1));
  Value root = f.apply<math::SqrtOp>(f.mul(t, f.add(t, f.number(2))));
  Value small = f.apply<math::Log1pOp>(f.add(t, root));
  Value large = f.add(f.apply<math::LogOp>(x), f.number(kLn2));
  return f.above(x, kLarge, large, small);
}

/// log(1 + 2 * a / (1 - a)) / 2 with a = |x|, and the sign of x.
static Value expandAtanh(Formula &f, Value x) {
  Value a = f.abs(x);
  Value ratio = f.div(f.mul(a, f.number(2)), f.sub(f.number(1), a));
  Value half = f.mul(f.apply<math::Log1pOp>(ratio), f.number(0.5));
  return f.withSign(half, x);
}

using ExpandFn = Value (*)(Formula &, Value);

namespace {
template <typename OpTy, ExpandFn expand>
struct ExpandFunction : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "the elements are not f32");
    Formula formula(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, expand(formula, op.getOperand()));
    return success();
  }
};
} // namespace

void mlir::qnt::populateHyperbolicPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandFunction<math::TanOp, expandTan>,
               ExpandFunction<math::SinhOp, expandSinh>,
               ExpandFunction<math::CoshOp, expandCosh>,
               ExpandFunction<math::AsinhOp, expandAsinh>,
               ExpandFunction<math::AcoshOp, expandAcosh>,
               ExpandFunction<math::AtanhOp, expandAtanh>>(
      patterns.getContext());
}
