"""Arrays for the model of test/Emit/Inputs/scale.mlir: y = 2 * x."""
import sys

import numpy as np

folder = sys.argv[1]
x = np.arange(12, dtype=np.float32).reshape(3, 4)
np.savez(f"{folder}/in.npz", **{"x*/": x, "label": np.array([3, 3, 0]),
                                "target": 2 * x + 1})
np.savez(f"{folder}/ref.npz", **{'y"?': 2 * x})
np.savez(f"{folder}/near.npz", **{'y"?': 2 * x + np.float32(0.25)})
np.savez(f"{folder}/short.npz", **{'y"?': 2 * x[:2]})
np.savez(f"{folder}/dtype.npz", **{"x*/": x.astype(np.float64)})
np.savez(f"{folder}/name.npz", wrong=x)
np.save(f"{folder}/in.npy", x)
