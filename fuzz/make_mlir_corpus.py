"""make_mlir_corpus.py FOLDER [QUANT_OPT]: seeds for mlir-fuzzer, FOLDER.dict.

Seeds are the modules of the dialect's own tests, one file per split; with the
path of quant-opt also as bytecode. The dictionary lists the words of the dialect
that occur in them.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAGES = ("Dialect", "Fold", "Interop", "Lower", "Observe", "Propagate")
MAX_BYTES = 4096


def modules():
    for stage in STAGES:
        folder = os.path.join(ROOT, "test", stage)
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".mlir"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                parts = file.read().split("// -----")
            for index, part in enumerate(parts):
                lines = [line for line in part.splitlines()
                         if not line.lstrip().startswith("//")]
                text = "\n".join(lines).strip() + "\n"
                if 1 < len(text) <= MAX_BYTES:
                    yield f"{stage}-{name}-{index}", text


def to_bytecode(tool, text):
    """The module as bytecode, or None where it does not verify."""
    done = subprocess.run([tool, "-", "--emit-bytecode", "-o", "-"],
                          input=text.encode(), capture_output=True,
                          check=False)
    return done.stdout if done.returncode == 0 and done.stdout else None


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    folder = sys.argv[1]
    tool = sys.argv[2] if len(sys.argv) == 3 else None
    os.makedirs(folder, exist_ok=True)
    words, count = set(), 0
    for name, text in modules():
        words.update(re.findall(r"[#!]?[a-z_]+\.[a-z_0-9]+|[a-z_]+(?= =)",
                                text))
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        count += 1
        bytecode = to_bytecode(tool, text) if tool else None
        if bytecode:
            with open(os.path.join(folder, name + "bc"), "wb") as file:
                file.write(bytecode)
            count += 1
    with open(folder + ".dict", "w", encoding="utf-8") as file:
        file.writelines(f'"{word}"\n' for word in sorted(words))
    print(f"{count} seeds, {len(words)} words")


if __name__ == "__main__":
    main()
