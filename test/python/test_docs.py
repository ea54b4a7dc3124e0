"""docs/Python.md: its examples run, in order, as one program."""

import os
import re
import shutil


def test_guide(root, tmp_path, monkeypatch):
    with open(os.path.join(root, "docs", "Python.md"),
              encoding="utf8") as file:
        text = file.read()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    assert len(blocks) >= 7
    digits = os.path.join(root, "examples", "digits")
    for name in ("digits.onnx", "calib.npz", "eval.npz"):
        shutil.copy(os.path.join(digits, name), tmp_path)
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"Python.md, example {number}", "exec"), names)
