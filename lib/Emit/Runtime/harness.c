/* The main program of an emitted executable: runs the model on .npy files.
 *
 *   model [-o OUT.npy]... [--benchmark=RUNS] IN.npy...
 *
 * One file per input, in the order of the contract; each holds one sample or,
 * with one more axis in front (or in place of a leading 1), many. One -o per
 * output, in order; without -o the outputs are printed, one line per sample
 * and output. --benchmark runs the first sample RUNS times and prints the
 * nanoseconds of each run. Ends with 0, or 1 and a message.
 *
 * Samples are streamed: memory does not grow with their number. `qntModel` is
 * generated beside this file from the contract.
 */

#define _POSIX_C_SOURCE 200809L

#include "contract.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct Stream {
  const struct QntTensor *tensor;
  const char *path;
  FILE *file;
  void *data;
};

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("error: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static void *allocate(size_t bytes, size_t align) {
  void *data = NULL;
  if (align < sizeof(void *))
    align = sizeof(void *);
  /* A multiple of the alignment, and never nothing. */
  if (posix_memalign(&data, align, (bytes / align + 1) * align))
    fail("out of memory: %lu bytes", (unsigned long)bytes);
  return data;
}

/* The header of a .npy file as text; the caller frees it. */
static char *readHeader(struct Stream *in) {
  unsigned char start[12];
  size_t length, wide;
  char *text;
  in->file = fopen(in->path, "rb");
  if (!in->file)
    fail("cannot open '%s': %s", in->path, strerror(errno));
  if (fread(start, 1, 10, in->file) != 10 || memcmp(start, "\x93NUMPY", 6))
    fail("'%s' is not a .npy file", in->path);
  length = start[8] | (size_t)start[9] << 8;
  wide = start[6] > 1;
  if (wide) {
    if (fread(start + 10, 1, 2, in->file) != 2)
      fail("'%s' is cut short", in->path);
    length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
  }
  if (length > 65536)
    fail("'%s' has a header of %lu bytes", in->path, (unsigned long)length);
  text = allocate(length + 1, 1);
  if (fread(text, 1, length, in->file) != length)
    fail("'%s' is cut short", in->path);
  text[length] = 0;
  return text;
}

static const char *findValue(const struct Stream *in, const char *header,
                             const char *key) {
  const char *at = strstr(header, key);
  if (!at || !(at = strchr(at + strlen(key), ':')))
    fail("'%s' has a header without %s", in->path, key);
  for (++at; *at == ' '; ++at)
    ;
  return at;
}

/* The shape in the header; returns its rank. */
static size_t parseShape(const struct Stream *in, const char *header,
                         long long *shape, size_t limit) {
  const char *at = findValue(in, header, "'shape'");
  size_t rank = 0;
  if (*at++ != '(')
    fail("'%s' has a malformed shape", in->path);
  while (*at && *at != ')') {
    char *end = NULL;
    if (*at == ',' || *at == ' ') {
      ++at;
      continue;
    }
    if (rank == limit)
      fail("'%s' has more than %lu axes", in->path, (unsigned long)limit);
    shape[rank] = strtoll(at, &end, 10);
    if (end == at || shape[rank] < 0)
      fail("'%s' has a malformed shape", in->path);
    ++rank;
    at = end;
  }
  return rank;
}

static int sameShape(const long long *a, const long long *b, size_t rank) {
  return rank == 0 || memcmp(a, b, rank * sizeof *a) == 0;
}

/* Opens an input and returns its number of samples. */
static long long openInput(struct Stream *in) {
  const struct QntTensor *tensor = in->tensor;
  char *header = readHeader(in);
  const char *descr = findValue(in, header, "'descr'");
  size_t length = strlen(tensor->descr);
  long long shape[32];
  size_t rank;
  if (*descr != '\'' || strncmp(descr + 1, tensor->descr, length) ||
      descr[1 + length] != '\'')
    fail("'%s' has the wrong type for input '%s', expected %s (%s)", in->path,
         tensor->name, tensor->dtype, tensor->descr);
  if (strncmp(findValue(in, header, "'fortran_order'"), "False", 5))
    fail("'%s' is in Fortran order; save it in C order", in->path);
  rank = parseShape(in, header, shape, 32);
  free(header);
  if (rank == tensor->rank && sameShape(shape, tensor->shape, rank))
    return 1;
  if (rank == tensor->rank + 1 &&
      sameShape(shape + 1, tensor->shape, tensor->rank))
    return shape[0];
  if (rank && rank == tensor->rank && tensor->shape[0] == 1 &&
      sameShape(shape + 1, tensor->shape + 1, rank - 1))
    return shape[0];
  fail("'%s' has the wrong shape for input '%s'", in->path, tensor->name);
  return 0;
}

static int readSample(struct Stream *in) {
  return fread(in->data, 1, in->tensor->bytes, in->file) == in->tensor->bytes;
}

/* Writes a .npy header for `samples` samples. */
static void openOutput(struct Stream *out, long long samples) {
  const struct QntTensor *tensor = out->tensor;
  char text[1024];
  size_t length, padded, i, skip = tensor->rank && tensor->shape[0] == 1;
  out->file = fopen(out->path, "wb");
  if (!out->file)
    fail("cannot write '%s': %s", out->path, strerror(errno));
  length = (size_t)snprintf(
      text, sizeof text,
      "{'descr': '%s', 'fortran_order': False, 'shape': (%lld,", tensor->descr,
      samples);
  for (i = skip; i < tensor->rank; ++i)
    length += (size_t)snprintf(text + length, sizeof text - length, " %lld,",
                               tensor->shape[i]);
  length += (size_t)snprintf(text + length, sizeof text - length, "), }");
  padded = (10 + length + 1 + 63) / 64 * 64 - 10;
  fwrite("\x93NUMPY\x01\x00", 1, 8, out->file);
  fputc((int)(padded & 255), out->file);
  fputc((int)(padded >> 8), out->file);
  fprintf(out->file, "%-*s\n", (int)padded - 1, text);
}

static void printElement(const struct QntTensor *tensor, const void *data,
                         size_t i) {
  switch (tensor->kind) {
  case 'f':
    if (tensor->bytes / tensor->elements == 8)
      printf(" %.17g", ((const double *)data)[i]);
    else
      printf(" %.9g", (double)((const float *)data)[i]);
    return;
  case 'u':
    switch (tensor->bytes / tensor->elements) {
    case 1:
      printf(" %u", ((const uint8_t *)data)[i]);
      return;
    case 2:
      printf(" %u", ((const uint16_t *)data)[i]);
      return;
    case 4:
      printf(" %lu", (unsigned long)((const uint32_t *)data)[i]);
      return;
    default:
      printf(" %llu", (unsigned long long)((const uint64_t *)data)[i]);
    }
    return;
  default:
    switch (tensor->bytes / tensor->elements) {
    case 1:
      printf(" %d", ((const int8_t *)data)[i]);
      return;
    case 2:
      printf(" %d", ((const int16_t *)data)[i]);
      return;
    case 4:
      printf(" %ld", (long)((const int32_t *)data)[i]);
      return;
    default:
      printf(" %lld", (long long)((const int64_t *)data)[i]);
    }
  }
}

static void writeSample(struct Stream *out) {
  const struct QntTensor *tensor = out->tensor;
  size_t i;
  if (!out->path) {
    printf("%s:", tensor->name);
    for (i = 0; i < tensor->elements; ++i)
      printElement(tensor, out->data, i);
    putchar('\n');
  } else if (fwrite(out->data, 1, tensor->bytes, out->file) != tensor->bytes) {
    fail("cannot write '%s': %s", out->path, strerror(errno));
  }
}

static long long nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct Stream inputs[QNT_INPUTS + 1], outputs[QNT_OUTPUTS + 1];
static const void *inputData[QNT_INPUTS + 1];
static void *outputData[QNT_OUTPUTS + 1];

static void runModel(void *arena) {
  int error = QNT_RUN(inputData, outputData, arena);
  if (error)
    fail("the model failed: %s", strerror(error));
}

static void benchmark(long runs, void *arena) {
  long i;
  for (i = 0; i < runs; ++i) {
    long long start = nanoseconds();
    runModel(arena);
    printf("%lld\n", nanoseconds() - start);
  }
}

static void readSamples(long long sample) {
  size_t i;
  for (i = 0; i < QNT_INPUTS; ++i)
    if (!readSample(&inputs[i]))
      fail("'%s' ends within sample %lld", inputs[i].path, sample);
}

static void runAll(long long samples, void *arena) {
  long long sample;
  size_t i;
  for (i = 0; i < QNT_OUTPUTS; ++i)
    if (outputs[i].path)
      openOutput(&outputs[i], samples);
  for (sample = 0; sample < samples; ++sample) {
    readSamples(sample);
    runModel(arena);
    for (i = 0; i < QNT_OUTPUTS; ++i)
      writeSample(&outputs[i]);
  }
  for (i = 0; i < QNT_OUTPUTS; ++i)
    if (outputs[i].path && fclose(outputs[i].file))
      fail("cannot write '%s': %s", outputs[i].path, strerror(errno));
}

static void usage(void) {
  size_t i;
  puts("usage: model [-o OUT.npy]... [--benchmark=RUNS] IN.npy...");
  for (i = 0; i < QNT_INPUTS; ++i)
    printf("  input %lu: '%s', %s\n", (unsigned long)i, qntInputs[i].name,
           qntInputs[i].dtype);
  for (i = 0; i < QNT_OUTPUTS; ++i)
    printf("  output %lu: '%s', %s\n", (unsigned long)i, qntOutputs[i].name,
           qntOutputs[i].dtype);
  exit(0);
}

/* Fills the paths; returns the runs of --benchmark, or 0. */
static long parseArguments(int argc, char **argv) {
  size_t ins = 0, outs = 0;
  long runs = 0;
  int i;
  for (i = 1; i < argc; ++i) {
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
      usage();
    } else if (!strcmp(argv[i], "-o")) {
      if (++i == argc || outs == QNT_OUTPUTS)
        fail("-o wants a file, at most %d times", QNT_OUTPUTS);
      outputs[outs++].path = argv[i];
    } else if (!strncmp(argv[i], "--benchmark=", 12)) {
      runs = strtol(argv[i] + 12, NULL, 10);
      if (runs <= 0)
        fail("--benchmark wants a positive number, found '%s'", argv[i] + 12);
    } else if (argv[i][0] == '-' && argv[i][1]) {
      fail("unknown option '%s'; try --help", argv[i]);
    } else {
      if (ins == QNT_INPUTS)
        fail("more input files than the %d of the model", QNT_INPUTS);
      inputs[ins++].path = argv[i];
    }
  }
  if (ins != QNT_INPUTS)
    fail("expected %d input files, found %lu; try --help", QNT_INPUTS,
         (unsigned long)ins);
  if (outs && outs != QNT_OUTPUTS)
    fail("expected -o %d times, found %lu", QNT_OUTPUTS, (unsigned long)outs);
  return runs;
}

int main(int argc, char **argv) {
  long runs = parseArguments(argc, argv);
  long long samples = -1;
  void *arena = allocate(QNT_ARENA_BYTES, QNT_ARENA_ALIGN);
  size_t i;
  int error;
  for (i = 0; i < QNT_INPUTS; ++i) {
    long long count;
    inputs[i].tensor = &qntInputs[i];
    inputData[i] = inputs[i].data = allocate(qntInputs[i].bytes, 64);
    count = openInput(&inputs[i]);
    if (samples >= 0 && count != samples)
      fail("'%s' holds %lld samples, the files before it %lld", inputs[i].path,
           count, samples);
    samples = count;
  }
  for (i = 0; i < QNT_OUTPUTS; ++i) {
    outputs[i].tensor = &qntOutputs[i];
    outputData[i] = outputs[i].data = allocate(qntOutputs[i].bytes, 64);
  }
  error = QNT_INIT(1);
  if (error)
    fail("the model cannot run here: %s", strerror(error));
  if (runs && samples > 0) {
    readSamples(0);
    benchmark(runs, arena);
  } else {
    runAll(samples < 0 ? 1 : samples, arena);
  }
  if (fflush(stdout))
    fail("cannot write: %s", strerror(errno));
  return 0;
}
