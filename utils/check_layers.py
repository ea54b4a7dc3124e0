#!/usr/bin/env python3
"""Checks that includes follow the folder order.

    utils/check_layers.py [ROOT]

Numerics < Support < Dialect < Analysis < ExternalModels, Contracts, Execution <
stages < Pipelines < InitAll < Api < tools. A file may include its own folder
and the layers below; stages never include each other, nor do the folders of one layer,
and Numerics knows nothing of LLVM. Prints each offence as `file:line: reason`
and ends with 1 if there is one.
"""

import os
import re
import sys

LAYERS = [
    ["Numerics"],
    ["Support"],
    ["Dialect"],
    ["Analysis"],
    ["ExternalModels", "Contracts", "Execution"],
    ["Import", "Prepare", "Observe", "Calibrate", "Propagate", "Fold", "Lower",
     "Codegen", "Emit", "Export", "Interop", "Float", "Report"],
    ["Pipelines"],
    ["InitAll"],
    ["Api"],
    ["tools"],
]
LEVEL = {name: i for i, names in enumerate(LAYERS) for name in names}
INCLUDE = re.compile(r'\s*#\s*include\s*["<]([^">]+)[">]')
SOURCES = (".h", ".cpp", ".inc", ".td")
TD_INCLUDE = re.compile(r'\s*include\s*"([^"]+)"')


def folder(path):
    """include/qnt/Import/X.h -> Import; lib/InitAll.cpp -> InitAll."""
    parts = path.split("/")
    if parts[0] == "tools":
        return "tools"
    rest = parts[2:] if parts[0] == "include" else parts[1:]
    return os.path.splitext(rest[0])[0]


def offence(here, target):
    """Why a file of folder `here` may not include `target`; None if it may."""
    if here == "Numerics" and re.match(r"(llvm|mlir)[-/]", target):
        return f"Numerics is plain C++ and may not include {target}"
    if not target.startswith("qnt/"):
        return None
    there = os.path.splitext(target.split("/")[1])[0]
    if there not in LEVEL:
        return f"{target} lies in no known layer"
    if there == here or LEVEL[there] < LEVEL[here]:
        return None
    if LEVEL[there] == LEVEL[here]:
        return f"{here} may not include {there}, a folder of its own layer"
    return f"{here} may not include {there}, which lies above it"


def check_file(root, path):
    here = folder(path)
    if here not in LEVEL:
        yield 1, f"folder {here} is in no layer; name it in check_layers.py"
        return
    pattern = TD_INCLUDE if path.endswith(".td") else INCLUDE
    with open(os.path.join(root, path), encoding="utf8") as lines:
        for number, line in enumerate(lines, 1):
            match = pattern.match(line)
            reason = match and offence(here, match[1])
            if reason:
                yield number, reason


def sources(root):
    for top in ("include/qnt", "lib", "tools"):
        for where, folders, files in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(files):
                if name.endswith(SOURCES):
                    yield os.path.relpath(os.path.join(where, name), root)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(
        os.path.dirname(os.path.abspath(__file__)))
    bad = count = 0
    for path in sources(root):
        count += 1
        for number, reason in check_file(root, path):
            print(f"{path}:{number}: {reason}")
            bad += 1
    print(f"{count} files, {bad} includes against the layers")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
