"""The cases of compare_structured.py: recurrent cells, control flow, products,
orders and attention.

A case is a function that adds nodes to a Net; what it returns are the outputs.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CASES = {}
MICROSOFT = "com.microsoft"


class Net:
    """Collects nodes of one model; inputs and weights are seeded."""

    def __init__(self, opset):
        self.opset, self.rng = opset, np.random.RandomState(3)
        self.nodes, self.inputs, self.weights = [], [], []
        self.feeds, self.functions = {}, []

    def feed(self, value):
        """A run-time input that gets this value."""
        value = np.asarray(value)
        name = f"x{len(self.feeds)}"
        self.feeds[name] = value
        self.inputs.append(helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
        return name

    def x(self, *shape, scale=1.0):
        return self.feed((self.rng.standard_normal(shape) * scale)
                         .astype(np.float32))

    def const(self, value):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def w(self, *shape, scale=0.5):
        return self.const((self.rng.standard_normal(shape) * scale)
                          .astype(np.float32))

    def node(self, op, *inputs, outputs=1, domain="", **attrs):
        outs = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(
            op, list(inputs), outs, name=f"{op}{len(self.nodes)}",
            domain=domain, **attrs))
        return outs[0] if outputs == 1 else outs

    def build(self, outputs):
        outputs = [outputs] if isinstance(outputs, str) else outputs
        graph = helper.make_graph(
            self.nodes, "case", self.inputs,
            [helper.make_empty_tensor_value_info(o) for o in outputs if o],
            self.weights)
        domains = {"": self.opset, MICROSOFT: 1, "local": 1}
        return helper.make_model(
            graph, ir_version=10, functions=self.functions,
            opset_imports=[helper.make_opsetid(d, v)
                           for d, v in domains.items()])


def case(opset=17, tolerance=1e-5):
    """Registers the function under its name."""
    def register(function):
        def build():
            net = Net(opset)
            return net, net.build(function(net))
        CASES[function.__name__] = (build, tolerance)
        return function
    return register


def node_case(name, op, operands, opset=17, outputs=1, tolerance=1e-5,
              domain="", **attrs):
    """A case of one node; operands are functions of the net, or None."""
    def build():
        net = Net(opset)
        names = [o(net) if o else "" for o in operands]
        return net, net.build(net.node(op, *names, outputs=outputs,
                                       domain=domain, **attrs))
    CASES[name] = (build, tolerance)


def x(*shape, **more):
    return lambda net: net.x(*shape, **more)


def w(*shape, **more):
    return lambda net: net.w(*shape, **more)


def given(value, dtype=np.int64):
    """A run-time input."""
    return lambda net: net.feed(np.array(value, dtype))


def const(value, dtype=np.int64):
    return lambda net: net.const(np.array(value, dtype))


# ---- recurrent cells: 5 steps, batch 3, 4 inputs, 6 hidden units

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def cell(name, op, steps=5, batch=3, hidden=6, directions=1, lengths=None,
         states=False, peepholes=False, bias=True, run_time=False, **attrs):
    wide = GATES[op] * hidden
    make = x if run_time else w
    first = attrs.get("layout", 0)
    shape = (batch, steps, 4) if first else (steps, batch, 4)
    state = ((batch, directions, hidden) if first
             else (directions, batch, hidden))
    operands = [x(*shape), make(directions, wide, 4),
                make(directions, wide, hidden),
                make(directions, 2 * wide) if bias else None, lengths,
                x(*state) if states else None]
    if op == "LSTM":
        operands += [x(*state) if states else None,
                     make(directions, 3 * hidden) if peepholes else None]
    while operands[-1] is None:
        operands.pop()
    node_case(name, op, operands, outputs=3 if op == "LSTM" else 2,
              hidden_size=hidden, **attrs)


def cells():
    for op in GATES:
        low = op.lower()
        cell(low, op)
        cell(f"{low}_no_bias", op, bias=False)
        cell(f"{low}_reverse", op, direction="reverse", states=True)
        cell(f"{low}_both", op, directions=2, direction="bidirectional",
             states=True)
        cell(f"{low}_lengths", op, lengths=const([5, 2, 0], np.int32))
        cell(f"{low}_lengths_both", op, directions=2, states=True,
             direction="bidirectional", lengths=const([1, 5, 3], np.int32))
        cell(f"{low}_lengths_run_time", op, direction="reverse",
             lengths=given([4, 1, 5], np.int32))
        cell(f"{low}_clip", op, clip=0.3)
        cell(f"{low}_weights_run_time", op, run_time=True)
        cell(f"{low}_long", op, steps=90, states=True)
        cell(f"{low}_long_lengths", op, steps=70, direction="reverse",
             lengths=const([70, 3, 41], np.int32))
    cell("lstm_peepholes", "LSTM", peepholes=True, states=True)
    cell("lstm_peepholes_clip", "LSTM", peepholes=True, clip=0.4)
    cell("lstm_coupled", "LSTM", input_forget=1)
    cell("gru_linear", "GRU", linear_before_reset=1)
    cell("gru_linear_both", "GRU", linear_before_reset=1, directions=2,
         direction="bidirectional")
    for name, alpha, beta in [
            ("Affine", 0.7, 0.1), ("Elu", 0.6, None),
            ("HardSigmoid", 0.3, 0.4), ("LeakyRelu", 0.2, None),
            ("Relu", None, None), ("ScaledTanh", 0.8, 1.2),
            ("Sigmoid", None, None), ("Softplus", None, None),
            ("Softsign", None, None), ("ThresholdedRelu", 0.1, None)]:
        extra = {}
        if alpha is not None:
            extra["activation_alpha"] = [alpha]
        if beta is not None:
            extra["activation_beta"] = [beta]
        cell(f"rnn_{name.lower()}", "RNN", activations=[name], **extra)
    cell("lstm_activations", "LSTM", activations=[
        "HardSigmoid", "LeakyRelu", "Softsign"], activation_alpha=[0.3, 0.1],
         activation_beta=[0.45])


# ---- products

def products():
    shapes = [((2, 3), (3, 4)), ((2, 5, 3), (3, 4)), ((3,), (3, 4)),
              ((2, 3), (3,)), ((3,), (3,)), ((2, 1, 5, 3), (4, 3, 2)),
              ((1, 5, 3), (4, 3, 2)), ((5, 3), (4, 3, 2)),
              ((2, 4, 5, 3), (1, 4, 3, 2)), ((3,), (4, 3, 2)),
              ((4, 2, 3), (3,))]
    for i, (a, b) in enumerate(shapes):
        node_case(f"matmul_{i}", "MatMul", [x(*a), x(*b)])
        node_case(f"matmul_{i}_weights", "MatMul", [x(*a), w(*b)])
        node_case(f"matmul_{i}_left", "MatMul", [w(*a), x(*b)])
    node_case("matmul_int32", "MatMul",
              [given([[1, -2], [3, 4]], np.int32),
               given([[5, 6, 7], [8, -9, 1]], np.int32)])
    for i, c in enumerate([(2, 4), (1, 4), (2, 1), (4,), (1,), ()]):
        node_case(f"gemm_c{i}", "Gemm", [x(2, 3), w(3, 4), x(*c)], beta=0.5)
        node_case(f"gemm_c{i}_weights", "Gemm", [x(3, 2), w(4, 3), w(*c)],
                  transA=1, transB=1, alpha=0.7, beta=1.5)
    node_case("gemm_run_time", "Gemm", [x(2, 3), x(4, 3)], transB=1,
              alpha=0.25)
    for i, (equation, *operands) in enumerate([
            ("bij,bjk->bik", x(2, 3, 4), x(2, 4, 5)),
            ("ij,jk", x(3, 4), w(4, 5)), ("ij,jk", w(3, 4), x(4, 5)),
            ("bhqd,bhkd->bhqk", x(2, 3, 4, 5), x(2, 3, 6, 5)),
            ("ij->ji", x(3, 4)), ("ij->", x(3, 4)), ("ii->i", x(4, 4)),
            ("bii->bi", x(2, 4, 4)), ("i,j->ij", x(3), x(4)),
            ("...ij,...jk->...ik", x(2, 1, 3, 4), x(1, 3, 4, 5)),
            ("ij,jk,kl->il", x(2, 3), w(3, 4), x(4, 5)),
            ("abc,cd->abd", x(2, 3, 4), w(4, 5)),
            ("abc,dbc->ad", x(2, 3, 4), w(5, 3, 4)),
            ("ab,cb->a", x(2, 3), x(4, 3)), ("i,i", x(5), x(5))]):
        node_case(f"einsum_{i}", "Einsum", operands, equation=equation)
    node_case("det", "Det", [x(3, 4, 4)])
    node_case("det_2", "Det", [x(2, 2)])


# ---- reductions and orders

REDUCTIONS = ["L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum",
              "SumSquare"]


def reductions():
    for op in REDUCTIONS:
        node_case(f"reduce_{op}", f"Reduce{op}", [x(2, 3, 4)], opset=11,
                  axes=[-1, 0], keepdims=0)
        node_case(f"reduce_{op}_all", f"Reduce{op}", [x(2, 3, 4)])
        node_case(f"reduce_{op}_input", f"Reduce{op}",
                  [x(2, 3, 4), const([1])], opset=18)
    for op in ["Sum", "Max", "Min", "Mean", "Prod"]:
        node_case(f"reduce_{op}_int", f"Reduce{op}",
                  [given([[7, -3, 2], [5, 9, -1]], np.int32), const([1])],
                  opset=18)
    node_case("reduce_noop", "ReduceSum", [x(2, 3)], noop_with_empty_axes=1)
    for op in ["ArgMax", "ArgMin"]:
        node_case(f"{op}_1", op, [x(2, 5, 3)], axis=1)
        node_case(f"{op}_flat", op, [x(2, 5)], axis=-1, keepdims=0)
        node_case(f"{op}_last", op, [given([[2, 5, 5, 1, 1]], np.float32)],
                  axis=1, select_last_index=1)
        node_case(f"{op}_int", op, [given([[2, 5, 5, 1, 1]], np.int32)],
                  axis=1)
    node_case("top_k", "TopK", [x(3, 9), const([4])], outputs=2)
    node_case("top_k_least", "TopK", [x(2, 7, 3), const([5])], outputs=2,
              axis=1, largest=0)
    node_case("top_k_ties", "TopK",
              [given([[1, 3, 3, 2, 3, 1]], np.float32), const([5])],
              outputs=2)
    node_case("top_k_int", "TopK", [given([[4, 9, -2, 9]], np.int64),
                                    const([3])], outputs=2)
    for i, attrs in enumerate([{}, {"exclusive": 1}, {"reverse": 1},
                               {"exclusive": 1, "reverse": 1}]):
        node_case(f"cumsum_{i}", "CumSum", [x(2, 5, 3), const(1)], **attrs)


def detections():
    """The rows behind the last box are -1; see compare_structured.py."""
    for name, boxes, classes, most, extra in [
            ("nms", 12, 2, 4, {}), ("nms_all", 6, 1, 99, {}),
            ("nms_centered", 9, 3, 3, {"center_point_box": 1})]:
        corners = np.random.RandomState(boxes).rand(2, boxes, 4)
        node_case(name, "NonMaxSuppression",
                  [given(corners, np.float32),
                   given(np.random.RandomState(5).rand(2, classes, boxes),
                         np.float32),
                   const([most]), const([0.3], np.float32),
                   const([0.2], np.float32)], **extra)


# ---- control flow

def graph(name, nodes, inputs, outputs, weights=()):
    def info(names):
        return [helper.make_tensor_value_info(n, t, s) for n, t, s in names]
    return helper.make_graph(nodes, name, info(inputs), info(outputs),
                             list(weights))


FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def branches(outer):
    """One branch reads a value of the graph around it."""
    yes = graph("yes", [helper.make_node("Mul", [outer, "k"], ["y"])], [],
                [("y", FLOAT, None)],
                [numpy_helper.from_array(np.float32(3), "k")])
    no = graph("no", [helper.make_node("Neg", [outer], ["z"])], [],
               [("z", FLOAT, None)])
    return {"then_branch": yes, "else_branch": no}


@case()
def if_known(net):
    a = net.x(2, 3)
    return net.node("If", net.const(np.array(False)), **branches(a))


@case()
def if_chosen(net):
    a = net.x(2, 3)
    condition = net.feed(np.array([True]))
    return net.node("Add", a, net.node("If", condition, **branches(a)))


def loop_case(name, count, run_time=False, until=False):
    """s = 0.9 * s + x, where x is of the graph around; collects -s, or goes on
    until the largest element passes a bound."""
    def add(net):
        outer = net.x(2, 3)
        nodes = [helper.make_node("Mul", ["s", "factor"], ["t"]),
                 helper.make_node("Add", ["t", outer], ["s_next"])]
        outputs = [("go_next", BOOL, []), ("s_next", FLOAT, None)]
        if until:
            nodes += [helper.make_node("ReduceMax", ["s_next"], ["most"],
                                       keepdims=0),
                      helper.make_node("Less", ["most", "bound"],
                                       ["go_next"])]
        else:
            nodes.append(helper.make_node("Identity", ["go"], ["go_next"]))
        if not run_time:
            nodes.append(helper.make_node("Neg", ["s_next"], ["entry"]))
            outputs.append(("entry", FLOAT, None))
        body = graph("body", nodes,
                     [("i", INT64, []), ("go", BOOL, []), ("s", FLOAT, None)],
                     outputs,
                     [numpy_helper.from_array(np.float32(0.9), "factor"),
                      numpy_helper.from_array(np.float32(4), "bound")])
        limit = np.array(count, np.int64)
        return net.node(
            "Loop", net.feed(limit) if run_time else net.const(limit), "",
            net.const(np.zeros((2, 3), np.float32)),
            outputs=1 if run_time else 2, body=body)
    case()(add)
    CASES[name] = CASES.pop("add")


def loops():
    loop_case("loop_short", 4)
    loop_case("loop_long", 3000)
    loop_case("loop_run_time", 7, run_time=True)
    loop_case("loop_until", 90, run_time=True, until=True)


def scan_case(name, steps, **attrs):
    def add(net):
        body = graph("body", [
            helper.make_node("Add", ["s", "e"], ["t"]),
            helper.make_node("Tanh", ["t"], ["s_next"]),
            helper.make_node("Mul", ["s_next", "e"], ["y"])],
                     [("s", FLOAT, [3]), ("e", FLOAT, [3])],
                     [("s_next", FLOAT, [3]), ("y", FLOAT, [3])])
        shape = (3, steps) if attrs.get("scan_input_axes") == [1] else (steps,
                                                                       3)
        return net.node("Scan", net.x(3), net.x(*shape), outputs=2, body=body,
                        num_scan_inputs=1, **attrs)
    case()(add)
    CASES[name] = CASES.pop("add")


def scans():
    scan_case("scan", 5)
    scan_case("scan_axes", 5, scan_input_axes=[1], scan_output_axes=[-1])
    scan_case("scan_reverse", 5, scan_input_directions=[1],
              scan_output_directions=[1])
    scan_case("scan_long", 3000, scan_input_directions=[1])


@case()
def function_attributes(net):
    """A function with an attribute, a default, and a call of another."""
    body = [helper.make_node("Elu", ["a"], ["t"]),
            helper.make_node("Double", ["t"], ["b"], domain="local")]
    body[0].attribute.append(onnx.AttributeProto(
        name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    default = helper.make_attribute("slope", 0.5)
    net.functions = [
        helper.make_function("local", "Bent", ["a"], ["b"], body, opsets,
                             [], [default]),
        helper.make_function("local", "Double", ["p"], ["q"],
                             [helper.make_node("Add", ["p", "p"], ["q"])],
                             opsets[:1])]
    a = net.x(2, 3)
    return [net.node("Bent", a, domain="local", slope=0.25),
            net.node("Bent", a, domain="local")]


# ---- what ONNX Runtime's optimizer writes

def fused():
    def ms(name, op, operands, **attrs):
        node_case(name, op, operands, domain=MICROSOFT, **attrs)
    ms("ms_gelu", "Gelu", [x(2, 3, 8)])
    ms("ms_fast_gelu", "FastGelu", [x(2, 3, 8), w(8)], tolerance=1e-4)
    ms("ms_bias_gelu", "BiasGelu", [x(2, 3, 8), w(8)])
    ms("ms_quick_gelu", "QuickGelu", [x(2, 3, 8)], alpha=1.3)
    ms("ms_fused_conv", "FusedConv", [x(1, 3, 6, 6), w(4, 3, 3, 3), w(4)],
       activation="LeakyRelu", activation_params=[0.2], pads=[1, 1, 1, 1])
    ms("ms_fused_conv_sum", "FusedConv",
       [x(1, 3, 6, 6), w(4, 3, 1, 1), w(4), x(1, 4, 6, 6)],
       activation="Relu")
    ms("ms_fused_gemm", "FusedGemm", [x(2, 3), w(4, 3), w(4)], transB=1,
       activation="LeakyRelu", activation_alpha=0.3)
    ms("ms_fused_matmul", "FusedMatMul", [x(2, 4, 3), x(2, 5, 4)], transA=1,
       transB=1, alpha=0.5)
    ms("ms_fused_matmul_batch", "FusedMatMul", [x(4, 2, 3), x(2, 3, 5)],
       transBatchA=1)
    ms("ms_skip_norm", "SkipLayerNormalization",
       [x(2, 3, 8), x(2, 3, 8), w(8), w(8), w(8)])
    ms("ms_skip_rms", "SkipSimplifiedLayerNormalization",
       [x(2, 3, 8), x(2, 3, 8), w(8)], epsilon=1e-6)
    node_case("ms_simplified", "SimplifiedLayerNormalization",
              [x(2, 3, 8), w(8)], axis=-1, epsilon=1e-6)
    ids = [[3, 1, 4], [1, 5, 0]]
    ms("ms_embed", "EmbedLayerNormalization",
       [given(ids, np.int32), given([[0, 1, 1], [1, 0, 0]], np.int32),
        w(7, 8), w(5, 8), w(2, 8), w(8), w(8),
        const([[1, 1, 0], [1, 1, 1]], np.int32)], outputs=2)
    ms("ms_attention", "Attention", [x(2, 5, 8), w(8, 24), w(24)],
       num_heads=2)
    ms("ms_attention_causal", "Attention",
       [x(2, 5, 8), w(8, 24), w(24),
        given([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0]], np.int32)], num_heads=4,
       unidirectional=1)
    ms("ms_attention_lengths", "Attention",
       [x(2, 5, 8), w(8, 24), w(24), given([3, 5], np.int32)], num_heads=2)
    ms("ms_attention_past", "Attention",
       [x(2, 3, 8), w(8, 24), w(24), None, x(2, 2, 2, 4, 4)], num_heads=2,
       unidirectional=1, outputs=2)
    ms("ms_heads", "MultiHeadAttention",
       [x(2, 3, 8), x(2, 5, 8), x(2, 5, 8), w(24)], num_heads=2)
    ms("ms_heads_mask", "MultiHeadAttention",
       [x(2, 3, 8), x(2, 5, 8), x(2, 5, 8), None,
        given([[1, 1, 1, 1, 0], [1, 0, 1, 0, 0]], np.int32),
        x(2, 2, 3, 5)], num_heads=2)
    ms("ms_heads_cross", "MultiHeadAttention",
       [x(2, 3, 8), x(2, 2, 5, 4), x(2, 2, 5, 4)], num_heads=2)
    ms("ms_rotary", "RotaryEmbedding",
       [x(2, 3, 5, 8), given([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]]), w(9, 4),
        w(9, 4)])
    ms("ms_rotary_offset", "RotaryEmbedding",
       [x(2, 3, 16), given([2]), w(9, 4), w(9, 4)], interleaved=1)


cells()
products()
reductions()
detections()
loops()
scans()
fused()
