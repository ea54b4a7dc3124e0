// A model by hand: doubles four floats and counts the positive ones.
int twice_init(int threads) { return threads < 0 ? 22 : 0; }

int twice_run(const void *const inputs[], void *const outputs[], void *arena) {
  const float *x = inputs[0];
  float *y = outputs[0];
  signed char *count = outputs[1];
  float *scratch = arena;
  if ((unsigned long)arena % 64)
    return 22;
  *count = 0;
  for (int i = 0; i < 4; ++i) {
    scratch[i] = x[i] + x[i];
    y[i] = scratch[i];
    *count += y[i] > 0;
  }
  return 0;
}
