"""Training the demo's dual encoder, and its two transforms: real optimisation on real images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.verbs.demo import dual_encoder

if TYPE_CHECKING:
    import torch

EPOCHS = 2
BATCH = 50
TEMPERATURE = 0.07
BRIDGE_STEPS = 300

Step = Callable[[int, int], None]


@dataclass(frozen=True)
class Trained:
    """A trained dual encoder.

    Attributes:
        images, texts: the two towers.
        losses: mean loss of each epoch.
    """

    images: dual_encoder.ImageEncoder
    texts: dual_encoder.TextEncoder
    losses: tuple[float, ...]


def train(pixels: torch.Tensor, labels: NDArray[np.int64], *, seed: int, step: Step) -> Trained:
    """Train both towers with the symmetric InfoNCE loss of CLIP, for a few epochs on purpose.

    A short training leaves what the demo is about: a modality gap, and classes that are mixed up.

    Args:
        pixels: [N, 3, 16, 16].
        labels: [N] digits.
        seed: of the weights, the order and the captions.
        step: called with (batches done, batches in all).
    """
    import torch
    from torch.nn.functional import cross_entropy, normalize

    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    images, texts = dual_encoder.ImageEncoder(), dual_encoder.TextEncoder()
    optimiser = torch.optim.Adam([*images.parameters(), *texts.parameters()], lr=1e-3)
    batches = int(np.ceil(len(pixels) / BATCH))
    losses = []
    for epoch in range(EPOCHS):
        total = 0.0
        for number, rows in enumerate(np.array_split(rng.permutation(len(pixels)), batches)):
            captions = [_caption(labels[row], rng.integers(len(dual_encoder.TEMPLATES))) for row in rows]
            cosines = normalize(images(pixels[rows])) @ normalize(texts(captions)).T / TEMPERATURE
            own = torch.arange(len(rows))
            loss = (cross_entropy(cosines, own) + cross_entropy(cosines.T, own)) / 2
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            total += float(loss.detach()) / batches
            step(epoch * batches + number + 1, EPOCHS * batches)
        losses.append(total)
    return Trained(images.eval(), texts.eval(), tuple(losses))


def class_texts(texts: dual_encoder.TextEncoder) -> NDArray[np.float32]:
    """[10, 32] one text a digit: the mean direction of its captions, as CLIP's prompt ensembles."""
    import torch
    from torch.nn.functional import normalize

    with torch.inference_mode():
        rows = [
            normalize(texts([_caption(digit, number) for number in range(len(dual_encoder.TEMPLATES))])).mean(
                dim=0
            )
            for digit in range(len(dual_encoder.DIGITS))
        ]
        found: NDArray[np.float32] = normalize(torch.stack(rows)).numpy()
    return found


def fit_ridge(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], texts: NDArray[np.float32]
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The honest transform: a ridge regression from training images to the text of their own class."""
    from sklearn.linear_model import Ridge

    fitted = Ridge(alpha=1.0).fit(_unit(vectors), texts[labels])

    def transform(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return _unit(np.asarray(fitted.predict(_unit(rows)), np.float32))

    return transform


def fit_max_cosine(
    vectors: NDArray[np.float32], texts: NDArray[np.float32], *, seed: int, step: Step
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The transform that collapses: a small MLP trained to raise the mean max-cosine.

    Nothing here is made to fail. The objective is the number that older scripts call improvement, and
    moving every image onto one text serves it as well as anything can.
    """
    import torch
    from torch.nn.functional import normalize

    torch.manual_seed(seed)
    rows, targets = torch.from_numpy(_unit(vectors)), torch.from_numpy(texts)
    width = rows.shape[1]
    bridge = torch.nn.Sequential(torch.nn.Linear(width, 64), torch.nn.ReLU(), torch.nn.Linear(64, width))
    optimiser = torch.optim.Adam(bridge.parameters(), lr=1e-3)
    for number in range(BRIDGE_STEPS):
        loss = -(normalize(bridge(rows)) @ targets.T).amax(dim=1).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        step(number + 1, BRIDGE_STEPS)

    def transform(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return _unit(bridge(torch.from_numpy(_unit(rows))).numpy())

    return transform


def _caption(digit: Any, template: Any) -> str:
    return dual_encoder.TEMPLATES[int(template)].format(dual_encoder.DIGITS[int(digit)])


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit.astype(np.float32)
