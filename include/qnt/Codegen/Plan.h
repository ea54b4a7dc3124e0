//===- Plan.h - what runs when, and where tensors lie ----------*- C++ -*-===//
//
// The plan of one entry function: a straight line of steps over buffers. Built
// in three phases: handlers turn ops into steps (and say which halos they
// need), `resolve` fixes layouts, lifetimes and offsets, `emit*` writes code.
// Invariant: two buffers whose lifetimes overlap share no byte, unless a step
// that allows it writes its result over an operand that dies there.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_PLAN_H
#define QNT_CODEGEN_PLAN_H

#include "qnt/Codegen/Kernel.h"
#include "qnt/Codegen/Nest.h"
#include "llvm/ADT/SetVector.h"

#include <deque>
#include <functional>
#include <map>

namespace mlir::qnt {

/// The alignment of the arena and of every tensor in it.
inline constexpr int64_t kArenaAlign = 64;

/// A piece of memory that holds one tensor at a time.
struct Buffer {
  /// Part of the arena, the caller's input or output `index`, or a constant.
  enum class Place { Arena, Input, Output, Constant };
  Place place = Place::Arena;
  unsigned index = 0;
  Type element;
  /// The shape that the layout describes; other views of it are dense.
  SmallVector<int64_t> shape;
  /// For 8-bit elements; for others only `bytes` counts.
  TensorLayout layout;
  /// What the halo holds, in the signed domain.
  int32_t fill = 0;
  memref::GlobalOp constant;
  /// First and last step that touch it; offset in the arena.
  int64_t firstStep = -1, lastStep = -1;
  int64_t offset = -1;
  /// The buffer over which this one is written, if any.
  Buffer *host = nullptr;

  bool isByte() const { return element.isInteger(8); }
  int64_t bytes() const;
};

/// A tensor: a buffer seen with some shape.
struct View {
  Buffer *buffer = nullptr;
  SmallVector<int64_t> shape;
};

/// A halo around an input of a step.
struct HaloRequest {
  unsigned input = 0;
  int64_t padTop = 0, padBottom = 0, padLeft = 0, padRight = 0;
  /// Bytes per pixel, or 0 for as many as there are channels.
  int64_t pixelPitch = 0;
  int32_t fill = 0;
};

/// A call of one kernel, or of a function that is there already.
struct Step {
  Step(Location loc, SmallVector<View> inputs, SmallVector<View> outputs)
      : loc(loc), inputs(std::move(inputs)), outputs(std::move(outputs)) {}

  Location loc;
  SmallVector<View> inputs;
  SmallVector<View> outputs;
  /// The output may be written over inputs of the same layout.
  bool inPlace = false;
  /// Every operand may be seen with another shape of the same size.
  bool shapeless = false;
  std::vector<HaloRequest> halos;
  using Emit =
      std::function<FailureOr<KernelCall>(KernelModule &, const Step &)>;
  Emit emit;
};

/// What the memory plan came to.
struct PlanSize {
  int64_t arenaBytes = 0;
  /// Most bytes alive at once: no plan can do with less.
  int64_t lowerBound = 0;
};

class Plan {
public:
  Plan(func::FuncOp entry, KernelModule &kernels);

  KernelModule &getKernels() { return kernels; }
  const KernelTarget &getTarget() const { return kernels.getTarget(); }
  func::FuncOp getEntry() const { return entry; }

  //===--------------------------------------------------------------------===//
  // For handlers
  //===--------------------------------------------------------------------===//

  /// The view of a value that a step made or that is an argument or constant.
  FailureOr<View> lookup(Value value, Operation *user);
  /// A new buffer for a value; the caller's memory where the entry returns it.
  View define(Value value);
  /// A new buffer that is no value of the source.
  View allocate(Type element, ArrayRef<int64_t> shape);
  /// Lets `result` be `source` seen with another shape.
  void alias(Value result, const View &source);
  /// Makes the value of `from` (fused into its only user) need no step.
  void absorb(Operation *op) { absorbed.insert(op); }
  bool isAbsorbed(Operation *op) const { return absorbed.contains(op); }

  void addStep(Step step) { steps.push_back(std::move(step)); }
  /// A step that copies `from` to `to`, bytes xor `flip`.
  void addCopy(Location loc, const View &from, const View &to,
               int32_t flip = 0);
  void addMacs(int64_t count) { macs += count; }

  //===--------------------------------------------------------------------===//
  // For emission
  //===--------------------------------------------------------------------===//

  /// The steps that bring integer arguments in, and results out.
  LogicalResult bringIn();
  LogicalResult bringOut();
  /// Fixes layouts, lifetimes and offsets.
  PlanSize resolve();
  ArrayRef<Step> getSteps() const { return steps; }
  int64_t getMacs() const { return macs; }

private:
  void resolveHalos();
  bool grantHalo(Step &step, const HaloRequest &request);
  bool reshapeUsers(Buffer &buffer, ArrayRef<int64_t> shape);
  static Step copyStep(Location loc, const View &from, const View &to,
                       int32_t flip);
  Step makeHaloCopy(Step &user, const HaloRequest &request);
  void insertFills();
  void computeLifetimes();
  void shareInPlace();
  PlanSize placeBuffers();
  Buffer &newBuffer(Type element, ArrayRef<int64_t> shape);
  LogicalResult copyOut(Value value, unsigned index, Operation *terminator);

  func::FuncOp entry;
  KernelModule &kernels;
  std::deque<Buffer> buffers;
  std::vector<Step> steps;
  llvm::MapVector<Value, View> values;
  llvm::SetVector<Operation *> absorbed;
  int64_t macs = 0;
};

/// The element type that memory has for a tensor's: unsigned bytes are bytes
/// whose signed value is 128 less.
Type memoryType(Type element);
/// What is added to the signed value of stored bytes in a tensor of `type`.
int32_t signedShift(Type type);

/// The layout of a view: the buffer's own, or a dense one.
TensorLayout layoutOf(const View &view);
/// Offset and strides of a view, one stride per dimension of its shape.
Access accessOf(const View &view);
/// The memref type of a whole buffer as kernels see it.
MemRefType bufferTypeOf(const Buffer &buffer);

/// The elements of a constant value, whatever op or attribute holds it; null
/// for other values.
DenseElementsAttr constantOf(Value value);

/// Turns an op into steps; reports why it can't.
using StepHandler = LogicalResult (*)(Plan &, Operation *);
using StepHandlers = std::map<StringRef, StepHandler>;

/// The handlers of all ops that a kernel computes.
StepHandlers allHandlers();

/// The handlers of all ops that can be emitted, by op name.
void populateBoundarySteps(StepHandlers &handlers);
void populateElementwiseSteps(StepHandlers &handlers);
void populateContractionSteps(StepHandlers &handlers);
void populatePoolSteps(StepHandlers &handlers);
void populateLayoutSteps(StepHandlers &handlers);
void populateReductionSteps(StepHandlers &handlers);
void populateLitertSteps(StepHandlers &handlers);
void populateResizeSteps(StepHandlers &handlers);
void populateCallSteps(StepHandlers &handlers);

/// A kernel that moves elements: output = input ^ flip, broadcast by strides.
FailureOr<KernelCall> emitCopy(KernelModule &module, Location loc,
                               ArrayRef<int64_t> dims, const Buffer &from,
                               const Access &fromAccess, const Buffer &to,
                               const Access &toAccess, int32_t flip = 0);
/// A kernel that sets the halo of a layout to `value`.
FailureOr<KernelCall> emitHaloFill(KernelModule &module, Location loc,
                                   const Buffer &buffer, int32_t value);

} // namespace mlir::qnt

#endif // QNT_CODEGEN_PLAN_H
