"""Float and quantized models.

Invariant: models never change. Each call gives a new object, so any thread may
use any of them at any time.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import _quantopt
from ._arrays import Inputs, Outputs, TensorSpec, make_specs, run
from ._calibration import CalibrationTable, Progress, SampleFeed, Samples
from ._compiled import CompiledModel, compile_model, suffix_of
from ._errors import fail, unwrap
from ._options import format_options
from ._report import Report

PathLike = Union[str, "os.PathLike[str]"]


class Model:
    """A model, float or with quantize and dequantize; see `quantopt.load`."""

    def __init__(self, native: _quantopt.Model, name: str,
                 remarks: Sequence[_quantopt.Message] = ()):
        self._native = native
        self._name = name
        #: What the compiler had to say when this object was made.
        self.remarks: List[_quantopt.Message] = list(remarks)
        self._lock = threading.Lock()
        self._runner: Any = None
        self._specs: Tuple[List[TensorSpec], List[TensorSpec]] = (
            make_specs(native.inputs), make_specs(native.outputs))

    @property
    def name(self) -> str:
        """The name of the model's function."""
        return self._native.entry

    @property
    def inputs(self) -> List[TensorSpec]:
        """Name, dtype and shape of each input."""
        return list(self._specs[0])

    @property
    def outputs(self) -> List[TensorSpec]:
        """Name, dtype and shape of each output."""
        return list(self._specs[1])

    def to_mlir(self, elide_above: int = 0) -> str:
        """MLIR text; constants of more than `elide_above` elements are left
        out (0: none, so that the text can be read back)."""
        text, _ = unwrap(self._native.print(elide_above))
        return text

    def __str__(self) -> str:
        return self.to_mlir()

    def __repr__(self) -> str:
        def names(specs: Sequence[TensorSpec]) -> str:
            return ", ".join(str(spec) for spec in specs)

        return (f"<{type(self).__name__} {self.name}: {names(self.inputs)} -> "
                f"{names(self.outputs)}>")

    # ----- running ---------------------------------------------------------

    def run(self, inputs: Inputs, out: Optional[Inputs] = None) -> Outputs:
        """Runs the model on numpy arrays.

        `inputs`: a dict by name, a list in order, or the only array; exactly
        of the dtypes and shapes of `inputs`, C-contiguous. With N times the
        first axis, the model runs N times. `out`: arrays to write into.

        Returns the outputs by name. Raises `Error` for arrays that do not
        fit. Float models are compiled at the first call and kept.
        """
        return run(self._executable(), inputs, out, self._specs[0],
                   self._specs[1])

    def __call__(self, *inputs: Any) -> Any:
        """Runs on arrays in order; gives the only output, or a tuple."""
        outputs = tuple(self.run(list(inputs)).values())
        return outputs[0] if len(outputs) == 1 else outputs

    def _executable(self) -> Any:
        with self._lock:
            if self._runner is None:
                self._runner = self._make_executable()
            return self._runner

    def _make_executable(self) -> Any:
        if self._native.kind == "float":
            executable, _ = unwrap(_quantopt.compile(self._native), 6)
            return executable
        return self.compile(report=False)._executable()

    # ----- transforming ----------------------------------------------------

    def transform(self, pass_name: str, **options: Any) -> "Model":
        """Runs any pass or pipeline of the command, such as "qnt-prepare",
        with its options as keywords (`_` for `-`)."""
        native, remarks = unwrap(self._native.transform(
            [(pass_name.lstrip("-"), format_options(options))]))
        return type(self)._rebuild(native, self._name, remarks)

    @classmethod
    def _rebuild(cls, native: _quantopt.Model, name: str,
                 remarks: Sequence[_quantopt.Message]) -> "Model":
        return Model(native, name, remarks)

    def quantize(self, calibration: Union[Samples, CalibrationTable,
                                          None] = None, *,
                 calibration_table: Union[CalibrationTable, PathLike,
                                          None] = None,
                 samples: int = 0,
                 observer: Optional[str] = None,
                 percentile: Optional[float] = None,
                 momentum: Optional[float] = None,
                 symmetric: Optional[bool] = None,
                 per_channel: bool = True,
                 bias_correction: bool = True,
                 rounding: Optional[str] = None,
                 full_integer: bool = False,
                 inference_input_type: str = "float",
                 inference_output_type: str = "float",
                 form: str = "integer",
                 print_scale_groups: bool = False,
                 report: bool = True,
                 progress: Optional[Progress] = None) -> "QuantizedModel":
        """Quantizes to 8-bit integer arithmetic.

        calibration: real inputs. A dict of arrays with the samples along the
            first axis, an array for a model with one input, a path to .npz or
            .npy, or any iterable of samples (dicts, lists in order, or
            arrays; each one sample or a batch), which is read once, one
            sample at a time. Or a `CalibrationTable`.
        calibration_table: what an earlier calibration found, instead of data
            or merged with them.
        samples: use at most so many; 0 takes all.
        observer: "percentile" (default), "mse", "min-max", "moving-average",
            or an attribute such as "#my.observer".
        percentile: share of the values inside the range, in percent, for
            observer="percentile" (99.999).
        momentum: weight of each sample, for observer="moving-average" (0.01).
        symmetric: activations with zero point 0 (default False).
        per_channel: a weight scale per output channel.
        bias_correction: biases take back what rounded weights add to the means
            of their channels.
        rounding: "fp32-rne", "tflite-double" or "tflite-single"; by default
            what the model says, else fp32-rne.
        full_integer: raise if anything between inputs and outputs stays
            float.
        inference_input_type, inference_output_type: "float", "int8", "uint8".
        form: "integer", or "qdq" for float ops with quantize and dequantize
            around them, which `run` simulates.
        print_scale_groups: a remark per edge with its parameters and why.
        report: gather `QuantizedModel.report`; costs runs of up to 16 samples.
        progress: called as progress(done, total) after each sample; `total`
            is None where only the end of the iterable will tell.

        What the iterable or `progress` raises comes out as it is. Raises
        `Error` for data that do not fit the model and for models that cannot
        be quantized.
        """
        options: Dict[str, Any] = {
            "samples": samples or None, "observer": observer,
            "percentile": percentile, "momentum": momentum,
            "symmetric": symmetric, "per-channel": per_channel,
            "bias-correction": bias_correction,
            "rounding": rounding, "full-integer": full_integer,
            "inference-input-type": inference_input_type,
            "inference-output-type": inference_output_type,
            "form": form,
            "print-scale-groups": print_scale_groups,
            "collect-report": report}
        return _quantize(self, calibration, calibration_table, options,
                         samples, progress)

    def calibrate(self, calibration: Samples, *,
                  samples: int = 0, observer: Optional[str] = None,
                  percentile: Optional[float] = None,
                  momentum: Optional[float] = None,
                  progress: Optional[Progress] = None) -> CalibrationTable:
        """Runs the observers alone and returns what they found, to be merged
        or kept; arguments as in `quantize`."""
        quantized = self.quantize(
            calibration, samples=samples, observer=observer,
            percentile=percentile, momentum=momentum, report=False,
            progress=progress)
        table = quantized.calibration
        if table is None:
            raise fail("the model has no edge to calibrate")
        return table

    def compile(self, mcpu: Optional[str] = None, *,
                triple: Optional[str] = None, features: Optional[str] = None,
                name: Optional[str] = None, static_arena: bool = False,
                opt_level: int = 3, report: bool = True) -> CompiledModel:
        """Compiles to an object file in memory.

        mcpu: a CPU as LLVM spells it, or "native"; by default "native" for
            this machine and "generic" for another.
        triple: the target, such as "aarch64-linux-gnu"; by default this
            machine's.
        features: features to add or take away, such as "+dotprod,-sve".
        name: prefix of all symbols; by default the function's name.
        static_arena: put the arena into the object, so that callers may pass
            NULL.
        opt_level: of LLVM's optimizer, 0 to 3.

        Raises `Error` for unknown targets and models that cannot be lowered.
        """
        options = {"triple": triple, "features": features, "name": name,
                   "mcpu": mcpu or ("generic" if triple else "native"),
                   "static-arena": static_arena}
        return compile_model(self._native, options, opt_level, report)

    # ----- files -----------------------------------------------------------

    def export(self, path: PathLike, **options: Any) -> None:
        """Writes the model as its suffix says: .mlir, .mlirbc; .onnx, a
        quantized model with QuantizeLinear and DequantizeLinear; or compiles
        it (with the options of `compile`) to .o, .s, .so, .ll, .bc or .exe."""
        suffix = suffix_of(path)
        if suffix not in (".mlir", ".mlirbc", ".onnx"):
            self.compile(**options).save(path)
            return
        if options:
            raise TypeError(f"{suffix} takes no options, found "
                            f"{', '.join(sorted(options))}")
        if suffix == ".onnx":
            self._export_onnx(os.fspath(path))
            return
        content = self.to_mlir().encode() if suffix == ".mlir" else \
            self._native.bytecode
        with open(path, "wb") as file:
            file.write(content)

    save = export

    def _export_onnx(self, path: str) -> None:
        unwrap(self._native.transform(
            [("qnt-export-onnx", format_options({"file": path}))]), 4)

    def __getstate__(self) -> Any:
        return self._native.bytecode, self._name, self.name, self.remarks

    def __setstate__(self, state: Any) -> None:
        bytecode, name, entry, remarks = state
        native, _ = unwrap(_quantopt.load(bytecode, "", "", "", "", entry,
                                          trusted=True))
        Model.__init__(self, native, name, remarks)


class QuantizedModel(Model):
    """Integer arithmetic with the parameters that calibration chose.

    `run` gives the bits that the compiled code gives on every machine;
    `run(..., reference=True)` interprets the model by docs/Numerics.md.
    """

    def __init__(self, native: _quantopt.Model, name: str,
                 remarks: Sequence[_quantopt.Message] = (),
                 report: Optional[Report] = None,
                 calibration: Optional[CalibrationTable] = None,
                 origin: Optional[Tuple[Model, Dict[str, Any]]] = None):
        super().__init__(native, name, remarks)
        #: The float model and the options: what an export starts from.
        self._origin = origin
        self._report = report
        #: What the observers found; None if nothing had to be calibrated.
        self.calibration = calibration
        self._reference: Any = None

    @property
    def report(self) -> Report:
        """Scale, zero point, range and SQNR of each tensor; what stays float
        and why; sizes. Raises `Error` after `quantize(report=False)`."""
        if self._report is None:
            raise fail("no report was gathered; quantize with report=True")
        return self._report

    def run(self, inputs: Inputs, out: Optional[Inputs] = None, *,
            reference: bool = False) -> Outputs:
        if not reference:
            return super().run(inputs, out)
        with self._lock:
            if self._reference is None:
                self._reference, _ = unwrap(
                    _quantopt.interpret(self._native))
        return run(self._reference, inputs, out, self._specs[0],
                   self._specs[1])

    run.__doc__ = Model.run.__doc__

    def __getstate__(self) -> Any:
        return (super().__getstate__(), self._report, self.calibration,
                self._origin)

    def __setstate__(self, state: Any) -> None:
        base, report, calibration, self._origin = state
        Model.__setstate__(self, base)
        self._report, self.calibration = report, calibration
        self._reference = None


    def _export_onnx(self, path: str) -> None:
        if self._native.kind == "float":
            super()._export_onnx(path)
            return
        if self._origin is None:
            raise fail("only the model that was quantized here can be exported "
                       "as ONNX: integer arithmetic has no form there")
        source, options = self._origin
        _quantize(source, None, self.calibration, dict(
            options, **{"form": "qdq", "collect-report": False,
                        "full-integer": False, "samples": None}), 0, None,
            [("qnt-export-onnx", format_options({"file": path}))])


def _quantize(model: Model, calibration: Any, table: Any,
              options: Dict[str, Any], limit: int,
              progress: Optional[Progress],
              steps: Sequence[Tuple[str, str]] = ()) -> QuantizedModel:
    """Runs the pipeline with its files in memory."""
    for key, kinds in (("samples", int), ("percentile", (int, float)),
                       ("momentum", (int, float)), ("observer", str),
                       ("rounding", str)):
        value = options[key]
        if value is not None and (isinstance(value, bool)
                                  or not isinstance(value, kinds)):
            raise TypeError(f"{key} must be "
                            f"{'text' if kinds is str else 'a number'}, found "
                            f"{value!r}")
    if isinstance(calibration, CalibrationTable):
        if table is not None:
            raise fail("two calibration tables are given; merge them first")
        calibration, table = None, calibration
    folder = _quantopt.Folder()
    origin = model, dict(options)
    feed = None
    if isinstance(calibration, (str, os.PathLike)) and progress is None:
        options["calibration-data"] = os.fspath(calibration)
    elif calibration is not None:
        feed = _quantopt.Samples(
            SampleFeed(calibration, model._native, model.inputs, limit,
                       progress).next, "calibration")
        options["calibration-data"] = feed.path
    elif progress is not None:
        raise fail("progress applies to calibration data, and none are given")
    if isinstance(table, (str, os.PathLike)):
        table = CalibrationTable.load(table)
    if table is not None:
        if not isinstance(table, CalibrationTable):
            raise TypeError("calibration_table must be a CalibrationTable or "
                            f"a path, found {type(table).__name__}")
        folder.write("calibration table", table.to_json().encode())
        options["calibration-table"] = folder.path("calibration table")
    if options["collect-report"]:
        options["report"] = folder.path("report.json")
    if calibration is not None or table is not None:
        options["write-table"] = folder.path("table.json")
    native, remarks = unwrap(model._native.transform(
        [("quantize-int8", format_options(options)), *steps], feed), 4)
    found = folder.read("table.json")
    report = folder.read("report.json")
    return QuantizedModel(
        native, model._name, remarks,
        Report(report.decode(), (folder.read("report.txt") or b"").decode())
        if report else None,
        CalibrationTable(found.decode()) if found else None, origin)


def load_native(content: bytes, path: str,
                input_shapes: Optional[Mapping[str, Sequence[int]]],
                external_data_dir: Optional[PathLike], name: Optional[str],
                entry: Optional[str]) -> Model:
    shapes = ",".join(
        f"{key}:{'x'.join(str(int(size)) for size in shape)}"
        for key, shape in (input_shapes or {}).items())
    native, remarks = unwrap(_quantopt.load(
        content, path, shapes,
        os.fspath(external_data_dir) if external_data_dir else "", name or "",
        entry or ""), 4)
    made = QuantizedModel if native.kind == "integer" else Model
    return made(native, path, remarks)
