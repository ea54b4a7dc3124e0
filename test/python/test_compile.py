"""Compilation: targets, products, files."""

import os
import pickle
import shutil
import subprocess

import numpy
import pytest

import quantopt


def test_products(compiled):
    assert compiled.object_bytes[:4] == b"\x7fELF"
    assert "DIGITS_ARENA_BYTES" in compiled.header
    assert compiled.contract["inputs"][0]["name"] == "image"
    assert compiled.report.object_bytes == len(compiled.object_bytes)
    assert compiled.name == "digits" and "100" in repr(compiled)


def test_float_models_compile_too(digits, calib):
    image = calib["image"][:4]
    numpy.testing.assert_allclose(
        digits.compile().run(image)["logits"], digits.run(image)["logits"],
        rtol=1e-4, atol=1e-5)


def test_other_targets(quantized, calib):
    arm = quantized.compile(triple="aarch64-linux-gnu", mcpu="cortex-a76")
    assert arm.contract["target"]["cpu"] == "cortex-a76"
    assert arm.object_bytes[18:20] == b"\xb7\x00"
    with pytest.raises(quantopt.Error, match="compiled for aarch64"):
        arm.run(calib["image"][:1])


@pytest.mark.parametrize("options, message", [
    (dict(triple="nonsense"), "unknown target triple"),
    (dict(mcpu="nonsense"), "unknown cpu 'nonsense'"),
    (dict(features="+nonsense"), "nonsense"),
])
def test_unknown_targets(quantized, options, message):
    with pytest.raises(quantopt.Error, match=message):
        quantized.compile(**options)


def test_names_and_arena(quantized, calib):
    compiled = quantized.compile(name="eyes", static_arena=True)
    assert compiled.contract["run"] == "eyes_run"
    assert compiled.contract["static_arena"] is True
    assert compiled.run(calib["image"][:2])["logits"].shape == (2, 10)


def test_deterministic(quantized):
    assert quantized.compile(mcpu="x86-64-v3", triple="x86_64-linux-gnu") \
        .object_bytes == quantized.compile(
            mcpu="x86-64-v3", triple="x86_64-linux-gnu").object_bytes


def test_save(compiled, tmp_path):
    compiled.save(tmp_path / "model.o")
    assert (tmp_path / "model.o").read_bytes() == compiled.object_bytes
    assert (tmp_path / "model.h").read_text() == compiled.header
    for name in ("model.s", "model.ll", "model.bc"):
        compiled.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
    with pytest.raises(quantopt.Error, match="does not exist"):
        compiled.save(tmp_path / "none" / "model.o")
    with pytest.raises(quantopt.Error, match="suffix"):
        compiled.save(tmp_path / "model.xyz")


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_c_program(compiled, calib, tmp_path):
    """The object works without Python, with the same bits."""
    compiled.save(tmp_path / "program")
    image = calib["image"][:3]
    numpy.save(tmp_path / "in.npy", image)
    subprocess.run([tmp_path / "program", "in.npy", "-o", "out.npy"],
                   cwd=tmp_path, check=True)
    assert (numpy.load(tmp_path / "out.npy") ==
            compiled.run(image)["logits"]).all()


def test_export(quantized, tmp_path):
    quantized.export(tmp_path / "q.mlir")
    again = quantopt.load(tmp_path / "q.mlir")
    assert isinstance(again, quantopt.QuantizedModel)
    assert again.compile().object_bytes == quantized.compile().object_bytes
    quantized.export(tmp_path / "arm.o", triple="aarch64-linux-gnu")
    assert (tmp_path / "arm.h").exists()
    with pytest.raises(TypeError, match="takes no options"):
        quantized.export(tmp_path / "q.mlir", triple="aarch64-linux-gnu")


def test_pickle(compiled, quantized, calib):
    image = calib["image"][:3]
    expected = compiled.run(image)["logits"]
    for model in (compiled, quantized):
        again = pickle.loads(pickle.dumps(model))
        assert (again.run(image)["logits"] == expected).all()
    assert pickle.loads(pickle.dumps(quantized)).report.sqnr


def test_transform(digits, calib):
    prepared = digits.transform("qnt-prepare")
    image = calib["image"][:3]
    numpy.testing.assert_allclose(prepared.run(image)["logits"],
                                  digits.run(image)["logits"], rtol=1e-4,
                                  atol=1e-5)
    with pytest.raises(quantopt.Error, match="no pass or pipeline 'none'"):
        digits.transform("none")
    with pytest.raises(quantopt.Error, match="does not take the options"):
        digits.transform("qnt-prepare", depth=3)


def test_fork(quantized, calib):
    """Workers of a forked process can compile and run."""
    import multiprocessing
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork")
    expected = quantized.run(calib["image"][:1])["logits"]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = pool.map(_compile_and_run,
                           [(quantized, calib["image"][:1])] * 2)
    assert all((result == expected).all() for result in results)


def _compile_and_run(arguments):
    model, image = arguments
    return model.compile().run(image)["logits"]
