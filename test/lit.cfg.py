"""The lit suite: what is a test, which tools it may name, what it may require.

Every test runs the tools of one build directory and writes only below %t, so
the suite can run in several build directories at once.

Set QNT_VERIFY_ROUNDTRIP=1 (or --param verify_roundtrip=1) to run the whole
suite with each quant-opt also checking that what it printed parses back.
"""

import glob
import os
import platform
import shutil
import subprocess

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "QNT"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.qnt_obj_root, "test")

llvm_config.with_system_environment(["HOME", "TMP", "TEMP", "CCACHE_DIR",
                                     "QNT_ALL_NODE_TESTS"])
llvm_config.use_default_substitutions()
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("PYTHONDONTWRITEBYTECODE", "1")

verify_roundtrip = (
    os.environ.get("QNT_VERIFY_ROUNDTRIP", "0") != "0"
    or lit_config.params.get("verify_roundtrip", "0") != "0")
llvm_config.add_tool_substitutions(
    [
        ToolSubst("quant-opt",
                  extra_args=["--verify-roundtrip"] if verify_roundtrip else [],
                  unresolved="fatal"),
        ToolSubst("quant-run", unresolved="ignore"),
        ToolSubst("mlir-opt", unresolved="ignore"),
        ToolSubst("llvm-objdump", unresolved="ignore"),
        ToolSubst("llvm-nm", unresolved="ignore"),
        ToolSubst("llvm-readelf", unresolved="ignore"),
    ],
    [config.qnt_tools_dir, config.llvm_tools_dir])

# The environment that utils/setup.sh made, else whatever python3 there is.
python = os.path.join(config.qnt_src_root, "build", "venv", "bin", "python")
if not os.access(python, os.X_OK):
    python = shutil.which("python3")

shared = os.environ.get(
    "QNT_SHARED_DATA",
    os.path.join(config.qnt_src_root, os.pardir, "shared", "data"))
shared = os.path.normpath(shared)
# In front: lit's own %python is the interpreter that runs lit.
config.substitutions.insert(0, ("%python", python))
config.substitutions += [
    ("%src_root", config.qnt_src_root),
    ("%obj_root", config.qnt_obj_root),
    ("%tools_dir", config.qnt_tools_dir),
    ("%package_path", os.path.join(config.qnt_obj_root, "python")),
    ("%digits", os.path.join(config.qnt_src_root, "examples", "digits")),
    ("%utils", os.path.join(config.qnt_src_root, "utils")),
    ("%shared", shared),
    # Nothing where there is none: an empty launcher is no launcher.
    ("%ccache", shutil.which("ccache") or ""),
    ("%qemu-aarch64", "qemu-aarch64 -L /usr/aarch64-linux-gnu"),
]


def cpu_flags():
    """What the CPU can do, in the kernel's words."""
    try:
        with open("/proc/cpuinfo", encoding="utf8") as info:
            for line in info:
                if line.startswith(("flags", "Features")):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


def python_has(*modules):
    code = "; ".join(f"import {m}" for m in modules)
    return subprocess.run([python, "-c", code],
                          stderr=subprocess.DEVNULL).returncode == 0


features = config.available_features
if os.path.isfile(os.path.join(shared, "evaluate.py")):
    features.add("shared-data")
features.add(f"host-{platform.machine()}")
flags = cpu_flags()
for flag, feature in (("avx2", "avx2"), ("avx512_vnni", "avx512vnni"),
                      ("avx_vnni", "avxvnni"), ("amx_int8", "amx"),
                      ("asimddp", "dotprod"), ("i8mm", "i8mm")):
    if flag in flags:
        features.add(feature)
if shutil.which("qemu-aarch64"):
    features.add("qemu-aarch64")
if shutil.which("aarch64-linux-gnu-gcc"):
    features.add("aarch64-gcc")
if shutil.which("cc"):
    features.add("cc")
if glob.glob(os.path.join(config.qnt_obj_root, "python", "quantopt",
                          "_quantopt.*.so")):
    features.add("python-module")
for module in ("numpy", "onnx", "onnxruntime", "ai_edge_litert", "pytest",
               "torch"):
    if python_has(module):
        features.add(module)
if os.geteuid() == 0:
    features.add("root")
if verify_roundtrip:
    features.add("verify-roundtrip")
