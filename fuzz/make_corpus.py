"""make_corpus.py FOLDER: seeds for onnx-fuzzer, and FOLDER.dict.

Seeds are the six models of ../shared/data with most of their channels cut away
(where that folder is there), the small models of the import tests, and the node
cases that the onnx package generates. The
dictionary lists the ops and attributes that occur in them.
"""

import importlib.util
import os
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("QNT_SHARED_DATA",
                        os.path.join(ROOT, os.pardir, "shared", "data"))
MODELS = ("ic_resnet8", "vww_mobilenetv1", "kws_dscnn", "ad_autoencoder",
          "mnist_keras_cnn", "mnist_mlp")
# Channel counts of these models; all shrink by the same factor.
CHANNELS = (16, 32, 64, 128, 256, 640, 784)
FACTOR = 16
MAX_CASE_BYTES = 2048


def shrink_dim(size):
    return size // FACTOR if size in CHANNELS else size


def shrink(model):
    """Cuts weights, groups, reshape targets and flat inputs."""
    graph = model.graph
    for index, tensor in enumerate(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.int64:
            array = np.array([shrink_dim(v) for v in array.flat],
                             np.int64).reshape(array.shape)
        else:
            array = array[tuple(slice(shrink_dim(d)) for d in array.shape)]
        graph.initializer[index].CopyFrom(
            numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name == "group":
                attribute.i = shrink_dim(attribute.i)
    for value in list(graph.input) + list(graph.output):
        dims = value.type.tensor_type.shape.dim
        if len(dims) == 2:
            dims[1].dim_value = shrink_dim(dims[1].dim_value)
    del graph.value_info[:]
    return model


def seeds():
    for name in MODELS:
        path = os.path.join(SHARED, name, "model.onnx")
        if os.path.isfile(path):
            yield name, shrink(onnx.load(path))
    path = os.path.join(ROOT, "test", "Import", "Inputs", "make_models.py")
    spec = importlib.util.spec_from_file_location("make_models", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, build in module.CASES.items():
        yield name, build()
    yield from node_cases()


def node_cases():
    """The small models of the operator tests, functions left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = load_model_tests(kind="node")
    for case in cases:
        if ("_expanded" not in case.name and case.model is not None
                and case.model.ByteSize() <= MAX_CASE_BYTES):
            yield case.name, case.model


def main(folder):
    os.makedirs(folder, exist_ok=True)
    words = set()
    for name, model in seeds():
        onnx.save(model, os.path.join(folder, name + ".onnx"))
        for node in model.graph.node:
            words.add(node.op_type)
            words.update(a.name for a in node.attribute)
    with open(folder.rstrip("/") + ".dict", "w", encoding="utf8") as file:
        file.writelines(f'"{word}"\n' for word in sorted(words))


main(sys.argv[1])
