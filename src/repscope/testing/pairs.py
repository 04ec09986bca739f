"""Two modalities of the same items, with every answer known: the best map, the best top-1.

An item has a class, what varies within the class, and nuisance that only its image shows (view, light,
background). Image and text are linear in these, plus noise, plus each modality's own mean; so the
best prediction of a text from its image is a matrix that is known, and so is the best guess of
the class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class PairedModalities:
    """Image rows, text rows, and the truth about them.

    Attributes:
        images: [N, D].
        texts: [N, E] the text of each item, row i with row i.
        class_texts: [K, E] the text of each class; row k is class k.
        labels: [N] class of each item.
        unseen: [K] classes that a fit should not see.
        clusters: [N] image of each row: rows of one share class and nuisance, and are not independent.
        matrix: [D, E] of the best linear prediction of ``texts`` from ``images``, over the population
            that these classes were drawn for; with ``bend`` it is of the rows before the bend.
        offset: [E] of the same: texts ≈ images @ matrix + offset.
        class_images: [K, D] mean image of each class.
        within: [D, D] covariance of the images of one class.
    """

    images: Floats
    texts: Floats
    class_texts: Floats
    labels: Codes
    unseen: NDArray[np.bool_]
    clusters: Codes
    matrix: Floats
    offset: Floats
    class_images: Floats
    within: Floats

    @property
    def seen_rows(self) -> Codes:
        """Items of classes that a fit may see."""
        return np.flatnonzero(~self.unseen[self.labels])

    @property
    def unseen_rows(self) -> Codes:
        """Items of the other classes."""
        return np.flatnonzero(self.unseen[self.labels])

    def predicted(self, images: Floats) -> Floats:
        """[n, E] the best linear prediction of the texts."""
        return images @ self.matrix + self.offset

    def bayes_labels(self, images: Floats) -> Codes:
        """[n] the likeliest class of each image: no classifier is right more often.

        Classes are equally frequent Gaussians of one covariance, so the rule is linear. Not for bent images.
        """
        # Without noise the covariance has no inverse; what it lacks is the same in all images.
        solved = np.linalg.pinv(self.within, rcond=1e-10, hermitian=True) @ self.class_images.T
        scores = images @ solved - 0.5 * np.einsum("kd,dk->k", self.class_images, solved)
        best: Codes = scores.argmax(axis=1)
        return best


def paired_modalities(
    n: int = 1000,
    d: int = 32,
    *,
    d_text: int | None = None,
    classes: int = 20,
    unseen: int = 0,
    shared: int = 8,
    variety: float = 0.3,
    nuisance: float = 2.0,
    gap: float = 4.0,
    noise: float = 0.1,
    rows_per_cluster: int = 1,
    turned: float = 1.0,
    bend: float = 0.0,
    seed: int = 0,
) -> PairedModalities:
    """Draw items of two modalities.

    Args:
        n: items.
        d: width of images.
        d_text: width of texts; that of images without.
        classes: K.
        unseen: the last so many classes are marked as unseen.
        shared: dimensions of what both modalities show.
        variety: SD of what varies within a class and both modalities show; class centres have SD 1.
        nuisance: SD of what images alone show, in as many dimensions as ``shared`` (fewer if ``d`` is
            small); 0 for none.
        gap: distance between the means of the modalities.
        noise: SD of independent noise in each dimension of both modalities.
        rows_per_cluster: rows that share a class and their nuisance.
        turned: 0: a factor has the same axis in both modalities, so that methods without pairs can work;
            1: the axes are unrelated, and only pairs tell them. Needs equal widths below 1.
        bend: size of a smooth distortion of the images, so that no linear map is exact; 0 for none.
        seed: of everything.

    Raises:
        InputError: sizes that do not fit each other.
    """
    width = d if d_text is None else d_text
    if not 0 < shared <= min(d, width) or not 0 <= unseen < classes or n < 1 or rows_per_cluster < 1:
        raise InputError(
            "shared ≤ width, unseen < classes, at least one row",
            f"shared {shared}, widths {d} and {width}, unseen {unseen} of {classes}, n {n}",
            "choose sizes that fit",
        )
    if not 0 <= turned <= 1 or (turned < 1 and width != d):
        raise InputError("turned from 0 to 1, and 1 for unequal widths", f"{turned}", "leave d_text out")
    rng = np.random.default_rng(seed)
    axes = _orthonormal(rng, d)
    extra = min(shared, d - shared) if nuisance else 0
    to_image, to_nuisance = axes[:shared], nuisance * axes[shared : shared + extra]
    other = _orthonormal(rng, width)
    to_text = (other if turned == 1 else _turned(axes, other, turned))[:shared]
    # Factors differ in strength, as the spectra of real models do.
    strengths = np.linspace(1.5, 0.5, shared)
    to_image, to_text = to_image * strengths[:, None], to_text * strengths[::-1, None]
    image_mean, text_mean = _means(rng, d, width, gap)
    centres = rng.standard_normal((classes, shared))

    clusters = np.arange(n) // rows_per_cluster
    of_cluster = rng.integers(0, classes, int(clusters[-1]) + 1)
    labels = of_cluster[clusters].astype(np.int64)
    factors = centres[labels] + variety * rng.standard_normal((n, shared))
    nuisances = rng.standard_normal((len(of_cluster), extra))[clusters]
    images = factors @ to_image + nuisances @ to_nuisance + image_mean + noise * rng.standard_normal((n, d))
    texts = factors @ to_text + text_mean + noise * rng.standard_normal((n, width))

    within = variety**2 * to_image.T @ to_image + to_nuisance.T @ to_nuisance + noise**2 * np.eye(d)
    spread = np.cov(centres.T, ddof=0).reshape(shared, shared)
    total = spread + variety**2 * np.eye(shared)
    covariance = within + to_image.T @ spread @ to_image
    # lstsq: without noise the covariance has no inverse, and the smallest solution is exact on the rows.
    matrix: Floats = np.linalg.lstsq(covariance, to_image.T @ total @ to_text, rcond=1e-10)[0].astype(
        np.float64
    )
    mean = centres.mean(axis=0)
    offset = mean @ to_text + text_mean - (mean @ to_image + image_mean) @ matrix
    if bend:
        images = images + bend * np.tanh(images @ _orthonormal(rng, d))
    return PairedModalities(
        images=images,
        texts=texts,
        class_texts=centres @ to_text + text_mean,
        labels=labels,
        unseen=np.arange(classes) >= classes - unseen,
        clusters=clusters.astype(np.int64),
        matrix=matrix,
        offset=offset,
        class_images=centres @ to_image + image_mean,
        within=within,
    )


def _means(rng: np.random.Generator, d: int, width: int, gap: float) -> tuple[Floats, Floats]:
    """Means of the two modalities, ``gap`` apart when they are equally wide."""
    image = rng.standard_normal(d) / np.sqrt(d)
    away = rng.standard_normal(width)
    text = gap * away / np.linalg.norm(away)
    return image, (image + text if width == d else text)


def _turned(axes: Floats, other: Floats, share: float) -> Floats:
    """[D, D] orthonormal rows between two bases."""
    between, upper = np.linalg.qr(((1 - share) * axes + share * other).T)
    # QR chooses signs of its own; with those of the diagonal, no turn gives back the axes.
    signed: Floats = (between * np.sign(np.diag(upper))).T
    return signed


def _orthonormal(rng: np.random.Generator, d: int) -> Floats:
    """[D, D] random orthonormal rows."""
    basis: Floats = np.linalg.qr(rng.standard_normal((d, d)))[0].T
    return basis
