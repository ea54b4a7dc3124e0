"""Reading models: every form, and every way it can fail."""

import os
import pickle

import numpy
import pytest

import quantopt

TOSA = """
func.func @twice(%x: tensor<2x3xf32> {qnt.name = "x"})
    -> (tensor<2x3xf32> {qnt.name = "y"}) {
  %y = tosa.add %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
"""


def test_inputs_and_outputs(digits):
    assert digits.name == "digits"
    assert digits.inputs == [
        quantopt.TensorSpec("image", numpy.dtype("float32"), (1, 1, 8, 8))]
    assert [(o.name, o.shape) for o in digits.outputs] == [
        ("logits", (1, 10))]
    assert repr(digits) == ("<Model digits: image float32 [1, 1, 8, 8] -> "
                            "logits float32 [1, 10]>")


def test_every_form_is_the_same_model(digits, digits_path, tmp_path, calib):
    image = calib["image"][:4]
    expected = digits.run(image)["logits"]
    with open(digits_path, "rb") as file:
        content = file.read()
    models = [quantopt.load(content, name="digits"),
              quantopt.load(str(digits).encode()),
              pickle.loads(pickle.dumps(digits))]
    for suffix in (".mlir", ".mlirbc"):
        path = tmp_path / f"model{suffix}"
        digits.save(path)
        models.append(quantopt.load(path))
    onnx = pytest.importorskip("onnx")
    models.append(quantopt.load(onnx.load(digits_path), name="digits"))
    for model in models:
        assert model.name == "digits"
        assert (model.run(image)["logits"] == expected).all()


def test_input_shapes(digits_path, calib):
    model = quantopt.load(digits_path, input_shapes={"image": [4, 1, 8, 8]})
    assert model.inputs[0].shape == (4, 1, 8, 8)
    assert model.run(calib["image"][:4])["logits"].shape == (4, 10)


def test_entry():
    two = TOSA + TOSA.replace("@twice", "@again")
    with pytest.raises(quantopt.Error, match="several public functions"):
        quantopt.load(two.encode())
    assert quantopt.load(two.encode(), entry="again").name == "again"
    with pytest.raises(quantopt.Error, match="no function 'none'"):
        quantopt.load(two.encode(), entry="none")


def test_elided_text(digits):
    assert len(digits.to_mlir(elide_above=8)) < len(str(digits)) / 10


@pytest.mark.parametrize("model, message", [
    ("none.onnx", "cannot open model 'none.onnx': No such file"),
    (b"", "file is empty"),
    (b"\x08\x07\x12\x00", "onnx model"),
    (b"func.func @f(", "error:"),
    (TOSA.replace("tosa.add", "tosa.nonsense").encode(), "nonsense"),
])
def test_unreadable(model, message):
    with pytest.raises(quantopt.Error, match=message) as info:
        quantopt.load(model)
    assert str(info.value)


def test_error_tells_the_place():
    with pytest.raises(quantopt.Error) as info:
        quantopt.load(TOSA.replace("2x3xf32>)", "7x3xf32>)").encode())
    (diagnostic, *_) = info.value.diagnostics
    assert diagnostic.severity == "error"
    assert diagnostic.location and diagnostic.summary
    assert diagnostic.text in str(info.value)
    assert str(pickle.loads(pickle.dumps(info.value))) == str(info.value)


@pytest.mark.parametrize("arguments", [
    dict(model=3), dict(model=None), dict(model=[b""]),
    dict(model=TOSA.encode(), input_shapes=[1, 2])])
def test_wrong_types(arguments):
    with pytest.raises(TypeError):
        quantopt.load(**arguments)


def test_options_that_mlir_does_not_take(tmp_path):
    for options in (dict(input_shapes={"x": [1]}), dict(name="n"),
                    dict(external_data_dir=os.fspath(tmp_path))):
        with pytest.raises(quantopt.Error, match="is MLIR"):
            quantopt.load(TOSA.encode(), **options)
