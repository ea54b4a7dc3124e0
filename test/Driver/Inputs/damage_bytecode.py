"""damage_bytecode.py QUANT_OPT GOOD: reads GOOD with single bytes replaced.

Every damaged file must give a module or errors with exit code 1. Prints how
many were read and how many refused, and names the files that did otherwise.
"""

import subprocess
import sys

TOOL, GOOD = sys.argv[1:]
# Where the sections, their sizes and the counts of dialects and types lie, in
# steps that keep this test short.
POSITIONS = range(4, 84, 3)


def main():
    with open(GOOD, "rb") as file:
        good = file.read()
    counts = {0: 0, 1: 0}
    for position in POSITIONS:
        damaged = bytearray(good)
        damaged[position] = 0x00 if damaged[position] else 0xEE
        done = subprocess.run([TOOL, "-", "-o", "-"], input=bytes(damaged),
                              capture_output=True, check=False)
        if done.returncode not in counts or (
                done.returncode == 1 and b"error: " not in done.stderr):
            print(f"byte {position}: exit code {done.returncode}, "
                  f"{done.stderr[:200]!r}")
            continue
        counts[done.returncode] += 1
    print(f"{counts[0]} read, {counts[1]} refused of {len(POSITIONS)}")


if __name__ == "__main__":
    main()
