"""samples.py FILE D0 D1 ...: 64 seeded samples of one input as FILE."""

import sys

import numpy as np

shape = tuple(map(int, sys.argv[2:]))
rng = np.random.default_rng(7)
np.savez(sys.argv[1],
         arg0=rng.uniform(-2, 2, (64,) + shape).astype(np.float32))
