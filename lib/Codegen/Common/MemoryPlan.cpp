//===- MemoryPlan.cpp - halos, lifetimes, offsets -------------------------===//
//
// Fixes where buffers lie once all steps are known. A halo is granted only if
// every step sees the buffer with the shape that the halo surrounds; else the
// step that wants it reads a copy. Placement is greedy: large buffers first,
// each into the smallest gap that fits; then the order is improved by swaps.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Plan.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnt;

static SmallVector<View *> viewsOf(Step &step) {
  SmallVector<View *> views;
  for (View &view : step.inputs)
    views.push_back(&view);
  for (View &view : step.outputs)
    views.push_back(&view);
  return views;
}

static bool isPlain(const Buffer &buffer) {
  return !buffer.layout.hasHalo() && buffer.layout.isContiguous();
}

/// True if `step` can see its operands, `buffer` among them, with `shape`.
static bool canReshape(Step &step, Buffer &buffer) {
  return step.shapeless && llvm::all_of(viewsOf(step), [&](View *view) {
           return view->buffer == &buffer || isPlain(*view->buffer);
         });
}

/// Makes every step see `buffer` with `shape`; false if one can't.
bool Plan::reshapeUsers(Buffer &buffer, ArrayRef<int64_t> shape) {
  SmallVector<Step *> reshaped;
  for (Step &step : steps)
    for (View *view : viewsOf(step)) {
      if (view->buffer != &buffer || ArrayRef(view->shape) == shape)
        continue;
      if (!canReshape(step, buffer))
        return false;
      reshaped.push_back(&step);
    }
  for (Step *step : reshaped)
    for (View *view : viewsOf(*step))
      view->shape.assign(shape.begin(), shape.end());
  buffer.shape.assign(shape.begin(), shape.end());
  return true;
}

bool Plan::grantHalo(Step &step, const HaloRequest &request) {
  const View &view = step.inputs[request.input];
  Buffer &buffer = *view.buffer;
  if (!buffer.isByte() || buffer.place != Buffer::Place::Arena)
    return false;
  bool wanted = request.padTop || request.padBottom || request.padLeft ||
                request.padRight || request.pixelPitch > view.shape.back();
  if (!wanted && view.shape != buffer.shape)
    return isPlain(buffer); // A dense view of a dense buffer has its slack.
  if (isPlain(buffer)) {
    if (wanted && !reshapeUsers(buffer, view.shape))
      return false;
    buffer.fill = request.fill;
  } else if (buffer.shape != view.shape || buffer.fill != request.fill) {
    return false;
  }
  TensorLayout layout = TensorLayout::dense(view.shape);
  const TensorLayout &old = buffer.layout;
  layout.padTop = std::max(old.padTop, request.padTop);
  layout.padBottom = std::max(old.padBottom, request.padBottom);
  layout.padLeft = std::max(old.padLeft, request.padLeft);
  layout.padRight = std::max(old.padRight, request.padRight);
  layout.finalize(
      std::max(isPlain(buffer) ? 0 : old.pixelPitch, request.pixelPitch));
  buffer.layout = layout;
  return true;
}

/// A step that copies the input of `user` into a buffer that gets the halo.
Step Plan::makeHaloCopy(Step &user, const HaloRequest &request) {
  View &input = user.inputs[request.input];
  View copy = allocate(input.buffer->element, input.shape);
  TensorLayout &layout = copy.buffer->layout;
  layout.padTop = request.padTop;
  layout.padBottom = request.padBottom;
  layout.padLeft = request.padLeft;
  layout.padRight = request.padRight;
  layout.finalize(request.pixelPitch);
  copy.buffer->fill = request.fill;
  Step step = copyStep(user.loc, input, copy, 0);
  input = copy;
  return step;
}

void Plan::resolveHalos() {
  std::vector<Step> resolved;
  SmallVector<std::pair<size_t, HaloRequest>> refused;
  for (auto [index, step] : llvm::enumerate(steps))
    for (const HaloRequest &request : step.halos)
      if (!grantHalo(step, request))
        refused.push_back({index, request});
  auto next = refused.begin();
  for (auto [index, step] : llvm::enumerate(steps)) {
    for (; next != refused.end() && next->first == index; ++next)
      resolved.push_back(makeHaloCopy(step, next->second));
    resolved.push_back(std::move(step));
  }
  steps = std::move(resolved);
}

/// Before the first step that touches a buffer with a halo, its halo is set:
/// the arena holds nothing from one run to the next.
void Plan::insertFills() {
  std::vector<Step> resolved;
  llvm::SmallPtrSet<Buffer *, 8> filled;
  for (Step &step : steps) {
    for (View &output : step.outputs) {
      Buffer *buffer = output.buffer;
      if (!buffer->isByte() || !buffer->layout.hasHalo() ||
          !filled.insert(buffer).second)
        continue;
      Step fill{step.loc, {}, {output}};
      fill.emit = [](KernelModule &kernels, const Step &step) {
        Buffer &buffer = *step.outputs[0].buffer;
        return emitHaloFill(kernels, step.loc, buffer, buffer.fill);
      };
      resolved.push_back(std::move(fill));
    }
    resolved.push_back(std::move(step));
  }
  steps = std::move(resolved);
}

void Plan::computeLifetimes() {
  for (auto [index, step] : llvm::enumerate(steps))
    for (View *view : viewsOf(step)) {
      if (view->buffer->firstStep < 0)
        view->buffer->firstStep = index;
      view->buffer->lastStep = index;
    }
}

/// Lets results lie where a dying operand of the same layout lies.
void Plan::shareInPlace() {
  for (auto [index, step] : llvm::enumerate(steps)) {
    if (!step.inPlace || step.outputs.size() != 1)
      continue;
    View &output = step.outputs[0];
    Buffer *result = output.buffer;
    if (result->place != Buffer::Place::Arena || result->host)
      continue;
    for (View &input : step.inputs) {
      Buffer *operand = input.buffer;
      if (operand->place != Buffer::Place::Arena || operand == result ||
          operand->lastStep != static_cast<int64_t>(index) ||
          operand->element != result->element || input.shape != output.shape ||
          accessOf(input).key() != accessOf(output).key() ||
          operand->bytes() != result->bytes())
        continue;
      Buffer *host = operand->host ? operand->host : operand;
      result->host = host;
      host->lastStep = std::max(host->lastStep, result->lastStep);
      break;
    }
  }
}

static bool overlaps(const Buffer &a, const Buffer &b) {
  return a.firstStep <= b.lastStep && b.firstStep <= a.lastStep;
}

static int64_t sizeInArena(const Buffer &buffer) {
  return llvm::alignTo(buffer.bytes(), kArenaAlign);
}

/// The start of the smallest gap of at least `size` bytes between the buffers
/// `taken` (by offset), or the end of them all.
static int64_t bestFit(ArrayRef<Buffer *> taken, int64_t size) {
  int64_t end = 0, best = -1, bestGap = INT64_MAX;
  for (Buffer *other : taken) {
    int64_t gap = other->offset - end;
    if (gap >= size && gap < bestGap) {
      best = end;
      bestGap = gap;
    }
    end = std::max(end, other->offset + sizeInArena(*other));
  }
  return best >= 0 ? best : end;
}

/// Places the buffers in the given order; returns the bytes they take.
static int64_t placeInOrder(ArrayRef<Buffer *> order) {
  int64_t bytes = 0;
  SmallVector<Buffer *> placed;
  for (Buffer *buffer : order) {
    SmallVector<Buffer *> taken;
    llvm::copy_if(placed, std::back_inserter(taken),
                  [&](Buffer *other) { return overlaps(*buffer, *other); });
    buffer->offset = bestFit(taken, sizeInArena(*buffer));
    bytes = std::max(bytes, buffer->offset + sizeInArena(*buffer));
    auto at = llvm::upper_bound(placed, buffer, [](Buffer *a, Buffer *b) {
      return a->offset < b->offset;
    });
    placed.insert(at, buffer);
  }
  return bytes;
}

/// Swaps pairs of the order while that does not make the plan larger, until it
/// is as small as any plan can be. Always the same swaps, so always the same
/// plan.
static int64_t improveOrder(SmallVectorImpl<Buffer *> &order,
                            int64_t lowerBound) {
  constexpr unsigned tries = 1000;
  int64_t best = placeInOrder(order);
  uint32_t state = 1;
  auto draw = [&] {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % order.size();
  };
  for (unsigned i = 0; i < tries && best > lowerBound; ++i) {
    size_t a = draw(), b = draw();
    std::swap(order[a], order[b]);
    int64_t bytes = placeInOrder(order);
    if (bytes <= best)
      best = bytes;
    else
      std::swap(order[a], order[b]);
  }
  return placeInOrder(order);
}

/// Most bytes alive at once.
static int64_t mostAlive(ArrayRef<Buffer *> buffers, int64_t numSteps) {
  int64_t most = 0;
  for (int64_t step = 0; step < numSteps; ++step) {
    int64_t live = 0;
    for (Buffer *buffer : buffers)
      if (buffer->firstStep <= step && step <= buffer->lastStep)
        live += sizeInArena(*buffer);
    most = std::max(most, live);
  }
  return most;
}

PlanSize Plan::placeBuffers() {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    if (buffer.place == Buffer::Place::Arena && buffer.firstStep >= 0 &&
        !buffer.host)
      order.push_back(&buffer);
  llvm::sort(order, [](Buffer *a, Buffer *b) {
    return std::make_pair(-sizeInArena(*a), a->firstStep) <
           std::make_pair(-sizeInArena(*b), b->firstStep);
  });
  PlanSize size;
  size.lowerBound = mostAlive(order, static_cast<int64_t>(steps.size()));
  size.arenaBytes = improveOrder(order, size.lowerBound);
  for (Buffer &buffer : buffers)
    if (buffer.host)
      buffer.offset = buffer.host->offset;
  return size;
}

PlanSize Plan::resolve() {
  resolveHalos();
  insertFills();
  computeLifetimes();
  shareInPlace();
  return placeBuffers();
}
