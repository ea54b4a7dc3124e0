"""Writes TFLite files: a small layer over the classes that ai-edge-litert
carries. `Model` collects tensors and ops of one graph; `save` writes the file.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

CODES = schema.BuiltinOperator
TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.float16): schema.TensorType.FLOAT16,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int64): schema.TensorType.INT64,
    np.dtype(np.bool_): schema.TensorType.BOOL,
}


def quant(scale, zero_point=0, axis=0):
    """Parameters of a tensor: one scale, or a list along an axis."""
    result = schema.QuantizationParametersT()
    result.scale = np.atleast_1d(np.asarray(scale, np.float32))
    zeros = np.broadcast_to(np.asarray(zero_point, np.int64),
                            result.scale.shape)
    result.zeroPoint = np.array(zeros)
    result.quantizedDimension = axis
    return result


class Model:
    """One graph under construction; tensors are their indices."""

    def __init__(self):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.operatorCodes = []
        self.model.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, shape, dtype=np.float32, quantization=None, name=None):
        tensor = schema.TensorT()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = TYPES[np.dtype(dtype)]
        tensor.name = name or f"t{len(self.graph.tensors)}"
        tensor.quantization = quantization
        tensor.hasRank = True
        tensor.buffer = 0
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, array, quantization=None):
        array = np.asarray(array)
        index = self.tensor(array.shape, array.dtype, quantization)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors[index].buffer = len(self.model.buffers) - 1
        return index

    def input(self, shape, dtype=np.float32, quantization=None):
        index = self.tensor(shape, dtype, quantization,
                            f"in{len(self.graph.inputs)}")
        self.graph.inputs.append(index)
        return index

    def op(self, name, inputs, outputs, options=None, **fields):
        """Adds an op; `options` names the class of its options without T."""
        code = getattr(CODES, name)
        operator = schema.OperatorT()
        known = [c.builtinCode for c in self.model.operatorCodes]
        if code not in known:
            entry = schema.OperatorCodeT()
            entry.builtinCode = code
            entry.deprecatedBuiltinCode = min(code, 127)
            entry.version = 1
            self.model.operatorCodes.append(entry)
            known.append(code)
        operator.opcodeIndex = known.index(code)
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array(outputs, np.int32)
        if options:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions,
                                                  options)
            operator.builtinOptions = getattr(schema, options + "T")()
            for key, value in fields.items():
                assert hasattr(operator.builtinOptions, key), key
                setattr(operator.builtinOptions, key, value)
        self.graph.operators.append(operator)

    def version(self, number):
        """Sets the version of the newest op code: kernels ask for it."""
        self.model.operatorCodes[-1].version = number

    def result(self, index, name=None):
        self.graph.tensors[index].name = name or f"out{len(self.graph.outputs)}"
        self.graph.outputs.append(index)

    def save(self, path):
        self.graph.inputs = np.array(self.graph.inputs, np.int32)
        self.graph.outputs = np.array(self.graph.outputs, np.int32)
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        with open(path, "wb") as file:
            file.write(builder.Output())
