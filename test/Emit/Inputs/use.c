/* A caller that knows the header only; included twice to try the guard. */
#include "m.h"

#include <stdio.h>

int main(void) {
  scale_input0_t in[SCALE_INPUT0_ELEMENTS] = {0, 1, 2, 3};
  scale_output0_t out[SCALE_OUTPUT0_ELEMENTS];
  const void *inputs[SCALE_INPUT_COUNT];
  void *outputs[SCALE_OUTPUT_COUNT];
  unsigned char arena[SCALE_ARENA_BYTES];
  inputs[0] = in;
  outputs[0] = out;
  if (scale_init(1) || scale_run(inputs, outputs, arena))
    return 1;
  printf("%g %g %g %g\n", (double)out[0], (double)out[1], (double)out[2],
         (double)out[3]);
  return 0;
}
