// Runs a compiled model on a stream of samples: the C side of
// utils/native_model.py, for the host and, under qemu, for other machines.
//
//   harness ARENA_BYTES ARENA_ALIGN ITERATIONS IN_BYTES[,..] OUT_BYTES[,..]
//
// Reads sample after sample from stdin (all inputs of a sample one after the
// other) until it ends, and writes the outputs to stdout in the same way. With
// ITERATIONS > 0 it reads one sample, runs it that often, and prints the
// nanoseconds of each run instead. Compile with -DMODEL_INIT=... and
// -DMODEL_RUN=..., the symbols named in model.json.
//
// Invariant: what the model reads and writes is exactly the bytes named; each
// buffer is its own allocation, so a sanitizer sees any access beyond it.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern int MODEL_INIT(int threads);
extern int MODEL_RUN(const void *const inputs[], void *const outputs[],
                     void *arena);

enum { MaxBuffers = 64 };

struct Buffers {
  size_t count;
  size_t bytes[MaxBuffers];
  void *data[MaxBuffers];
};

static void fail(const char *what, int code) {
  fprintf(stderr, "harness: %s: %s\n", what, strerror(code));
  exit(1);
}

static void *allocate(size_t bytes, size_t align) {
  void *data = NULL;
  // A multiple of the alignment, and never nothing.
  size_t rounded = (bytes / align + 1) * align;
  int error = posix_memalign(&data, align, rounded);
  if (error)
    fail("allocation", error);
  memset(data, 0, rounded);
  return data;
}

static void parse(const char *text, struct Buffers *buffers) {
  char *end = NULL;
  for (buffers->count = 0; *text; text = *end ? end + 1 : end) {
    if (buffers->count == MaxBuffers)
      fail("too many buffers", E2BIG);
    size_t bytes = strtoull(text, &end, 10);
    if (end == text)
      fail(text, EINVAL);
    buffers->bytes[buffers->count] = bytes;
    buffers->data[buffers->count++] = allocate(bytes, 64);
  }
}

// False at the end of the stream; a sample cut short is an error.
static int readSample(const struct Buffers *inputs) {
  for (size_t i = 0; i < inputs->count; ++i) {
    size_t got = fread(inputs->data[i], 1, inputs->bytes[i], stdin);
    if (got == 0 && i == 0)
      return 0;
    if (got != inputs->bytes[i])
      fail("sample cut short", EIO);
  }
  return 1;
}

static void runSample(const struct Buffers *inputs,
                      const struct Buffers *outputs, void *arena) {
  int error = MODEL_RUN((const void *const *)inputs->data,
                        (void *const *)outputs->data, arena);
  if (error)
    fail("run", error);
}

static void writeSample(const struct Buffers *outputs) {
  for (size_t i = 0; i < outputs->count; ++i)
    if (fwrite(outputs->data[i], 1, outputs->bytes[i], stdout) !=
        outputs->bytes[i])
      fail("write", EIO);
}

static long long nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
  static struct Buffers inputs, outputs;
  if (argc != 6)
    fail("expected 5 arguments", EINVAL);
  void *arena = allocate(strtoull(argv[1], NULL, 10),
                         strtoull(argv[2], NULL, 10));
  long iterations = strtol(argv[3], NULL, 10);
  parse(argv[4], &inputs);
  parse(argv[5], &outputs);
  int error = MODEL_INIT(1);
  if (error)
    fail("init", error);
  if (iterations == 0) {
    while (readSample(&inputs)) {
      runSample(&inputs, &outputs, arena);
      writeSample(&outputs);
    }
  } else {
    readSample(&inputs);
    for (long i = 0; i < iterations; ++i) {
      long long start = nanoseconds();
      runSample(&inputs, &outputs, arena);
      printf("%lld\n", nanoseconds() - start);
    }
  }
  if (fflush(stdout))
    fail("write", errno);
  return 0;
}
