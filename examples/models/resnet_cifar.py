"""ResNet-20 for CIFAR-10 (He et al. 2016), with the names of akamaster/pytorch_resnet_cifar10.

    repscope extract cifar10/test --study S --model examples/models/resnet_cifar.py:resnet20 \\
        --weights resnet20-12fca82f.th --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 \\
        --capture linear:input=features --capture linear:output=logits
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """Two 3×3 convolutions and a shortcut without parameters (option A of the paper)."""

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(into, out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def shortcut(self, x: Tensor) -> Tensor:
        stride, more = self.conv1.stride[0], self.conv1.out_channels - self.conv1.in_channels
        return functional.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, more // 2, more // 2))

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return functional.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """Three stages of blocks with 16, 32, 64 channels; 64-dimensional features before ``linear``."""

    def __init__(self, depth: int, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(16, 16, depth, 1)
        self.layer2 = self._stage(16, 32, depth, 2)
        self.layer3 = self._stage(32, 64, depth, 2)
        self.linear = nn.Linear(64, classes)

    @staticmethod
    def _stage(into: int, out: int, depth: int, stride: int) -> nn.Sequential:
        return nn.Sequential(Block(into, out, stride), *(Block(out, out, 1) for _ in range(depth - 1)))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(torch.mean(x, dim=(2, 3)))


def resnet20() -> ResNet:
    return ResNet(3)
