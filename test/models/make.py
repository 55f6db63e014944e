"""Makes the models of this folder with tools that Monban has no part in: Debian 12's python3-torch 1.13
(whose own exporter writes the ONNX files), python3-sklearn 1.2 (whose trees and coefficients are written
down with python3-onnx 1.12), on the diamonds that the repository ships, as CSV:

  duckdb -c "COPY (SELECT * FROM 'datasets/diamonds/diamonds.parquet') TO 'diamonds.csv' (HEADER)"
  /usr/bin/python3 test/models/make.py diamonds.csv test/models
"""

import csv
import os
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

source, folder = sys.argv[1:]
# Every third diamond; tests ask about others.
rows = list(csv.DictReader(open(source)))[::3]
numbers = ["carat", "depth", "table", "price", "x", "y", "z"]
x = np.array([[float(row[name]) for name in numbers] for row in rows], dtype=np.float32)
# Neither the order of the alphabet nor that of the grades.
order = ["Premium", "Fair", "Ideal", "Good", "Very Good"]
y = np.array([order.index(row["cut"]) for row in rows])


def train_torch():
    """A small network that standardises its inputs itself."""
    torch.manual_seed(1)
    mean, deviation = x.mean(0), x.std(0)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.mean = torch.nn.Parameter(torch.tensor(mean), requires_grad=False)
            self.deviation = torch.nn.Parameter(torch.tensor(deviation), requires_grad=False)
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(len(numbers), 32), torch.nn.ReLU(), torch.nn.Linear(32, len(order))
            )

        def forward(self, amounts):
            return self.layers((amounts - self.mean) / self.deviation)

    net = Net()
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    inputs, truth = torch.tensor(x), torch.tensor(y)
    for _ in range(30):
        for part in torch.randperm(len(inputs)).split(256):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(inputs[part]), truth[part]).backward()
            optimiser.step()
    net.eval()
    names = dict(input_names=["amounts"], output_names=["logits"], opset_version=13)
    example = inputs[:1]
    axes = {"amounts": {0: "rows"}, "logits": {0: "rows"}}
    torch.onnx.export(net, example, f"{folder}/cut-torch.onnx", dynamic_axes=axes, **names)
    torch.onnx.export(net, example, f"{folder}/cut-torch-one.onnx", **names)
    # Its weights are in a file that nobody keeps.
    apart = onnx.load(f"{folder}/cut-torch.onnx")
    onnx.save(apart, f"{folder}/cut-apart.onnx", save_as_external_data=True, location="lost.bin",
              size_threshold=0)
    os.remove(f"{folder}/lost.bin")


def tree_attributes(forest):
    """The trees of a forest as attributes of a TreeEnsembleClassifier."""
    a = {key: [] for key in (
        "nodes_treeids nodes_nodeids nodes_featureids nodes_values nodes_modes nodes_truenodeids "
        "nodes_falsenodeids class_treeids class_nodeids class_ids class_weights").split()}
    for tree, estimator in enumerate(forest.estimators_):
        t = estimator.tree_
        for node in range(t.node_count):
            leaf = t.children_left[node] < 0
            a["nodes_treeids"].append(tree)
            a["nodes_nodeids"].append(node)
            a["nodes_featureids"].append(0 if leaf else int(t.feature[node]))
            a["nodes_values"].append(0.0 if leaf else float(t.threshold[node]))
            a["nodes_modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            a["nodes_truenodeids"].append(0 if leaf else int(t.children_left[node]))
            a["nodes_falsenodeids"].append(0 if leaf else int(t.children_right[node]))
            if leaf:
                counts = t.value[node][0]
                for label, weight in enumerate(counts / counts.sum() / len(forest.estimators_)):
                    a["class_treeids"].append(tree)
                    a["class_nodeids"].append(node)
                    a["class_ids"].append(label)
                    a["class_weights"].append(float(weight))
    return a


def save(name, nodes, inputs, outputs):
    graph = helper.make_graph(nodes, name, inputs, outputs)
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 2)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="scikit-learn by hand")
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, f"{folder}/{name}.onnx")


def float_input(width):
    return helper.make_tensor_value_info("float_input", TensorProto.FLOAT, [None, width])


def train_forest():
    """A forest as skl2onnx writes it: a label and probabilities, with and without a zip map."""
    forest = RandomForestClassifier(8, max_depth=6, random_state=1).fit(x, y)
    trees = helper.make_node(
        "TreeEnsembleClassifier", ["float_input"], ["label", "scores"], domain="ai.onnx.ml",
        classlabels_strings=order, post_transform="NONE", **tree_attributes(forest))
    label = helper.make_tensor_value_info("label", TensorProto.STRING, [None])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, len(order)])
    save("cut-forest", [trees], [float_input(len(numbers))], [label, scores])
    zipped = helper.make_node(
        "ZipMap", ["scores"], ["zipped"], domain="ai.onnx.ml", classlabels_strings=order)
    maps = onnx.ValueInfoProto(name="zipped")
    maps.type.sequence_type.elem_type.map_type.key_type = TensorProto.STRING
    maps.type.sequence_type.elem_type.map_type.value_type.tensor_type.elem_type = TensorProto.FLOAT
    save("cut-zipmap", [trees, zipped], [float_input(len(numbers))], [label, maps])


def train_linear():
    """A price of carats, a grade as a whole number and a cut as a text."""
    colours = ["D", "E", "F", "G", "H", "I", "J"]
    carat = x[:, :1]
    colour = np.array([[colours.index(row["color"])] for row in rows])
    grade = np.array([[order.index(row["cut"])] for row in rows])
    price = x[:, 3]
    fitted = LinearRegression().fit(np.hstack([carat, colour, grade]), price)
    nodes = [
        helper.make_node("Cast", ["color"], ["color_float"], to=TensorProto.FLOAT),
        helper.make_node("LabelEncoder", ["cut"], ["cut_float"], domain="ai.onnx.ml",
                         keys_strings=order, values_floats=[float(i) for i in range(len(order))],
                         default_float=2.0),
        helper.make_node("Concat", ["carat", "color_float", "cut_float"], ["all"], axis=1),
        helper.make_node("LinearRegressor", ["all"], ["price"], domain="ai.onnx.ml",
                         coefficients=[float(c) for c in fitted.coef_],
                         intercepts=[float(fitted.intercept_)], targets=1),
    ]
    inputs = [
        helper.make_tensor_value_info("carat", TensorProto.FLOAT, [None, 1]),
        helper.make_tensor_value_info("color", TensorProto.INT64, [None, 1]),
        helper.make_tensor_value_info("cut", TensorProto.STRING, [None, 1]),
    ]
    outputs = [helper.make_tensor_value_info("price", TensorProto.FLOAT, [None, 1])]
    save("price-linear", nodes, inputs, outputs)


def train_one_hot():
    """A price of a colour as columns of 0 and 1, then carats."""
    colours = ["J", "D", "H", "E", "G", "F", "I"]
    hot = np.array([[float(row["color"] == name) for name in colours] for row in rows])
    fitted = LinearRegression(fit_intercept=False).fit(np.hstack([hot, x[:, :1]]), x[:, 3])
    node = helper.make_node(
        "LinearRegressor", ["all"], ["price"], domain="ai.onnx.ml", targets=1,
        coefficients=[float(c) for c in fitted.coef_])
    inputs = [helper.make_tensor_value_info("all", TensorProto.FLOAT, [None, len(colours) + 1])]
    outputs = [helper.make_tensor_value_info("price", TensorProto.FLOAT, [None, 1])]
    save("price-one-hot", [node], inputs, outputs)


train_torch()
train_forest()
train_linear()
train_one_hot()
