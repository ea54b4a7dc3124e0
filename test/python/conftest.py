"""What the tests of the package share: the example model and its data."""

import os

import numpy
import pytest

import quantopt

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DIGITS = os.path.join(ROOT, "examples", "digits")


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def digits_path():
    return os.path.join(DIGITS, "digits.onnx")


@pytest.fixture(scope="session")
def calib_path():
    return os.path.join(DIGITS, "calib.npz")


@pytest.fixture(scope="session")
def calib(calib_path):
    return dict(numpy.load(calib_path))


@pytest.fixture(scope="session")
def evaluation():
    return dict(numpy.load(os.path.join(DIGITS, "eval.npz")))


@pytest.fixture(scope="session")
def digits(digits_path):
    return quantopt.load(digits_path)


@pytest.fixture(scope="session")
def quantized(digits, calib_path):
    return digits.quantize(calib_path)


@pytest.fixture(scope="session")
def compiled(quantized):
    return quantized.compile()


@pytest.fixture(scope="session")
def tools():
    """The commands of the same build."""
    folder = os.environ.get("QNT_TOOLS_DIR")
    if not folder:
        pytest.skip("QNT_TOOLS_DIR names no commands to compare with")
    return folder
