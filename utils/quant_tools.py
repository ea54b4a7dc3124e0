"""Calls quant-opt of one build directory; its products go to one folder."""

import os
import resource
import subprocess


class Compiler:
    """quant-opt of one build directory, and a folder for its products."""

    def __init__(self, tools, folder):
        self.tool = os.path.join(tools, "quant-opt")
        self.runner = os.path.join(tools, "quant-run")
        self.folder = folder

    @staticmethod
    def _children():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def run(self, *arguments):
        """-> seconds of CPU time, which a loaded machine does not stretch."""
        start = self._children()
        done = subprocess.run([self.tool, *arguments], capture_output=True,
                              text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join([self.tool, *arguments])}\n"
                               f"{done.stderr.strip()}")
        return self._children() - start

    def path(self, *parts):
        path = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def quantize(self, model, calibration, target, output, *more):
        """Model to `output` in one go -> seconds."""
        return self.run(
            model, f"--quantize-int8=calibration-data={calibration}",
            f"--lower-to-llvm={target}", *more, "-o", output)
