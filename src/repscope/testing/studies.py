"""Simulated studies whose true answer is known, for testing verdicts and intervals.

Images belong to classes and carry one row or several (human-object pairs, patches). A row is its
class text, an offset that all images share (the modality gap), what its image adds, and noise of
its own. What a transform does to it is known by construction, so a verdict can be wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.testing.noise import noise

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class SimulatedStudy:
    """Two stages, a reference, and the words that are right for them.

    Attributes:
        condition: what was done; a key of :data:`CONDITIONS`.
        before, after: [N, D].
        reference: [K, D] class texts.
        item_keys: [N] class of each row; row k of the reference is class k.
        clusters: [N] image of each row.
        right: verdicts that are true of this study. "inconclusive" is always honest.
    """

    condition: str
    before: Floats
    after: Floats
    reference: Floats
    item_keys: Codes
    clusters: Codes
    right: frozenset[str]


@dataclass(frozen=True)
class _World:
    rng: np.random.Generator
    texts: Floats
    labels: Codes
    images: Codes
    rows: Floats
    gap: Floats
    heavy: bool = False

    def image_noise(self, size: float) -> Floats:
        """[N, D] noise that the rows of one image share."""
        drawn = _noise(self.rng, int(self.images.max()) + 1, self.rows.shape[1], heavy=self.heavy)
        return size * drawn[self.images]

    def row_noise(self, size: float) -> Floats:
        return size * _noise(self.rng, *self.rows.shape, heavy=self.heavy)

    def nearest_texts(self) -> Floats:
        directions = self.rows / np.linalg.norm(self.rows, axis=1, keepdims=True)
        nearest: Floats = self.texts[(directions @ self.texts.T).argmax(axis=1)]
        return nearest


def simulate(
    condition: str,
    *,
    images: int = 150,
    rows_per_image: int = 1,
    classes: int = 20,
    d: int = 64,
    unequal: bool = False,
    heavy: bool = False,
    zipf: bool = False,
    seed: int = 0,
) -> SimulatedStudy:
    """One simulated study.

    Args:
        condition: a key of :data:`CONDITIONS`.
        images: independent units.
        rows_per_image: rows that share an image: a class, most of its noise, and of its change.
        classes: class texts.
        d: width.
        unequal: images have 1 to 40 rows, geometric about 4 times ``rows_per_image``.
        heavy: noise of Student's t with 3 degrees of freedom, of the same variance.
        zipf: class k is drawn in proportion to 1/k, not evenly.
        seed: of everything.
    """
    rng = np.random.default_rng([seed, *condition.encode()])
    texts = _unit(rng.standard_normal((classes, d)))
    if zipf:
        frequent = 1 / np.arange(1, classes + 1)
        of_image = rng.choice(classes, images, p=frequent / frequent.sum())
    else:
        of_image = rng.integers(0, classes, images)
    sizes = np.full(images, rows_per_image)
    if unequal:
        sizes = np.minimum(rng.geometric(1 / (4 * rows_per_image), images), 40)
    codes = np.repeat(np.arange(images), sizes)
    labels = of_image[codes]
    # The gap is orthogonal to every difference of texts, so removing it favours no class.
    gap = rng.standard_normal(d)
    basis = np.linalg.qr(texts.T)[0]
    gap -= basis @ (basis.T @ gap)
    gap *= 4.0 / np.linalg.norm(gap)
    shared, own = _noise(rng, images, d, heavy=heavy)[codes], _noise(rng, len(codes), d, heavy=heavy)
    world = _World(rng, texts, labels, codes, texts[labels] + gap + 3.0 * shared + 1.5 * own, gap, heavy)
    before, after, right = CONDITIONS[condition](world)
    return SimulatedStudy(condition, before, after, texts, labels, codes, frozenset(right))


def _noise(rng: np.random.Generator, n: int, d: int, *, heavy: bool = False) -> Floats:
    """Rows of expected length 1."""
    rows: Floats = noise(rng, (n, d), heavy=heavy) / np.sqrt(d)
    return rows


def _unit(x: Floats) -> Floats:
    unit: Floats = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit


Made = tuple[Floats, Floats, set[str]]


def _identity(w: _World) -> Made:
    return w.rows, w.rows, {"unchanged"}


def _rescaled(w: _World) -> Made:
    return w.rows, w.rows * w.rng.uniform(0.5, 2.0, (len(w.rows), 1)), {"unchanged"}


def _exchangeable(w: _World) -> Made:
    """Both stages are the rows with fresh noise of one size, shared within images: nothing changed."""
    return w.rows + w.image_noise(1.5), w.rows + w.image_noise(1.5), {"unchanged"}


def _exchangeable_small(w: _World) -> Made:
    return w.rows + w.image_noise(0.02), w.rows + w.image_noise(0.02), {"unchanged"}


def _noisier(w: _World) -> Made:
    return w.rows, w.rows + w.image_noise(4.0) + w.row_noise(2.0), {"damaged"}


def _shuffled(w: _World) -> Made:
    """The rows change places: the same distribution, no truth left."""
    return w.rows, w.rows[w.rng.permutation(len(w.rows))], {"damaged"}


def _mean_shift(w: _World) -> Made:
    return w.rows, w.rows - w.gap, {"closer"}


def _gap_opened(w: _World) -> Made:
    """The translation the other way: directions draw together, and nothing is lost."""
    return w.rows - w.gap, w.rows, {"inconclusive"}


def _collapse_mean(w: _World) -> Made:
    mean = _unit(w.rows).mean(axis=0)
    return w.rows, mean + 0.02 * _noise(w.rng, *w.rows.shape), {"collapsed", "hub-captured"}


def _collapse_text(w: _World) -> Made:
    return w.rows, w.texts[:1] + 0.02 * _noise(w.rng, *w.rows.shape), {"collapsed", "hub-captured"}


def _hub(w: _World) -> Made:
    """Half the images are drawn to one text; the rest stay."""
    drawn = (w.images % 2 == 0)[:, None]
    return (
        w.rows,
        np.where(drawn, 0.3 * w.rows + 3.0 * w.texts[0], w.rows),
        {"hub-captured", "damaged", "collapsed"},
    )


def _snap(w: _World) -> Made:
    return (
        w.rows,
        w.nearest_texts() + 0.02 * _noise(w.rng, *w.rows.shape),
        {"collapsed", "damaged", "closer", "unchanged"},
    )


def _towards_nearest(w: _World) -> Made:
    """Each row is pulled towards the text it was nearest to: sure of itself, no wiser."""
    return w.rows, w.rows + 1.5 * w.nearest_texts(), {"closer", "unchanged", "damaged", "collapsed"}


def _improved(w: _World) -> Made:
    """Noise shrinks and the truth stays."""
    truth = w.texts[w.labels] + w.gap
    return w.rows, truth + 0.6 * (w.rows - truth), {"aligned"}


def _bridged(w: _World) -> Made:
    """Noise shrinks and the gap goes: what a good bridge does."""
    truth = w.texts[w.labels] + w.gap
    return w.rows, truth + 0.6 * (w.rows - truth) - w.gap, {"aligned"}


CONDITIONS: dict[str, Callable[[_World], Made]] = {
    "identity": _identity,
    "rescaled": _rescaled,
    "exchangeable": _exchangeable,
    "exchangeable-small": _exchangeable_small,
    "noisier": _noisier,
    "shuffled": _shuffled,
    "mean-shift": _mean_shift,
    "gap-opened": _gap_opened,
    "collapse-mean": _collapse_mean,
    "collapse-text": _collapse_text,
    "hub": _hub,
    "snap": _snap,
    "towards-nearest": _towards_nearest,
    "improved": _improved,
    "bridged": _bridged,
}
"""What can be done to a study, by name."""
