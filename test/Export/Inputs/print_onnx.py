"""Prints an ONNX model, one line per node, after checking it."""

import sys

import onnx
from onnx import helper

model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
kind = onnx.TensorProto.DataType.Name
print("opset", model.opset_import[0].version)
constants = {}
for tensor in model.graph.initializer:
    constants[tensor.name] = f":{kind(tensor.data_type)}{list(tensor.dims)}"
for title, values in (("input", model.graph.input),
                      ("output", model.graph.output)):
    for value in values:
        tensor = value.type.tensor_type
        dims = [d.dim_value for d in tensor.shape.dim]
        print(title, value.name, kind(tensor.elem_type), dims)
for node in model.graph.node:
    inputs = ", ".join(i + constants.get(i, "") for i in node.input)
    attributes = "".join(
        f" {a.name}={helper.get_attribute_value(a)}" for a in node.attribute)
    print(f"{node.output[0]} = {node.op_type}({inputs}){attributes}")
