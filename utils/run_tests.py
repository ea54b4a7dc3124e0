#!/usr/bin/env python3
"""Runs the lit suites of a build directory and counts what came of them.

    utils/run_tests.py BUILD [LIT-OPTION...]

Prints failures in full and each skipped test with what it lacked; the last
line is "N passed, M failed, K skipped". Invariant: ends with 0 only if
nothing failed and something passed.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

PASSED = {"PASS", "XFAIL", "FLAKYPASS"}
SKIPPED = {"UNSUPPORTED", "SKIPPED"}
SUITES = ("test", "test/unit", "test/doctest")
# lit's --filter leaves these out; they are not part of the run.
IGNORED = {"EXCLUDED"}
LACKING = re.compile(r"unavailable features: (.*)")


def find_lit(build):
    """The lit that CMake found."""
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf8") as cache:
        for line in cache:
            if line.startswith("LLVM_EXTERNAL_LIT:"):
                return line.split("=", 1)[1].strip()
    sys.exit(f"run_tests: {build}/CMakeCache.txt names no lit")


def run_lit(build, options):
    """-> [(code, name, output)]"""
    handle, path = tempfile.mkstemp(suffix=".json")
    os.close(handle)
    try:
        subprocess.run(
            [find_lit(build), "-s" if sys.stdout.isatty() else "-q", "-v",
             "-o", path, *options,
             *(os.path.join(build, suite) for suite in SUITES)], check=False)
        with open(path, encoding="utf8") as file:
            tests = json.load(file)["tests"]
    except ValueError:
        sys.exit("run_tests: lit wrote no results")
    finally:
        os.unlink(path)
    return [(t["code"], t["name"], t.get("output", "")) for t in tests]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    tests = [t for t in run_lit(sys.argv[1], sys.argv[2:])
             if t[0] not in IGNORED]
    passed = sum(code in PASSED for code, _, _ in tests)
    skipped = [t for t in tests if t[0] in SKIPPED]
    failed = [t for t in tests if t[0] not in PASSED | SKIPPED]
    for _, name, output in sorted(skipped, key=lambda t: t[1]):
        lacking = LACKING.search(output)
        print(f"skipped: {name} ({lacking[1] if lacking else 'unsupported'})")
    for code, name, _ in sorted(failed, key=lambda t: t[1]):
        print(f"failed: {name} ({code})")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
