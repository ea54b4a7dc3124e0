"""make_tflite_corpus.py FOLDER: the small networks of the TFLite cases as files,
seeds for tflite-fuzzer.
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tflite_float_cases  # noqa: E402
import tflite_int_cases  # noqa: E402


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for kind, module in (("float", tflite_float_cases),
                         ("int", tflite_int_cases)):
        for name, build in module.cases():
            model = build(np.random.default_rng(1))
            model.save(os.path.join(folder, f"{kind}_{name}.tflite"))


if __name__ == "__main__":
    main(sys.argv[1])
