"""Makes the models of this folder that read pictures, with Debian 12's python3-torch 1.13, on coloured bars:

  /usr/bin/python3 test/models/make-pictures.py test/models

A red bar lies, a blue one stands, a green one leans, on noise, in pictures of 10 rows by 8 columns. They are
trained on (pixel / 255 - mean) / deviation of each channel, as networks for photographs are.
"""

import sys

import torch

(folder,) = sys.argv[1:]
order = ["stands", "leans", "lies"]
height, width = 10, 8
mean = torch.tensor([0.3, 0.2, 0.4]).reshape(1, 3, 1, 1)
deviation = torch.tensor([0.2, 0.5, 0.25]).reshape(1, 3, 1, 1)


def bars(count):
    """Bytes [count, 3, height, width] and labels."""
    pixels = torch.randint(0, 60, (count, 3, height, width)).float()
    labels = torch.randint(0, 3, (count,))
    for i, label in enumerate(labels):
        if label == 0:
            pixels[i, 2, :, torch.randint(width, ())] = 250
        elif label == 1:
            start = torch.randint(height - width + 1, ())
            for x in range(width):
                pixels[i, 1, start + x, x] = 250
        else:
            pixels[i, 0, torch.randint(height, ()), :] = 250
    return pixels, labels


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveMaxPool2d(1),
            torch.nn.Flatten(), torch.nn.Linear(4, 3))

    def forward(self, photo):
        return self.layers(photo)


class Last(torch.nn.Module):
    """The same network for pictures whose channels come last, giving probabilities."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, photo):
        return torch.softmax(self.net(photo.permute(0, 3, 1, 2)), 1)


torch.manual_seed(3)
net = Net()
optimiser = torch.optim.Adam(net.parameters(), 0.02)
pixels, labels = bars(2000)
inputs = (pixels / 255 - mean) / deviation
for _ in range(6):
    for part in torch.randperm(len(inputs)).split(50):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(inputs[part]), labels[part]).backward()
        optimiser.step()
net.eval()
print("right:", (net(inputs).argmax(1) == labels).float().mean().item())
axes = {"photo": {0: "rows"}, "said": {0: "rows"}}
names = dict(input_names=["photo"], output_names=["said"], opset_version=13, dynamic_axes=axes)
torch.onnx.export(net, inputs[:1], f"{folder}/bars-nchw.onnx", **names)
torch.onnx.export(Last(net).eval(), inputs[:1].permute(0, 2, 3, 1), f"{folder}/bars-nhwc.onnx", **names)
