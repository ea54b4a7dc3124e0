#!/usr/bin/env python3
"""Trains the example model and writes digits.onnx, calib.npz and eval.npz.

    python3 -m venv env && env/bin/pip install -r requirements.txt
    env/bin/python train.py

A small CNN on the 8x8 handwritten digits that scikit-learn carries. The ONNX
file is what a plain PyTorch model looks like before any optimizer touched it:
NCHW, explicit batch norms, a depthwise and a pointwise convolution, a residual
add, pooling and a dense layer.

Invariant: training, calibration and evaluation samples are disjoint, and the
seed fixes all three files for one version of torch on one kind of CPU.
"""

import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 7
EPOCHS = 60
SAMPLES_CALIB = 200
SAMPLES_EVAL = 500


def conv(cin, cout, kernel, groups=1):
    """Convolution that keeps the size, followed by batch norm."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, padding=kernel // 2, groups=groups,
                  bias=False),
        nn.BatchNorm2d(cout))


class Digits(nn.Module):
    """1x8x8 -> 10 logits."""

    def __init__(self):
        super().__init__()
        self.stem = conv(1, 32, 3)
        self.depthwise = conv(32, 32, 3, groups=32)
        self.pointwise = conv(32, 64, 1)
        self.block1 = conv(64, 64, 3)
        self.block2 = conv(64, 64, 3)
        self.dense = nn.Linear(64 * 2 * 2, 10)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = torch.relu(self.depthwise(x))
        x = torch.relu(self.pointwise(x))
        x = torch.max_pool2d(x, 2)
        y = torch.relu(self.block1(x))
        x = torch.relu(self.block2(y) + x)
        x = nn.functional.avg_pool2d(x, 2)
        return self.dense(x.flatten(1))


def load():
    """-> three disjoint (inputs [N, 1, 8, 8] in 0..1, labels)."""
    data = load_digits()
    x = (data.images / 16.0).astype(np.float32)[:, None]
    y = data.target.astype(np.int64)
    order = np.random.RandomState(SEED).permutation(len(x))
    x, y = x[order], y[order]
    a, b = SAMPLES_EVAL, SAMPLES_EVAL + SAMPLES_CALIB
    return (x[b:], y[b:]), (x[a:b], y[a:b]), (x[:a], y[:a])


def augment(x):
    """Rotates, scales and shifts each sample a little."""
    n = len(x)
    angle = (torch.rand(n) - 0.5) * 0.5
    scale = 1 + (torch.rand(n) - 0.5) * 0.3
    shift = (torch.rand(n, 2) - 0.5) * 0.4
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack([
        torch.stack([cos, -sin, shift[:, 0]], 1),
        torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    grid = nn.functional.affine_grid(theta, list(x.shape), align_corners=False)
    return nn.functional.grid_sample(x, grid, align_corners=False)


def train(x, y):
    """-> the trained model in evaluation mode."""
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    model = Digits()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    batches = (len(x) + 63) // 64
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.01, total_steps=EPOCHS * batches)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(EPOCHS):
        total = 0.0
        for part in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = loss_of(model(augment(x[part])), y[part])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(part)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {total / len(x):.3f}")
    return model.eval()


class Exporter:
    """Writes the graph node by node, so nothing is folded on the way."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, name, tensor):
        array = tensor.detach().numpy().astype(np.float32)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(
            op, inputs, [name + "_out"], name=name, **attributes))
        return name + "_out"

    def conv(self, x, name, layer, relu=True):
        convolution, norm = layer
        pad = convolution.padding[0]
        x = self.node(
            "Conv", [x, self.weight(f"{name}.weight", convolution.weight)],
            name, kernel_shape=list(convolution.kernel_size),
            pads=[pad] * 4, strides=[1, 1], group=convolution.groups)
        parameters = {
            "scale": norm.weight, "bias": norm.bias,
            "mean": norm.running_mean, "var": norm.running_var}
        x = self.node(
            "BatchNormalization",
            [x] + [self.weight(f"{name}.bn.{k}", v)
                   for k, v in parameters.items()],
            f"{name}_bn", epsilon=norm.eps)
        return self.node("Relu", [x], f"{name}_relu") if relu else x

    def model(self, net):
        x = self.conv("image", "stem", net.stem)
        x = self.conv(x, "depthwise", net.depthwise)
        x = self.conv(x, "pointwise", net.pointwise)
        skip = self.node("MaxPool", [x], "maxpool", kernel_shape=[2, 2],
                         strides=[2, 2])
        x = self.conv(skip, "block1", net.block1)
        x = self.conv(x, "block2", net.block2, relu=False)
        x = self.node("Add", [x, skip], "residual")
        x = self.node("Relu", [x], "residual_relu")
        x = self.node("AveragePool", [x], "avgpool", kernel_shape=[2, 2],
                      strides=[2, 2])
        x = self.node("Flatten", [x], "flatten", axis=1)
        self.nodes.append(helper.make_node(
            "Gemm", [x, self.weight("dense.weight", net.dense.weight),
                     self.weight("dense.bias", net.dense.bias)],
            ["logits"], name="dense", transB=1))
        graph = helper.make_graph(
            self.nodes, "digits",
            [helper.make_tensor_value_info(
                "image", TensorProto.FLOAT, [1, 1, 8, 8])],
            [helper.make_tensor_value_info(
                "logits", TensorProto.FLOAT, [1, 10])],
            self.weights)
        return helper.make_model(
            graph, producer_name="quant-opt example", ir_version=8,
            opset_imports=[helper.make_opsetid("", 17)])


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    (x, y), (x_calib, _), (x_eval, y_eval) = load()
    net = train(x, y)
    with torch.no_grad():
        right = net(torch.from_numpy(x_eval)).argmax(1).numpy() == y_eval
    model = Exporter().model(net)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, os.path.join(HERE, "digits.onnx"))
    np.savez_compressed(os.path.join(HERE, "calib.npz"), image=x_calib)
    np.savez_compressed(os.path.join(HERE, "eval.npz"), image=x_eval,
                        y=y_eval)
    print(f"accuracy {right.mean():.4f} on {len(right)} samples")


if __name__ == "__main__":
    main()
