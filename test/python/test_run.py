"""Running: arrays in and out, refusals, threads."""

import threading

import numpy
import pytest

import quantopt

PAIR = """
func.func @pair(%a: tensor<2x3xf32> {qnt.name = "a"},
                %b: tensor<2x3xf32> {qnt.name = "b"})
    -> (tensor<2x3xf32> {qnt.name = "sum"},
        tensor<2x3xf32> {qnt.name = "difference"}) {
  %s = tosa.add %a, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %d = tosa.sub %a, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %s, %d : tensor<2x3xf32>, tensor<2x3xf32>
}
"""


@pytest.fixture(scope="module", params=["jit", "object"])
def pair(request):
    model = quantopt.load(PAIR.encode())
    return model if request.param == "jit" else model.compile()


@pytest.fixture
def a():
    return numpy.arange(6, dtype=numpy.float32).reshape(2, 3)


@pytest.fixture
def b():
    return numpy.full((2, 3), 10, numpy.float32)


def test_all_ways_to_pass_arrays(pair, a, b):
    for inputs in ({"a": a, "b": b}, [a, b], (a, b)):
        outputs = pair.run(inputs)
        assert list(outputs) == ["sum", "difference"]
        assert (outputs["sum"] == a + b).all()
        assert (outputs["difference"] == a - b).all()
    total, difference = pair(a, b)
    assert (total == a + b).all() and (difference == a - b).all()


def test_results_lie_in_the_arrays_given(pair, a, b):
    total, difference = numpy.empty_like(a), numpy.empty_like(a)
    outputs = pair.run([a, b], out={"sum": total, "difference": difference})
    assert outputs["sum"] is total and outputs["difference"] is difference
    assert (total == a + b).all() and (difference == a - b).all()


def test_many_runs_in_one_call(pair, a, b):
    outputs = pair.run([numpy.concatenate([a, 2 * a, 3 * a]),
                        numpy.concatenate([b, b, b])])
    assert (outputs["sum"] ==
            numpy.concatenate([a + b, 2 * a + b, 3 * a + b])).all()


def test_read_only_inputs(pair, a, b):
    a.flags.writeable = False
    assert (pair.run([a, b])["sum"] == a + b).all()


@pytest.mark.parametrize("change, message", [
    (lambda a, b: [a], "expected 2 arrays, found 1; the model takes a float32"),
    (lambda a, b: a, "expected 2 arrays by name or in a list, found one"),
    (lambda a, b: {"a": a}, "input 'b' is missing"),
    (lambda a, b: {"a": a, "b": b, "c": b}, "there is no input named 'c'"),
    (lambda a, b: [a.astype("float64"), b],
     r"'a' must be float32 \[2, 3\], found float64 .* \.astype"),
    (lambda a, b: [a.astype(">f4"), b], "'a' must be"),
    (lambda a, b: [a.T, b], r"'a' must have shape \[2, 3\] .* found \[3, 2\]"),
    (lambda a, b: [numpy.asfortranarray(a), b], "must be contiguous"),
    (lambda a, b: [a[0], b], "must have shape"),
    (lambda a, b: [a[:0], b], "must have shape"),
    (lambda a, b: [numpy.concatenate([a, a]), b], "'b' holds 1 runs"),
    (lambda a, b: [object(), b], "input 'a' is no array: found object"),
    (lambda a, b: [[[1, 2], [3]], b], "input 'a' is no array"),
    (lambda a, b: [None, None], "is no array"),
    (lambda a, b: [numpy.frombuffer(b"x" * 25, numpy.uint8)[1:]
                   .view(numpy.float32).reshape(2, 3), b], "aligned"),
])
def test_inputs_that_do_not_fit(pair, a, b, change, message):
    with pytest.raises(quantopt.Error, match=message):
        pair.run(change(a, b))


def test_outputs_that_do_not_fit(pair, a, b):
    fixed = numpy.empty_like(a)
    fixed.flags.writeable = False
    for out, message in (([a], "expected 2 arrays"),
                         ([a, b.astype("int8")], "must be float32"),
                         ([a, b[:1]], "must have shape"),
                         ([a, numpy.asfortranarray(b)], "contiguous"),
                         ([a, fixed], "writable")):
        with pytest.raises(quantopt.Error, match=message):
            pair.run([a, b], out=out)


def test_raw_module_checks_for_itself(compiled):
    native = compiled._executable()
    image = numpy.zeros((1, 1, 8, 8), numpy.float32)
    for inputs, outputs in (
            ([image[:, :, ::2]], [numpy.zeros((1, 10), numpy.float32)]),
            ([image], [numpy.zeros((1, 9), numpy.float32)]),
            ([image], []),
            ([image.astype("int32")], [numpy.zeros((1, 10), numpy.float32)])):
        with pytest.raises(ValueError):
            native.run(inputs, outputs)
    for arguments in ((3, 4), ([None], [None]), ([image], "x")):
        with pytest.raises(TypeError):
            native.run(*arguments)


def test_torch_like_hints(digits):
    with pytest.raises(quantopt.Error, match=r"array\[None\]"):
        digits.run(numpy.zeros((1, 8, 8), numpy.float32))


def test_threads_share_a_model(compiled, evaluation):
    images = evaluation["image"]
    expected = compiled.run(images)["logits"]
    results = [None] * 8

    def work(i):
        for _ in range(5):
            results[i] = compiled.run(images)["logits"]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        assert (result == expected).all()


def test_threads_compile_at_once(digits, calib):
    objects = [None] * 4

    def work(i):
        objects[i] = digits.quantize(calib, report=False).compile()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({c.object_bytes for c in objects}) == 1
