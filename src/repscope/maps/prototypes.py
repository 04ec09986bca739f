"""Classes as points: the text of each class, and the mean direction of its items, in one map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError
from repscope.maps.fit import Method, Projection, project
from repscope.measure.core.arrays import group_codes, matrix, unit_rows


@dataclass(frozen=True)
class Prototypes:
    """Mean directions of the classes that have one.

    Attributes:
        vectors: [P, D] float64, of unit length.
        classes: [P] the class of each, ascending.
        counts: [n_classes] items of each class.
        missing: classes without items.
        cancelled: classes whose items point every way, so that their mean has no direction.
    """

    vectors: NDArray[np.float64]
    classes: NDArray[np.int64]
    counts: NDArray[np.int64]
    missing: tuple[int, ...]
    cancelled: tuple[int, ...] = ()


@dataclass(frozen=True)
class ClassMap:
    """Class texts and class prototypes in one plane.

    Attributes:
        projection: sets "text" [C, 2] and "prototype" [P, 2], fitted jointly.
        prototypes: which class each prototype is of, and which have none.
    """

    projection: Projection
    prototypes: Prototypes


def class_prototypes(items: ArrayLike, item_keys: ArrayLike, n_classes: int) -> Prototypes:
    """N(mean of N(x)) over the items of each class. A class without items has no prototype.

    Args:
        items: [N, D].
        item_keys: [N] class of each item, 0 to ``n_classes`` − 1; −1 for items without one.
        n_classes: how many classes there are.

    Raises:
        VectorError: a row is zero or not finite, or keys do not fit the rows or the classes.
        InputError: no item has a class.
    """
    array = matrix(items, "items", min_rows=0)
    keys = group_codes(item_keys, len(array), n_classes, "class")
    known = np.flatnonzero(keys >= 0)
    if not len(known):
        raise InputError("items of at least one class", "none", "check the key column that links the sets")
    classes = keys[known]
    counts = np.bincount(classes, minlength=n_classes)
    sums = np.zeros((n_classes, array.shape[1]))
    for start in range(0, len(known), 4096):
        some = known[start : start + 4096]
        np.add.at(sums, classes[start : start + 4096], unit_rows(array[some], "items", some))
    lengths = np.linalg.norm(sums, axis=1)
    directed = lengths > 1e-9 * np.maximum(counts, 1)
    present = np.flatnonzero((counts > 0) & directed)
    return Prototypes(
        vectors=sums[present] / lengths[present, None],
        classes=present,
        counts=counts.astype(np.int64),
        missing=tuple(np.flatnonzero(counts == 0).tolist()),
        cancelled=tuple(np.flatnonzero((counts > 0) & ~directed).tolist()),
    )


def project_classes(
    texts: NDArray[Any],
    items: ArrayLike,
    item_keys: ArrayLike,
    *,
    method: Method = "tsne",
    seed: int = 0,
    perplexity: float = 30.0,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
) -> ClassMap:
    """Class texts and class prototypes in one fit, never a reducer for each.

    Args:
        texts: [C, D]; row c is class c.
        items: [N, D] of the same space.
        item_keys: [N] class of each item, −1 for none.
        method, seed, perplexity, n_neighbors, min_dist: as in :func:`repscope.maps.fit.project`.

    Raises:
        VectorError, InputError, DependencyError: as :func:`class_prototypes` and
            :func:`repscope.maps.fit.project`.
    """
    found = class_prototypes(items, item_keys, len(matrix(texts, "texts")))
    projection = project(
        {"text": texts, "prototype": found.vectors},
        method=method,
        seed=seed,
        perplexity=perplexity,
        n_neighbors=n_neighbors,
        min_dist=min_dist,
        max_rows=None,
    )
    return ClassMap(projection, found)
