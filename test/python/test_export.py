"""Exported ONNX models: ONNX Runtime computes what the compiled code does."""

import os
import subprocess
import sys

import numpy
import pytest

import quantopt

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SHARED = os.environ.get("QNT_SHARED_DATA", "")


def run_onnx(path, name, samples, batch=1):
    session = onnxruntime.InferenceSession(
        os.fspath(path), providers=["CPUExecutionProvider"])
    return numpy.concatenate(
        [session.run(None, {name: samples[i:i + batch]})[0]
         for i in range(0, len(samples), batch)])


def test_example(digits, quantized, compiled, evaluation, tmp_path):
    quantized.export(tmp_path / "q.onnx")
    onnx.checker.check_model(os.fspath(tmp_path / "q.onnx"), full_check=True)
    images = evaluation["image"]
    ours = compiled.run(images)["logits"]
    theirs = run_onnx(tmp_path / "q.onnx", "image", images)
    scale = quantized.report.tensors[-1].scale[0]
    steps = abs(ours - theirs) / scale
    assert steps.max() < 1.01
    assert (steps < 0.5).mean() > 0.99


def test_imports_again(quantized, compiled, evaluation, tmp_path):
    """What is written reads back as the same quantized model."""
    quantized.export(tmp_path / "q.onnx")
    again = quantopt.load(tmp_path / "q.onnx").quantize()
    assert again.report.float_ops == []
    images = evaluation["image"][:50]
    assert (again.compile().run(images)["logits"] ==
            compiled.run(images)["logits"]).all()


def test_float_models(digits, evaluation, tmp_path):
    digits.transform("qnt-prepare").export(tmp_path / "f.onnx")
    images = evaluation["image"][:20]
    numpy.testing.assert_allclose(
        run_onnx(tmp_path / "f.onnx", "image", images),
        digits.run(images)["logits"], rtol=1e-3, atol=1e-4)


def test_integer_models_of_others(quantized, tmp_path):
    quantized.export(tmp_path / "q.mlir")
    with pytest.raises(quantopt.Error, match="integer arithmetic has no form"):
        quantopt.load(tmp_path / "q.mlir").export(tmp_path / "q.onnx")


def stored_samples(name, folder, split):
    path = os.path.join(folder, f"{name}.{split}.npz")
    subprocess.run([sys.executable, os.path.join(SHARED, "evaluate.py"), name,
                    "--write", path, "--split", split, "--n", "24"],
                   check=True, cwd=SHARED, stdout=subprocess.DEVNULL)
    return dict(numpy.load(path))


@pytest.mark.parametrize("name, all_edges", [
    ("ic_resnet8", True), ("vww_mobilenetv1", True), ("kws_dscnn", True),
    ("ad_autoencoder", True), ("mobilenetv2_imagenet", False)])
def test_shared_models(name, all_edges, tmp_path):
    """Same answers; and each edge within one step of ONNX Runtime's, given the
    same inputs."""
    path = os.path.join(SHARED, name, "model.onnx")
    if not os.path.exists(path):
        pytest.skip("the shared models are not there")
    pytest.importorskip("PIL")
    model = quantopt.load(path)
    calib = stored_samples(name, tmp_path, "calib")
    quantized = model.quantize(calib, report=False)
    quantized.export(tmp_path / "q.onnx")
    key = model.inputs[0].name
    samples = calib[key][:8]
    (mine,) = quantized.compile().run(samples).values()
    theirs = run_onnx(tmp_path / "q.onnx", key, samples)
    # Their answer is ours, or ties with it: steps add up on the way.
    theirs_here = numpy.take_along_axis(
        mine, theirs.argmax(-1, keepdims=True), -1)[..., 0]
    assert (mine.max(-1) - theirs_here <= 0.01 * abs(mine).max()).all()
    if not all_edges:
        return
    worst = compare_edges(tmp_path / "q.onnx", key, samples[:2])
    assert max(worst.values()) < 1.01, worst


def compare_edges(path, key, samples):
    """{edge: most steps between ONNX Runtime and the compiled code}. ONNX
    Runtime gets what the compiled code found on the edges before."""
    graph = onnx.shape_inference.infer_shapes(onnx.load(path))
    makers = {o: n for n in graph.graph.node for o in n.output}
    values = {v.name: v for v in graph.graph.value_info}
    given = {o.name for o in graph.graph.output}
    constants = {t.name: onnx.numpy_helper.to_array(t)
                 for t in graph.graph.initializer}
    edges = [n for n in graph.graph.node if n.op_type == "DequantizeLinear"
             and n.input[0] not in constants]
    inner = [n.output[0] for n in edges if n.output[0] not in given]
    shown = onnx.ModelProto()
    shown.CopyFrom(graph)
    shown.graph.output.extend(values[name] for name in inner)
    quantized = quantopt.load(shown.SerializeToString()).quantize()
    assert quantized.report.float_ops == []
    found = dict(quantized.compile().run(samples), **{key: samples})
    extractor = onnx.utils.Extractor(graph)
    stops = {n.output[0] for n in edges} | {key}
    worst = {}
    for edge in edges:
        before, todo = set(), [makers[edge.input[0]].input[0]]
        while todo:
            name = todo.pop()
            if name in stops:
                before.add(name)
            elif name not in constants:
                node = makers[name]
                if node.op_type != "DequantizeLinear":
                    todo.extend(i for i in node.input if i)
        part = extractor.extract_model(sorted(before), [edge.output[0]])
        session = onnxruntime.InferenceSession(
            part.SerializeToString(), providers=["CPUExecutionProvider"])
        worst[edge.output[0]] = max(
            float(abs(session.run(None, {n: found[n][i:i + 1]
                                         for n in before})[0] -
                      found[edge.output[0]][i:i + 1]).max() /
                  constants[edge.input[1]])
            for i in range(len(samples)))
    return worst
