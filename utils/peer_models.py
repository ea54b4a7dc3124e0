"""int8 models of other quantizers, made from the same calibration data.

Each peer is a class with a name, `available()` (an empty string, or what is
missing), `quantize(source, samples, folder)` -> file, and `runner(file)` -> a
callable of ../shared/data/evaluate.py. A peer takes its own recommended
settings; where it offers several calibration methods, each is a peer of its
own.

Invariant: a file is made once per folder; the folder's name says what from.
"""

import importlib.util
import os

import numpy as np

# NNCF and ONNX Runtime both keep statistics of every sample in memory.
MOST_SAMPLES = 128


def missing(*modules):
    """Words about the modules that this Python does not have."""
    lost = [m for m in modules if importlib.util.find_spec(m) is None]
    return f"no {', '.join(lost)} in this Python" if lost else ""


def spread(samples, most=MOST_SAMPLES):
    """[{input: array of batch 1}], taken evenly from {input: array}."""
    count = len(next(iter(samples.values())))
    picked = np.linspace(0, count - 1, min(most, count)).astype(int)
    return [{k: np.ascontiguousarray(v[i:i + 1]) for k, v in samples.items()}
            for i in picked]


class OnnxRuntime:
    """onnxruntime.quantization.quantize_static: QDQ, unsigned activations,
    signed weights per channel, after its own preprocessing."""

    def __init__(self, method):
        self.method = method
        self.name = f"ort-{method}"

    @staticmethod
    def available():
        return missing("onnxruntime", "onnx")

    def file(self, folder):
        return os.path.join(folder, f"ort_{self.method}.onnx")

    @staticmethod
    def _prepare(source, folder):
        """Shapes inferred, opset 13 or later (older ones have no per-channel
        DequantizeLinear), weights no inputs (the quantizer takes those for
        activations)."""
        import onnx
        from onnx import version_converter
        from onnxruntime.quantization import quant_pre_process
        model = onnx.load(source)
        if next(o.version for o in model.opset_import
                if o.domain in ("", "ai.onnx")) < 13:
            model = version_converter.convert_version(model, 17)
        weights = {t.name for t in model.graph.initializer}
        inputs = [v for v in model.graph.input if v.name not in weights]
        del model.graph.input[:]
        model.graph.input.extend(inputs)
        raised = os.path.join(folder, "ort_raised.onnx")
        onnx.save(model, raised)
        prepared = os.path.join(folder, "ort_prepared.onnx")
        quant_pre_process(raised, prepared, skip_symbolic_shape=True)
        return prepared

    def quantize(self, source, samples, folder):
        from onnxruntime.quantization import (
            CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType,
            quantize_static)

        class Reader(CalibrationDataReader):
            def __init__(self):
                self.left = iter(spread(samples))

            def get_next(self):
                return next(self.left, None)

        methods = {"minmax": CalibrationMethod.MinMax,
                   "entropy": CalibrationMethod.Entropy,
                   "percentile": CalibrationMethod.Percentile}
        quantize_static(
            self._prepare(source, folder), self.file(folder), Reader(),
            quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            calibrate_method=methods[self.method])

    def runner(self, folder, evaluate):
        return evaluate.ort(self.file(folder))

    def size(self, folder):
        return os.path.getsize(self.file(folder))


class OpenVino:
    """nncf.quantize with its defaults; its transformer preset for models that
    take token ids."""

    name = "openvino"

    @staticmethod
    def available():
        return missing("openvino", "nncf")

    def file(self, folder):
        return os.path.join(folder, "openvino.xml")

    def quantize(self, source, samples, folder):
        import nncf
        import openvino
        picked = spread(samples)
        options = {}
        if any(v.dtype == np.int64 for v in picked[0].values()):
            options = {"model_type": nncf.ModelType.TRANSFORMER,
                       "preset": nncf.QuantizationPreset.MIXED}
        model = nncf.quantize(openvino.Core().read_model(source),
                              nncf.Dataset(picked), subset_size=len(picked),
                              **options)
        openvino.save_model(model, self.file(folder), compress_to_fp16=False)

    def runner(self, folder, _):
        import openvino
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(self.file(folder)),
                                      "CPU", {"PERFORMANCE_HINT": "LATENCY"})
        names = [port.any_name for port in compiled.inputs]

        def call(batch):
            feeds = batch if isinstance(batch, dict) else {names[0]: batch}
            results = compiled(feeds)
            return [np.array(results[port]) for port in compiled.outputs]

        return call

    def size(self, folder):
        xml = self.file(folder)
        return os.path.getsize(xml) + os.path.getsize(xml[:-3] + "bin")


ORT_METHODS = ("minmax", "entropy", "percentile")


def peers(ort_methods):
    """All peers, ONNX Runtime once per calibration method."""
    return [*(OnnxRuntime(m) for m in ort_methods), OpenVino()]
