/* Runs a model on a batch and on its samples one by one; the results have to be
 * the same bytes. */
#include "good.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLES = 5 };

static unsigned char arena[GOOD_ARENA_BYTES]
    __attribute__((aligned(GOOD_ARENA_ALIGN)));
static float in[SAMPLES][GOOD_INPUT0_ELEMENTS];
static float batch[SAMPLES][GOOD_OUTPUT0_ELEMENTS];
static float single[SAMPLES][GOOD_OUTPUT0_ELEMENTS];

int main(void) {
  for (int i = 0; i < SAMPLES; ++i)
    for (int k = 0; k < GOOD_INPUT0_ELEMENTS; ++k)
      in[i][k] = (float)((i * 37 + k * 11) % 29) / 7 - 2;
  const void *inputs[] = {in};
  void *outputs[] = {batch};
  if (good_init(1) || good_run_batch(inputs, outputs, arena, SAMPLES))
    return puts("failed"), 1;
  for (int i = 0; i < SAMPLES; ++i) {
    const void *from[] = {in[i]};
    void *to[] = {single[i]};
    if (good_run(from, to, arena))
      return puts("failed"), 1;
  }
  puts(memcmp(batch, single, sizeof(batch)) ? "differ" : "equal");
  puts(memcmp(single[0], single[1], sizeof(single[0])) ? "distinct" : "same");
  printf("none: %d\n", good_run_batch(inputs, outputs, arena, 0));
  printf("negative: %d\n",
         good_run_batch(inputs, outputs, arena, -1) == EINVAL);
  printf("null: %d\n", good_run_batch(0, outputs, arena, 1) == EINVAL);
  return 0;
}
