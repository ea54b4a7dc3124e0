#!/usr/bin/env python3
"""Turns the examples of the pass descriptions into lit tests.

    utils/doctest_passes.py OUT_DIR PASSES_TD...

Every ```mlir block of a description is one test, OUT_DIR/<flag>-<n>.mlir:

  * a block under the word `Before:` with the next one under `After:` are input
    and output, and so are the parts of one block with a line `// ----- after`.
    The input runs through `quant-opt --<flag>`, or what backquotes name:
    "Before, with `--<flag>="x=1"`:" or `// ----- after: --<flag>="x=1"`. The
    lines of the output must come out in this order. SSA names need not agree,
    only be used consistently; `...` stands for any text, and a line of only
    `...` for any lines;
  * a block with a `// RUN:` line is taken as it stands;
  * any other block must pass through `quant-opt --<flag>` without an error.

Invariant: a pass without an example makes no test but a failing one, so none
can be forgotten.
"""

import os
import re
import sys

DEF = re.compile(r'^def\s+(\w+)\s*:\s*Pass<\s*"([^"]+)"', re.M)
DESCRIPTION = re.compile(r"let\s+description\s*=\s*\[\{(.*?)\}\]", re.S)
BLOCK = re.compile(r"^[ \t]*```mlir\n(.*?)^[ \t]*```", re.S | re.M)
# The last line of prose before a block.
BEFORE = re.compile(r"Before\b(?:.*`(--[^`]*)`)?[^`]*:$")
PAIR = "// ----- after"
AFTER = re.compile(r"^\s*// -----\s*after(?::\s*(.*))?\s*$", re.M)
VALUE = re.compile(r"%([A-Za-z0-9_$.-]+)(#\d+)?")


def passes(text):
    """-> (flag, description) of each pass in a .td file."""
    found = list(DEF.finditer(text))
    for this, following in zip(found, found[1:] + [None]):
        body = text[this.end():following.start() if following else len(text)]
        description = DESCRIPTION.search(body)
        yield this[2], description[1] if description else ""


def dedent(block):
    lines = block.rstrip().split("\n")
    indent = min((len(l) - len(l.lstrip()) for l in lines if l.strip()),
                 default=0)
    return "\n".join(l[indent:] for l in lines)


def examples(description):
    """-> the blocks; a Before and the After that follows it as one."""
    pending, at = None, 0
    for match in BLOCK.finditer(description):
        prose = description[at:match.start()].strip().split("\n")[-1].strip()
        block, at = dedent(match[1]), match.end()
        label = BEFORE.search(prose)
        if pending is not None and prose.startswith("After"):
            yield pending + block
            pending = None
            continue
        if pending is not None:
            yield pending.split("\n" + PAIR)[0]
        pending = None
        if label and PAIR not in block:
            options = f": {label[1]}" if label[1] else ""
            pending = f"{block}\n{PAIR}{options}\n"
        else:
            yield block
    if pending is not None:
        yield pending.split("\n" + PAIR)[0]


def escape(text):
    """FileCheck takes [[ and {{ for its own."""
    return text.replace("{{", "{{[{][{]}}").replace("[[", "{{\\[\\[}}")


def pattern(line, seen):
    """One output line as a FileCheck pattern; `seen` are the names so far."""
    out, at = [], 0
    for match in VALUE.finditer(line):
        out.append(escape(line[at:match.start()]))
        name = "V" + re.sub(r"\W", "_", match[1])
        if name in seen:
            out.append(f"%[[{name}]]")
        else:
            seen.add(name)
            out.append(f"%[[{name}:[A-Za-z0-9_$.-]+]]")
        out.append(match[2] or "")
        at = match.end()
    out.append(escape(line[at:]))
    # An elision inside a line.
    return "{{.*}}".join("".join(out).split("..."))


def checks(output):
    """The lines below `after` as FileCheck directives. A function starts a
    new scope of names."""
    seen, skipped, lines = set(), True, []
    for line in output.split("\n"):
        text = line.strip()
        if not text or text.startswith("//"):
            continue
        if text == "...":
            skipped = True
            continue
        if text.startswith(("func.func", "llvm.func")):
            seen, skipped = set(), True
        directive = "DOC" if skipped else "DOC-NEXT"
        lines.append(f"// {directive}: {pattern(text, seen)}")
        skipped = False
    return "\n".join(lines)


def test_of(flag, block):
    """The text of the lit test for one example."""
    if re.search(r"^\s*// RUN:", block, re.M):
        return block + "\n"
    after = AFTER.search(block)
    if not after:
        return f"// RUN: quant-opt %s --{flag} -o /dev/null\n\n{block}\n"
    options = (after[1] or f"--{flag}").strip()
    return (f"// RUN: quant-opt %s {options} | "
            f"FileCheck %s --check-prefix=DOC\n\n"
            f"{block[:after.start()].rstrip()}\n\n"
            f"{checks(block[after.end():])}\n")


def write(path, text):
    """Leaves an unchanged file alone, so the build sees no change."""
    try:
        with open(path, encoding="utf8") as file:
            if file.read() == text:
                return
    except OSError:
        pass
    with open(path, "w", encoding="utf8") as file:
        file.write(text)


def main():
    out, files = sys.argv[1], sys.argv[2:]
    os.makedirs(out, exist_ok=True)
    wanted = set()
    for name in files:
        with open(name, encoding="utf8") as file:
            text = file.read()
        for flag, description in passes(text):
            tests = [test_of(flag, b) for b in examples(description)] or [
                f"// RUN: echo 'pass {flag} has no example' && false\n"]
            for number, test in enumerate(tests, 1):
                wanted.add(f"{flag}-{number}.mlir")
                write(os.path.join(out, f"{flag}-{number}.mlir"), test)
    for stale in set(os.listdir(out)) - wanted:
        if stale.endswith(".mlir"):
            os.unlink(os.path.join(out, stale))


if __name__ == "__main__":
    main()
