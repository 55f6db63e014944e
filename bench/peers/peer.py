"""The peer of `npm run bench`: opens a case and runs it so many times, by JSON lines on stdin and stdout."""
import base64
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from networks import networks

kinds = {"f": np.float32, "i": np.int64}


def array(packed):
    """A tensor from {kind, shape, base64 of the little-endian bytes}."""
    data = np.frombuffer(base64.b64decode(packed["data"]), dtype=kinds[packed["kind"]])
    return torch.from_numpy(data.copy()).reshape(packed["shape"])


def arrays(packed):
    return {name: array(one) for name, one in packed.items()}


def optimisers(network, rates):
    """AdamW for the dense weights, decay for matrices only; Adagrad for a sparse table."""
    dense = [p for name, p in network.named_parameters() if not name.startswith("embed.")]
    groups = [
        {"params": [p for p in dense if p.dim() > 1], "weight_decay": rates["weightDecay"]},
        {"params": [p for p in dense if p.dim() == 1], "weight_decay": 0.0},
    ]
    list_ = [torch.optim.AdamW([g for g in groups if g["params"]], lr=rates["rate"])]
    if hasattr(network, "embed"):
        list_.append(torch.optim.Adagrad(network.embed.parameters(), lr=rates["tableRate"]))
    return dense, list_


def training(network, x, y, rates):
    """One optimiser step on the batch; the loss is only read afterwards."""
    dense, list_ = optimisers(network, rates)
    likelihood = rates.get("logProbabilities", False)

    def step():
        for optimiser in list_:
            optimiser.zero_grad(set_to_none=True)
        said = network(x)
        loss = F.nll_loss(said, y) if likelihood else F.cross_entropy(said, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(dense, rates["clip"])
        for optimiser in list_:
            optimiser.step()
        return loss

    return step


def inference(network, x):
    network.eval()

    def step():
        with torch.inference_mode():
            return torch.softmax(network(x), 1).sum()

    return step


def opened(message):
    weights, tables = arrays(message["weights"]), arrays(message["tables"])
    network = networks[message["network"]](weights=weights, tables=tables, **message["options"])
    x = array(message["x"])
    x = network.prepare(x) if hasattr(network, "prepare") else x
    if message["rates"] is None:
        return inference(network, x)
    return training(network, x, array(message["y"]).reshape(-1), message["rates"])


def timed(step, times):
    """Milliseconds of all runs together, also of this process alone, and what the last one gave."""
    start, busy = time.perf_counter(), time.process_time()
    for _ in range(times):
        value = step()
    last = float(value)
    ms, cpu = time.perf_counter() - start, time.process_time() - busy
    return {"ms": ms * 1000, "cpu": cpu * 1000, "value": last}


def answers():
    step = None
    for line in sys.stdin:
        message = json.loads(line)
        if "run" in message:
            yield timed(step, message["run"])
        else:
            step = opened(message)
            yield {"opened": message["network"]}


torch.manual_seed(1)
torch.set_num_threads(1)
blas = [line.split()[-1] for line in open("/proc/self/maps") if "libblas" in line]
print(json.dumps({"torch": torch.__version__, "blas": blas[0] if blas else "unknown"}), flush=True)
for answer in answers():
    print(json.dumps(answer), flush=True)
