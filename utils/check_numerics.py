#!/usr/bin/env python3
"""Checks that the numbered rules of docs/Numerics.md are true to the tree.

    utils/check_numerics.py [ROOT]

Each rule `### N4 ...` must be named by a comment in the Numerics sources and by
at least one test; each test `n4_...` must be listed in the section of a rule it
names, and each listed test must exist. Prints each offence and ends with 1 if
there is one.
"""

import glob
import os
import re
import sys


def read(pattern, root):
    """The text of all files that match, one string."""
    texts = []
    for path in sorted(glob.glob(os.path.join(root, pattern))):
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    return "\n".join(texts)


def rules_of(page):
    """{"N4": tests listed in its section}."""
    rules = {}
    for section in re.split(r"^### ", page, flags=re.M)[1:]:
        section = re.split(r"^## ", section, flags=re.M)[0]
        rules[section.split()[0]] = re.findall(r"`(n\d+_\w+)`", section)
    return rules


def offences(root):
    rules = rules_of(read("docs/Numerics.md", root))
    sources = (read("include/qnt/Numerics/*.h", root) +
               read("lib/Numerics/*.cpp", root))
    comments = "\n".join(re.findall(r"//.*", sources))
    tests = set(re.findall(r"TEST\(\w+,\s*(n\d+_\w+)\)",
                           read("test/unit/Numerics/*.cpp", root)))
    for rule, listed in rules.items():
        if not re.search(rf"\b{rule}\b", comments):
            yield f"{rule}: no source comment names it"
        if not listed:
            yield f"{rule}: no test"
        for name in listed:
            if name not in tests:
                yield f"{rule}: lists {name}, which does not exist"
    every = {name for listed in rules.values() for name in listed}
    for name in sorted(tests):
        if name not in every:
            yield f"{name}: no rule lists it"
        for number in re.findall(r"n(\d+)_", name):
            if f"N{number}" not in rules:
                yield f"{name}: there is no rule N{number}"
    print(f"{len(rules)} rules, {len(tests)} tests")


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        os.path.dirname(__file__), os.pardir)
    found = list(offences(root))
    print("\n".join(found + [f"{len(found)} offences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
