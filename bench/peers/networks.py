"""The networks of the benchmark in PyTorch, as its users write them; weights come from Monban."""
import torch
import torch.nn.functional as F
from torch import nn


def put(parameter, value):
    """Copies a value into a parameter of the same shape."""
    with torch.no_grad():
        parameter.copy_(value)


def linear(weights, name):
    """A layer from Monban's [in, out] matrix and its bias."""
    matrix, bias = weights[f"{name}/weight"], weights[f"{name}/bias"]
    layer = nn.Linear(*matrix.shape)
    put(layer.weight, matrix.t())
    put(layer.bias, bias)
    return layer


def norm(weights, name):
    gain = weights[f"{name}/gain"]
    layer = nn.LayerNorm(len(gain))
    put(layer.weight, gain)
    put(layer.bias, weights[f"{name}/bias"])
    return layer


class Mlp(nn.Module):
    def __init__(self, weights, layers, **_):
        super().__init__()
        self.layers = nn.ModuleList(linear(weights, name) for name in layers)

    def forward(self, x):
        *hidden, last = self.layers
        for layer in hidden:
            x = F.relu(layer(x))
        return last(x)


class Causal(nn.Module):
    """A dilated causal convolution [B, C, T]; Monban's matrix is [size x C, width], step by step."""

    def __init__(self, weights, name, size, dilation):
        super().__init__()
        matrix = weights[f"{name}/weight"]
        channels, width = matrix.shape[0] // size, matrix.shape[1]
        self.before = (size - 1) * dilation
        self.layer = nn.Conv1d(channels, width, size, dilation=dilation)
        put(self.layer.weight, matrix.reshape(size, channels, width).permute(2, 1, 0))
        put(self.layer.bias, weights[f"{name}/bias"])

    def forward(self, x):
        return self.layer(F.pad(x, (self.before, 0)) if self.before else x)


class Tcn(nn.Module):
    def __init__(self, weights, port, blocks, size, dropout, **_):
        super().__init__()
        self.first = Causal(weights, f"{port}/in", 1, 1)
        self.norms = nn.ModuleList(norm(weights, f"{port}/{i}/norm") for i in range(blocks))
        self.layers = nn.ModuleList(
            Causal(weights, f"{port}/{i}", size, 2**i) for i in range(blocks)
        )
        self.hidden = linear(weights, "hidden/0")
        self.out = linear(weights, "out")
        self.dropout = dropout

    def drop(self, x):
        return F.dropout(x, self.dropout) if self.dropout else x

    def forward(self, x):
        h = self.first(x.transpose(1, 2))
        for layer_norm, layer in zip(self.norms, self.layers):
            seen = layer_norm(h.transpose(1, 2)).transpose(1, 2)
            h = h + self.drop(F.relu(layer(seen)))
        parts = torch.cat([h[:, :, -1], h.mean(2), h.amax(2)], 1)
        return self.out(self.drop(F.relu(self.hidden(parts))))


class Cnn(nn.Module):
    """
    Monban pads an even side after the last pixel, PyTorch before the first; with picture and kernels
    turned by half a circle both compute the same numbers.
    """

    def __init__(self, weights, port, stages, **_):
        super().__init__()
        self.kernels, self.lengths, self.biases = (nn.ParameterList() for _ in range(3))
        for i in range(stages):
            matrix = weights[f"{port}/{i}/weight"]
            channels, width = matrix.shape[0] // 9, matrix.shape[1]
            kernel = matrix.reshape(3, 3, channels, width).permute(3, 2, 0, 1)
            self.kernels.append(nn.Parameter(kernel.flip(2, 3).contiguous()))
            self.lengths.append(nn.Parameter(weights[f"{port}/{i}/gain"]))
            self.biases.append(nn.Parameter(weights[f"{port}/{i}/bias"]))
        self.norm = norm(weights, f"{port}/norm")
        self.out = linear(weights, "out")

    @staticmethod
    def prepare(x):
        return x.permute(0, 3, 1, 2).flip(2, 3).contiguous()

    def forward(self, x):
        x = (x - 0.5) / 0.3
        colour = x.mean((2, 3))
        for kernel, length, bias in zip(self.kernels, self.lengths, self.biases):
            level = kernel - kernel.mean((1, 2, 3), keepdim=True)
            size = (level.square().sum((1, 2, 3), keepdim=True) + 1e-4).sqrt()
            x = F.relu(F.conv2d(x, level * (length.view(-1, 1, 1, 1) / size), bias, stride=2, padding=1))
        quarters = F.adaptive_avg_pool2d(x, 2).flip(2, 3)
        seen = torch.cat([quarters.permute(0, 2, 3, 1).flatten(1), colour], 1)
        return self.out(self.norm(seen))


class Text(nn.Module):
    def __init__(self, weights, tables, table, length, **_):
        super().__init__()
        rows = tables[table]
        self.length = length
        self.embed = nn.EmbeddingBag(*rows.shape, mode="sum", sparse=True)
        put(self.embed.weight, rows)
        self.norm = norm(weights, "norm")
        self.hidden = linear(weights, "hidden/0")
        self.out = linear(weights, "out")

    def forward(self, ids):
        return self.out(F.relu(self.hidden(self.norm(self.embed(ids.view(-1, self.length))))))


class Experts(nn.Module):
    """A gate and its experts; each expert sees only the rows that are routed to it."""

    def __init__(self, weights, experts, k, **_):
        super().__init__()
        self.k = k
        self.gate = linear(weights, "gate")
        self.first = nn.ModuleList()
        self.second = nn.ModuleList()
        for e in range(experts):
            one = {name: value[e] for name, value in weights.items() if value.dim() == 3}
            one = {name: v[0] if name.endswith("bias") else v for name, v in one.items()}
            self.first.append(linear(one, "experts/0"))
            self.second.append(linear(one, "experts/1"))

    def forward(self, x):
        scores, chosen = self.gate(x).topk(self.k, 1)
        said = x.new_empty(len(x), self.k, self.second[0].out_features)
        for e, (first, second) in enumerate(zip(self.first, self.second)):
            rows, place = (chosen == e).nonzero(as_tuple=True)
            said[rows, place] = second(F.relu(first(x[rows])))
        return torch.logsumexp(F.log_softmax(said, 2) + F.log_softmax(scores, 1)[:, :, None], 1)


networks = {"mlp": Mlp, "tcn": Tcn, "cnn": Cnn, "text": Text, "experts": Experts}
