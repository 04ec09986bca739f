"""Masks from the user's own sampler: a callable, a data set, a loader or its collator's batches."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from repscope.errors import InputError
from repscope.extraction.models.determinism import seeded
from repscope.internals.masking.mask import Cells, Grid, Mask
from repscope.internals.masking.samplers import Sampler

FORMS = """a sampler is f(grid, rng), f(grid) or f(), or something to iterate over, and gives for each
    sample an array of the grid's shape, True where a token is hidden;
    or {"context": tokens, "targets": [tokens, …]}, each a bool array or indices of the flat grid;
    or a list of these, one a level;
    or a batch (anything, [context…], [target…]) of [B, K] indices (I-JEPA)"""
"""What may come from a user's sampler."""


KEYS = {
    "context": ("context", "visible", "keep"),
    "targets": ("targets", "target", "predict", "masked"),
}
"""What the parts of a sample may be called."""


def own_sampler(made: Any, name: str) -> Sampler:
    """A sampler from what a user gives.

    Randomness of a callable that takes no ``rng`` comes from the global generators of Python, numpy and
    torch, which are seeded before each call and put back after it.

    Args:
        made: a callable, or an iterable.
        name: for messages.

    Raises:
        InputError: neither.
    """
    if callable(made):
        return _from_callable(made, name)
    if isinstance(made, Iterable):
        return _from_iterable(made, name)
    raise InputError(
        f"a sampler of masks from {name}", f"an object of type {type(made).__name__}", f"see: {FORMS}"
    )


def _from_callable(function: Callable[..., Any], name: str) -> Sampler:
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(function).parameters.values()
        takes = sum(one.kind in places and one.default is one.empty for one in parameters)
    except (TypeError, ValueError):
        takes = 2
    if takes > 2:
        raise InputError(
            f"a sampler that takes grid and rng in {name}", f"{takes} arguments", f"see: {FORMS}"
        )

    def sample(grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        with seeded(int(rng.integers(2**31))):
            made = function(*(grid, rng)[:takes])
        return masks_of(made, grid, name)

    return sample


def _from_iterable(source: Iterable[Any], name: str) -> Sampler:
    waiting: list[tuple[Mask, ...]] = []
    entries = iter(source)

    def sample(grid: Grid, rng: np.random.Generator) -> tuple[Mask, ...]:
        if not waiting:
            with seeded(int(rng.integers(2**31))):
                made = next(entries, None)
            if made is None:
                raise InputError(f"as many samples from {name} as asked for", "fewer", "give fewer --samples")
            batch = _collated(made, grid, name)
            waiting.extend(batch if batch is not None else [masks_of(made, grid, name)])
        return waiting.pop(0)

    return sample


def masks_of(made: Any, grid: Grid, name: str) -> tuple[Mask, ...]:
    """The mask of one sample, or one a level, from any of :data:`FORMS`.

    Raises:
        InputError: another form.
    """
    if isinstance(made, Mask):
        return (made,)
    if isinstance(made, Mapping):
        found = {key: next((made[one] for one in names if one in made), None) for key, names in KEYS.items()}
        if found["targets"] is None:
            raise InputError(
                f"'context' and 'targets' in a sample of {name}", f"{sorted(map(str, made))}", f"see: {FORMS}"
            )
        targets = tuple(_cells(one, grid, name) for one in _each(found["targets"], grid))
        hidden = np.logical_or.reduce(targets) if targets else np.zeros(grid, bool)
        return (Mask(~hidden if found["context"] is None else _cells(found["context"], grid, name), targets),)
    if isinstance(made, Sequence) and made and isinstance(made[0], Mapping | Mask):
        return tuple(mask for level in made for mask in masks_of(level, grid, name))
    if (batch := _collated(made, grid, name)) is not None:
        return batch[0]
    hidden = _cells(made, grid, name)
    return (Mask(~hidden, (hidden,)),)


def _collated(made: Any, grid: Grid, name: str) -> list[tuple[Mask, ...]] | None:
    """The masks of a collator's batch: (anything, [context…], [target…]) of [B, K] indices."""
    if not isinstance(made, tuple | list) or len(made) != 3:
        return None
    sides = [[np.asarray(one) for one in side] if isinstance(side, list | tuple) else [] for side in made[1:]]
    if not all(sides) or any(one.ndim != 2 or one.dtype.kind not in "iu" for side in sides for one in side):
        return None
    batch: list[tuple[Mask, ...]] = []
    for row in range(len(sides[0][0])):
        context = np.logical_or.reduce([_cells(one[row], grid, name) for one in sides[0]])
        batch.append((Mask(context, tuple(_cells(one[row], grid, name) for one in sides[1])),))
    return batch


def _each(given: Any, grid: Grid) -> Iterator[Any]:
    """The targets: of a list of several, or one array of them."""
    array = None if isinstance(given, list | tuple) else np.asarray(given)
    several = array is None and len(given) > 0 and np.ndim(given[0]) > 0
    if several or (array is not None and array.ndim > 1 and array.shape != grid):
        yield from given
    else:
        yield given


def _cells(given: Any, grid: Grid, name: str) -> Cells:
    """Tokens as a bool array of the grid's shape: from one, a flat one, or indices."""
    try:
        array = np.asarray(given)
    except (TypeError, ValueError) as error:
        raise InputError(f"tokens in a sample of {name}", str(error), f"see: {FORMS}") from error
    count = int(np.prod(grid))
    # As many zeros and ones as there are tokens are a mask, flat or not: indices never repeat.
    whole = array.shape == grid or (array.ndim == 1 and array.size == count > 2)
    binary = array.dtype == bool or (whole and array.dtype.kind in "iuf" and np.isin(array, (0, 1)).all())
    if binary and array.size == count:
        return np.asarray(array, bool).reshape(grid)
    if array.ndim == 1 and array.dtype.kind in "iu":
        if array.size and not (array.min() >= 0 and array.max() < count):
            raise InputError(
                f"indices from 0 to {count - 1} in a sample of {name}",
                f"{int(array.min())} to {int(array.max())}",
                "give --grid as the sampler makes it",
            )
        if len(np.unique(array)) < array.size:
            raise InputError(
                f"indices of tokens in a sample of {name}", "some twice", "give each once, or a mask"
            )
        cells = np.zeros(count, bool)
        cells[array] = True
        return cells.reshape(grid)
    raise InputError(
        f"tokens of a {'×'.join(map(str, grid))} grid in a sample of {name}",
        f"{array.dtype} of shape {list(array.shape)}",
        f"see: {FORMS}",
    )
