#!/usr/bin/env python3
"""Prints a random integer model in the form that the codegen stage takes.

    random_graph.py SEED [STEPS] > model.mlir

Tensors branch, join, are padded, sliced, reshaped and pooled at random, so that
the memory planner meets halos, views, copies and results in place. Invariant:
the same seed gives the same text.
"""

import random
import sys

import numpy as np


class Graph:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numpy = np.random.default_rng(seed)
        self.lines = []
        self.values = []  # (name, shape, zero point), all i8
        self.count = 0
        self.rounding = self.random.choice(
            ["fp32_rne", "tflite_double", "tflite_single"])

    def name(self):
        self.count += 1
        return f"%v{self.count}"

    def emit(self, text):
        self.lines.append("    " + text)

    @staticmethod
    def type(shape, element="i8"):
        return f"tensor<{'x'.join(map(str, shape))}x{element}>"

    def define(self, shape, zp):
        name = self.name()
        self.values.append((name, tuple(shape), zp))
        return name

    def pick(self, rank=None):
        found = [v for v in self.values[-6:] if rank in (None, len(v[1]))]
        return self.random.choice(found) if found else None

    def zp(self):
        return self.random.randint(-128, 127)

    def constant(self, array, element):
        name = self.name()
        kind = {"i8": np.int8, "i32": np.int32}[element]
        data = array.astype(kind).tobytes().hex().upper()
        value = f'dense<"0x{data}">' if array.size > 1 else \
            f"dense<{int(array.reshape(-1)[0])}>"
        kind = self.type(array.shape, element)
        self.emit(f'{name} = "tosa.const"() {{values = {value} : {kind}}} : '
                  f'() -> {kind}')
        return name

    def shape_constant(self, values):
        name = self.name()
        self.emit(f"{name} = tosa.const_shape {{values = "
                  f"dense<{list(values)}> : tensor<{len(values)}xindex>}} : () "
                  f"-> !tosa.shape<{len(values)}>")
        return name

    def rescale(self, acc, shape, multipliers, element="i32", input_zp=0):
        zp = self.zp()
        result = self.define(shape, zp)
        if self.rounding == "fp32_rne":
            multipliers = np.float32(multipliers)
        text = ", ".join(repr(float(m)) for m in np.atleast_1d(multipliers))
        self.emit(f"{result} = qnt.rescale {acc} {{multipliers = array<f64: "
                  f"{text}>, input_zp = {input_zp} : i32, output_zp = {zp} : "
                  f"i32, min = -128 : i32, max = 127 : i32, rounding = "
                  f"#qnt.rounding<{self.rounding}>}} : "
                  f"{self.type(shape, element)} to {self.type(shape)}")

    # Ops, each returns without a line if it finds no fitting operand.

    def conv(self, depthwise=False):
        x = self.pick(4)
        if not x:
            return
        name, (n, h, w, c), zp = x
        kh, kw = self.random.choice([(1, 1), (3, 3), (2, 3), (5, 1)])
        sh, sw = self.random.choice([(1, 1), (2, 2), (1, 2)])
        top, bottom = (self.random.randint(0, kh - 1) for _ in range(2))
        left, right = (self.random.randint(0, kw - 1) for _ in range(2))
        bottom -= min(bottom, (h + top + bottom - kh) % sh)
        right -= min(right, (w + left + right - kw) % sw)
        oh, ow = h + top + bottom - kh, w + left + right - kw
        if oh < 0 or ow < 0 or oh % sh or ow % sw:
            return
        oh, ow = oh // sh + 1, ow // sw + 1
        oc = c * self.random.choice([1, 1, 2]) if depthwise else \
            self.random.choice([3, 8, 16, 20, 32, 48])
        weights = (kh, kw, c, oc // c) if depthwise else (oc, kh, kw, c)
        depth = kh * kw * (1 if depthwise else c)
        constants = [
            self.constant(self.numpy.integers(-127, 128, weights), "i8"),
            self.constant(self.numpy.integers(-5000, 5000, oc), "i32"),
            self.constant(np.array([zp]), "i8"),
            self.constant(np.array([0]), "i8")]
        acc = self.name()
        op = "depthwise_conv2d" if depthwise else "conv2d"
        out = (n, oh, ow, oc)
        self.emit(f"{acc} = tosa.{op} {name}, {', '.join(constants)} "
                  f"{{acc_type = i32, pad = array<i64: {top}, {bottom}, {left},"
                  f" {right}>, stride = array<i64: {sh}, {sw}>, dilation = "
                  f"array<i64: 1, 1>}} : ({self.type((n, h, w, c))}, "
                  f"{self.type(weights)}, {self.type([oc], 'i32')}, "
                  f"tensor<1xi8>, tensor<1xi8>) -> {self.type(out, 'i32')}")
        scale = 1.0 / (60 * 73 * depth ** 0.5)
        many = oc if self.random.random() < 0.7 else 1
        self.rescale(acc, out, scale * self.numpy.uniform(0.5, 2, many))

    def depthwise(self):
        self.conv(depthwise=True)

    def binary(self):
        x = self.pick()
        same = [v for v in self.values if v[1] == x[1]]
        y = self.random.choice(same)
        op = self.random.choice(["add", "sub", "mul"])
        zp = self.zp()
        result = self.define(x[1], zp)
        a, b, out = self.numpy.uniform(0.01, 0.2, 3).astype(np.float32)
        kind = self.type(x[1])
        self.emit(f"{result} = qnt.{op} {x[0]}, {y[0]} {{lhs_scale = {a!r} : "
                  f"f32, lhs_zp = {x[2]} : i32, rhs_scale = {b!r} : f32, rhs_zp "
                  f"= {y[2]} : i32, output_scale = {out!r} : f32, output_zp = "
                  f"{zp} : i32, min = -128 : i32, max = 127 : i32, rounding = "
                  f"#qnt.rounding<{self.rounding}>}} : {kind}, {kind} to {kind}"
                  .replace("np.float32(", "").replace(") :", " :"))

    def table(self):
        x = self.pick()
        result = self.define(x[1], self.zp())
        table = ", ".join(map(str, self.numpy.integers(-128, 128, 256)))
        self.emit(f"{result} = qnt.table {x[0]} {{table = array<i8: {table}>}} "
                  f": {self.type(x[1])} to {self.type(x[1])}")

    def requantize(self):
        x = self.pick()
        self.rescale(x[0], x[1], self.random.uniform(0.5, 2), "i8", x[2])

    def max_pool(self):
        x = self.pick(4)
        if not x:
            return
        name, (n, h, w, c), zp = x
        kh, kw = min(h, 2), min(w, 3)
        pad = self.random.randint(0, 1)
        result = self.define((n, h + pad - kh + 1, w - kw + 1, c), zp)
        self.emit(f"{result} = tosa.max_pool2d {name} {{kernel = array<i64: "
                  f"{kh}, {kw}>, stride = array<i64: 1, 1>, pad = array<i64: "
                  f"{pad}, 0, 0, 0>}} : ({self.type((n, h, w, c))}) -> "
                  f"{self.type(self.values[-1][1])}")

    def resize(self):
        x = self.pick(4)
        if not x:
            return
        name, (n, h, w, c), zp = x
        bilinear = self.random.random() < 0.5
        scale, offset, border, size = [], [], [], []
        for extent in (h, w):
            up, down = self.random.choice([(2, 1), (4, 2), (6, 4), (2, 2)])
            shift = self.random.randint(-1, 1)
            last = (extent - 1) * up - shift + self.random.randint(0, down)
            out = last // down + 1
            size.append(out)
            scale += [up, down]
            offset.append(shift)
            border.append((out - 1) * down - (extent - 1) * up + shift)
        shape = (n, *size, c)
        if size[0] * size[1] * c > 4000 or min(size) < 1:
            return
        constants = [self.shape_constant(v) for v in (scale, offset, border)]
        mode, kind = ("BILINEAR", "i32") if bilinear else (
            "NEAREST_NEIGHBOR", "i8")
        result = self.name() if bilinear else self.define(shape, zp)
        self.emit(f"{result} = tosa.resize {name}, {', '.join(constants)} "
                  f"{{mode = {mode}}} : ({self.type((n, h, w, c))}, "
                  f"!tosa.shape<4>, !tosa.shape<2>, !tosa.shape<2>) -> "
                  f"{self.type(shape, kind)}")
        if bilinear:
            weights = scale[0] * scale[2]
            self.rescale(result, shape, self.random.uniform(0.6, 1.5) / weights,
                         input_zp=zp * weights)

    def concat(self):
        x = self.pick(4)
        if not x:
            return
        fits = [v for v in self.values
                if len(v[1]) == 4 and v[1][:3] == x[1][:3]]
        parts = [x] + self.random.choices(fits, k=self.random.randint(1, 2))
        shape = x[1][:3] + (sum(p[1][3] for p in parts),)
        if shape[3] > 100:
            return
        result = self.define(shape, x[2])
        self.emit(f"{result} = tosa.concat {', '.join(p[0] for p in parts)} "
                  f"{{axis = 3 : i32}} : "
                  f"({', '.join(self.type(p[1]) for p in parts)}) -> "
                  f"{self.type(shape)}")

    def slice(self):
        x = self.pick()
        start = [self.random.randint(0, min(d - 1, 2)) for d in x[1]]
        size = [self.random.randint((d - s + 1) // 2, d - s)
                for d, s in zip(x[1], start)]
        at, extent = self.shape_constant(start), self.shape_constant(size)
        result = self.define(size, x[2])
        rank = len(size)
        self.emit(f"{result} = tosa.slice {x[0]}, {at}, {extent} : "
                  f"({self.type(x[1])}, !tosa.shape<{rank}>, "
                  f"!tosa.shape<{rank}>) -> {self.type(size)}")

    def pad(self):
        x = self.pick()
        both = [self.random.randint(0, 2) for _ in range(2 * len(x[1]))]
        both[0] = both[1] = 0
        shape = [d + both[2 * i] + both[2 * i + 1]
                 for i, d in enumerate(x[1])]
        amounts = self.shape_constant(both)
        value = self.constant(np.array([x[2]]), "i8")
        result = self.define(shape, x[2])
        self.emit(f"{result} = tosa.pad {x[0]}, {amounts}, {value} : "
                  f"({self.type(x[1])}, !tosa.shape<{len(both)}>, tensor<1xi8>)"
                  f" -> {self.type(shape)}")

    def reshape(self):
        x = self.pick()
        n, rest = x[1][0], x[1][1:]
        if len(rest) == 3:
            shape = (n, rest[0] * rest[1], rest[2])
        elif len(rest) == 2 and rest[0] % 2 == 0:
            shape = (n, 2, rest[0] // 2, rest[1])
        else:
            shape = (n,) + (1,) * (3 - len(rest)) + rest
        extents = self.shape_constant(shape)
        result = self.define(shape, x[2])
        self.emit(f"{result} = tosa.reshape {x[0]}, {extents} : "
                  f"({self.type(x[1])}, !tosa.shape<{len(shape)}>) -> "
                  f"{self.type(shape)}")

    def transpose(self):
        x = self.pick()
        perm = [0] + self.random.sample(range(1, len(x[1])), len(x[1]) - 1)
        shape = [x[1][p] for p in perm]
        result = self.define(shape, x[2])
        self.emit(f"{result} = tosa.transpose {x[0]} {{perms = array<i32: "
                  f"{', '.join(map(str, perm))}>}} : ({self.type(x[1])}) -> "
                  f"{self.type(shape)}")

    def build(self, steps):
        shape = (1, self.random.randint(4, 9), self.random.randint(4, 9),
                 self.random.choice([1, 3, 8, 16]))
        first = self.define(shape, 3)
        self.emit(f"{first} = qnt.to_int %x {{scale = 5.0e-02 : f32, "
                  f"zero_point = 3 : i32, min = -128 : i32, max = 127 : i32}} :"
                  f" {self.type(shape, 'f32')} to {self.type(shape)}")
        makers = [self.conv] * 4 + [self.depthwise] * 2 + [self.binary] * 4 + [
            self.table, self.requantize, self.max_pool, self.concat,
            self.concat, self.resize, self.resize, self.slice, self.pad, self.reshape, self.reshape,
            self.transpose]
        for _ in range(steps):
            self.random.choice(makers)()
        outputs = [self.values[-1], self.random.choice(self.values)]
        names = []
        for index, value in enumerate(outputs):
            names.append(f"%out{index}")
            self.emit(f"%out{index} = qnt.to_float {value[0]} {{scale = "
                      f"2.5e-01 : f32, zero_point = {value[2]} : i32}} : "
                      f"{self.type(value[1])} to {self.type(value[1], 'f32')}")
        types = ", ".join(self.type(v[1], "f32") for v in outputs)
        results = ", ".join(f'{self.type(v[1], "f32")} {{qnt.name = "y{i}"}}'
                            for i, v in enumerate(outputs))
        head = (f"func.func @graph(%x: {self.type(shape, 'f32')} "
                f'{{qnt.name = "x"}}) -> ({results}) {{')
        return "\n".join([head] + self.lines + [
            f"    return {', '.join(names)} : {types}", "}", ""]), shape


def main():
    seed = int(sys.argv[1])
    text, _ = Graph(seed).build(int(sys.argv[2]) if len(sys.argv) > 2 else 14)
    print(text, end="")


if __name__ == "__main__":
    main()
