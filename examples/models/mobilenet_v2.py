"""MobileNetV2 (Sandler et al. 2018), with torchvision's names.

    repscope extract photos --study S --model examples/models/mobilenet_v2.py:mobilenet_v2 \\
        --weights mobilenet_v2.safetensors --resize 256 --crop 224 \\
        --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --capture features=features
"""

from torch import Tensor, nn

STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks, stride of the first block."""


def convolution(into: int, out: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, kernel, stride, padding=(kernel - 1) // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; the input is added where the shapes allow."""

    def __init__(self, into: int, out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = into * expansion
        layers: list[nn.Module] = [convolution(into, wide, kernel=1)] if expansion != 1 else []
        layers += [
            convolution(wide, wide, stride=stride, groups=wide),
            nn.Conv2d(wide, out, 1, bias=False),
            nn.BatchNorm2d(out),
        ]
        self.conv = nn.Sequential(*layers)
        self.residual = stride == 1 and into == out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    """1280-channel ``features``, averaged before ``classifier``."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = [convolution(3, 32, stride=2)]
        into = 32
        for expansion, out, blocks, first in STAGES:
            for block in range(blocks):
                layers.append(InvertedResidual(into, out, first if block == 0 else 1, expansion))
                into = out
        layers.append(convolution(into, 1280, kernel=1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))


def mobilenet_v2() -> MobileNetV2:
    return MobileNetV2()
