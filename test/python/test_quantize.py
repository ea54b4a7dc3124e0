"""Quantization: data in every form, tables, reports, options."""

import re
import subprocess
import os
import warnings

import numpy
import pytest

import quantopt


def one_by_one(calib):
    for image in calib["image"]:
        yield {"image": image}


def test_all_forms_of_data_give_the_same(digits, quantized, calib, tmp_path):
    images = calib["image"]
    forms = [calib, images, one_by_one(calib), iter(images),
             [images[:150], images[150:]], ((image,) for image in images)]
    for form in forms:
        assert digits.quantize(form, report=False).calibration == \
            quantized.calibration
    numpy.save(tmp_path / "images.npy", images)
    assert digits.quantize(tmp_path / "images.npy").calibration == \
        quantized.calibration


def test_labels_may_be_there(digits, quantized, calib):
    both = dict(calib, y=numpy.zeros(len(calib["image"])))
    assert digits.quantize(both, report=False).calibration == \
        quantized.calibration


def test_accuracy(quantized, evaluation):
    logits = quantized.run(evaluation["image"])["logits"]
    assert (logits.argmax(1) == evaluation["y"]).mean() > 0.98


def test_reference_gives_the_bits_of_the_code(quantized, compiled, calib):
    image = calib["image"][:8]
    assert (quantized.run(image, reference=True)["logits"] ==
            compiled.run(image)["logits"]).all()


def test_progress(digits, calib, calib_path):
    count = len(calib["image"])
    for data, total in ((calib, count), (calib_path, count),
                        (list(calib["image"]), count),
                        (iter(calib["image"]), None)):
        calls = []
        digits.quantize(data, report=False,
                        progress=lambda *args: calls.append(args))
        assert [done for done, _ in calls] == list(range(1, count + 1))
        assert calls[0][1] == total
        assert calls[-1] == (count, count)


def test_samples_limit(digits, calib, calib_path):
    tables = [digits.calibrate(form, samples=10)
              for form in (calib, calib_path, one_by_one(calib))]
    assert {table.samples for table in tables} == {10}
    assert len(set(tables)) == 1


def test_memory_does_not_grow(digits):
    """Samples are released while others are still to come."""
    import gc
    import weakref
    alive = []

    def stream():
        for i in range(64):
            array = numpy.random.default_rng(i).random(
                (1, 1, 8, 8), numpy.float32)
            alive.append(weakref.ref(array))
            yield array
            del array
            gc.collect()
            assert sum(ref() is not None for ref in alive) <= 3

    digits.calibrate(stream())


class Stop(Exception):
    pass


def test_exceptions_come_out_as_they_are(digits, calib):
    def broken():
        yield calib["image"][:1]
        raise Stop("from the data")

    def cancel(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(Stop, match="from the data"):
        digits.quantize(broken())
    with pytest.raises(KeyboardInterrupt):
        digits.quantize(calib, progress=cancel)
    with pytest.raises(ZeroDivisionError):
        digits.quantize(1 / (i - 1) for i in range(3) if i == 1)


NAN = numpy.full((1, 1, 8, 8), numpy.nan, numpy.float32)


@pytest.mark.parametrize("data, message", [
    ({"imag": NAN}, "no array named 'image'"),
    (numpy.zeros((4, 8, 8), numpy.float32), r"shape \[4, 8, 8\]"),
    (numpy.zeros((0, 1, 8, 8), numpy.float32), r"shape \[0, 1, 8, 8\]"),
    (numpy.zeros((1, 1, 8, 8)), "astype"),
    (NAN, "'calibration' is not finite: sample 0 holds NaN"),
    ([(NAN, 3)], r"leave labels out: \(x for x, _ in loader\)"),
    ([], "calibration never ran"),
    (["text"], "calibration sample 'image'"),
    ("none.npz", "none.npz"),
])
def test_data_that_do_not_fit(digits, data, message):
    with pytest.raises(quantopt.Error, match=message):
        digits.quantize(data)
    if not isinstance(data, str):
        return
    with pytest.raises(quantopt.Error, match=message):
        digits.quantize(data, progress=print)


@pytest.mark.parametrize("arguments", [
    dict(calibration=3), dict(calibration=b"x"), dict(samples="3"),
    dict(samples=1.5), dict(percentile="x"), dict(observer=3),
    dict(calibration_table=3), dict(no_such_option=1)])
def test_wrong_types(digits, calib, arguments):
    with pytest.raises(TypeError):
        digits.quantize(**{"calibration": calib, **arguments})


@pytest.mark.parametrize("arguments, message", [
    (dict(calibration=None), "needs calibration-data"),
    (dict(observer="mean"), "unknown observer 'mean'"),
    (dict(percentile=50, observer="min-max"), "applies to observer=percent"),
    (dict(rounding="up"), "up"),
    (dict(inference_input_type="int4"), "int4"),
    (dict(samples=-1), "samples"),
    (dict(observer="\"'"), "both kinds of quotes"),
])
def test_options_that_are_refused(digits, calib, arguments, message):
    with pytest.raises(quantopt.Error, match=message):
        digits.quantize(**{"calibration": calib, **arguments})


def test_tables(digits, quantized, calib, tmp_path):
    first = digits.calibrate(calib["image"][:120])
    second = digits.calibrate(calib["image"][120:])
    merged = first.merge(second)
    assert merged.samples == len(calib["image"])
    assert merged.ranges == quantized.calibration.ranges
    merged.save(tmp_path / "table.json")
    loaded = quantopt.CalibrationTable.load(tmp_path / "table.json")
    assert loaded == merged and "13 edges" in repr(loaded)
    again = digits.quantize(loaded)
    assert again.compile().object_bytes == \
        digits.quantize(calibration_table=loaded).compile().object_bytes
    both = digits.quantize(calib["image"][120:], calibration_table=first)
    assert both.calibration == merged


def test_tables_that_do_not_fit(digits, quantized, calib, tmp_path):
    other = digits.calibrate(calib, observer="min-max")
    with pytest.raises(quantopt.Error, match="was observed by"):
        quantized.calibration.merge(other)
    with pytest.raises(TypeError):
        other.merge(3)
    (tmp_path / "bad.json").write_text("{}")
    for path, message in (("none.json", "cannot open"),
                          ("bad.json", "no calibration table")):
        with pytest.raises(quantopt.Error, match=message):
            quantopt.CalibrationTable.load(tmp_path / path)
        with pytest.raises(quantopt.Error, match=message):
            digits.quantize(calibration_table=tmp_path / path)


def test_report(quantized):
    report = quantized.report
    roles = {tensor.role for tensor in report.tensors}
    assert roles == {"activation", "weight", "bias"}
    weight = next(t for t in report.tensors if t.role == "weight")
    assert weight.dtype == "i8" and len(weight.scale) == 32
    assert report.float_ops == []
    assert all(db > 20 for db in report.sqnr.values())
    as_float, stored = report.weight_bytes
    assert stored * 3 < as_float
    assert report.to_dict()["mode"] == "int8"
    assert "Nothing stays float." in repr(report)
    assert "<table>" in report._repr_html_()


def test_report_can_be_left_out(digits, calib):
    with pytest.raises(quantopt.Error, match="report=True"):
        digits.quantize(calib, report=False).report


def test_remarks(digits, calib):
    quantized = digits.quantize(calib, print_scale_groups=True)
    assert quantized.remarks
    assert all(r.severity == "remark" for r in quantized.remarks)
    assert any("scale" in r.summary for r in quantized.remarks)


def test_inference_types(digits, calib):
    quantized = digits.quantize(calib, inference_input_type="uint8",
                                inference_output_type="int8")
    compiled = quantized.compile()
    (image,), (logits,) = compiled.inputs, compiled.outputs
    assert image.dtype == "uint8" and logits.dtype == "int8"
    assert image.scale and logits.zero_point
    stored = numpy.round(calib["image"][:4] / image.scale[0]) + \
        image.zero_point[0]
    assert compiled.run(stored.astype("uint8"))["logits"].dtype == "int8"


def test_same_bytes_as_the_command(digits_path, calib_path, digits, tools,
                                   tmp_path):
    """What Python does is what the command does."""
    path = tmp_path / "digits.o"
    subprocess.run(
        [os.path.join(tools, "quant-opt"), digits_path,
         f"--quantize-int8=calibration-data={calib_path} rounding=tflite-single",
         "--lower-to-llvm=mcpu=native", "-o", path], check=True)
    compiled = digits.quantize(calib_path, rounding="tflite-single").compile()
    assert compiled.object_bytes == path.read_bytes()
    compiled.save(tmp_path / "mine.o")
    for suffix in (".o", ".h", ".json"):
        assert (tmp_path / f"mine{suffix}").read_bytes() == \
            path.with_suffix(suffix).read_bytes()


def test_every_option_of_the_command_is_a_keyword(tools):
    """--help lists the options of the pipelines; each is an argument."""
    import inspect
    text = subprocess.run([os.path.join(tools, "quant-opt"), "--help"],
                          check=True, capture_output=True, text=True,
                          errors="replace").stdout
    spelled = {"calibration_data": "calibration", "write_table": None,
               "collect_report": "report"}
    for flag, function in (("quantize-int8", quantopt.Model.quantize),
                           ("lower-to-llvm", quantopt.Model.compile)):
        lines = text.split(f"\n      --{flag} ", 1)[1].splitlines()[1:]
        options = []
        for line in lines:
            match = re.match(r" {8}--([a-z0-9-]+)", line)
            if not match:
                break
            options.append(match[1].replace("-", "_"))
        assert len(options) > 4
        keywords = inspect.signature(function).parameters
        for option in options:
            option = spelled.get(option, option)
            assert option is None or option in keywords, option


def test_no_warnings(digits, calib):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        digits.quantize(calib).compile()
