/* Calls tiny_init and tiny_run in the ways that a caller may get wrong. */
#include "tiny.h"
#include <stdio.h>
#include <string.h>

static float x[64], y[3][16];
static _Alignas(64) unsigned char arenas[2][TINY_ARENA_BYTES + 64];

int main(void) {
  for (int i = 0; i < 64; ++i)
    x[i] = 0.1f * (float)(i % 23) - 1.0f;
  const void *in[] = {x}, *no_in[] = {NULL};
  void *out[] = {y[0]}, *out1[] = {y[1]}, *out2[] = {y[2]}, *no_out[] = {NULL};
  printf("init %d %d\n", tiny_init(1), tiny_init(-1));
  printf("null %d %d %d %d\n", tiny_run(NULL, out, arenas[0]),
         tiny_run(in, NULL, arenas[0]), tiny_run(no_in, out, arenas[0]),
         tiny_run(in, no_out, arenas[0]));
  printf("misaligned %d\n", tiny_run(in, out, arenas[0] + 1));
  int a = tiny_run(in, out, arenas[0]), b = tiny_run(in, out1, arenas[1]);
  printf("run %d %d %d\n", a, b, tiny_run(in, out2, NULL));
  printf("same %d %d\n", !memcmp(y[0], y[1], sizeof y[0]),
         !memcmp(y[0], y[2], sizeof y[0]));
  return 0;
}
