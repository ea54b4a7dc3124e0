#!/usr/bin/env python3
"""Runs the worked example of README.md as a user would.

    utils/readme_commands.py README BIN_DIR WORK_DIR

WORK_DIR holds model.onnx, calib.npz and eval.npz. Blocks marked sh run one
after the other there, with `build/bin` standing for BIN_DIR; a block marked c
whose first line is a comment with a file name becomes that file. Invariant: the
text that runs is the text that stands there.
"""

import os
import re
import subprocess
import sys

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.S | re.M)


def main():
    readme, tools, folder = map(os.path.abspath, sys.argv[1:])
    os.makedirs(os.path.join(folder, "build"), exist_ok=True)
    link = os.path.join(folder, "build", "bin")
    if not os.path.islink(link):
        os.symlink(tools, link)
    with open(readme, encoding="utf8") as file:
        text = file.read()
    for kind, block in BLOCK.findall(text):
        name = re.match(r"// (\w+\.c)\n", block)
        if kind == "c" and name:
            with open(os.path.join(folder, name[1]), "w",
                      encoding="utf8") as file:
                file.write(block)
        elif kind == "sh":
            print(block, end="", flush=True)
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block],
                                  cwd=folder, check=False)
            if done.returncode:
                sys.exit(f"readme_commands: ended with {done.returncode}")


if __name__ == "__main__":
    main()
