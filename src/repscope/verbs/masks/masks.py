"""``masks``: what samplers of masks hide and show, measured over many samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, UnknownNameError, check_known
from repscope.extraction.models.callables import load_from_file
from repscope.extraction.models.user_code import blaming
from repscope.extraction.sources.decode import UnreadableError, open_image
from repscope.internals.masking.mask import Grid, Mask, check_grid, check_mask
from repscope.internals.masking.own import FORMS, own_sampler
from repscope.internals.masking.samplers import SAMPLERS, Sampler
from repscope.internals.masking.statistics import mask_statistics
from repscope.text.progress import OnProgress, Progress
from repscope.verbs.masks.options import MasksOptions
from repscope.verbs.masks.record import SampledMasks
from repscope.verbs.masks.result import Masks

KEPT = 16
"""Samples that are kept for the figures."""


def masks(
    sampler: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = MasksOptions.sampler,
    *,
    grid: Sequence[int] = MasksOptions.grid,
    samples: int = MasksOptions.samples,
    params: Mapping[str, Any] | None = None,
    image: str | Path | None = None,
    allow_overlap: bool = MasksOptions.allow_overlap,
    seed: int = MasksOptions.seed,
    progress: OnProgress | None = None,
) -> Masks:
    """Draw many masks, and say what they hide: ratio, overlap, coverage, sizes, and where.

    Args:
        sampler: multiblock, hierarchical, random, blockwise, tube, ``FILE.py:callable``, or your own;
            several to compare. Your own is ``f(grid, rng)``, ``f(grid)`` or ``f()``, or a data set,
            loader or collator's batches to iterate over; see :data:`repscope.internals.masking.own.FORMS`.
        grid: rows and columns of tokens, with frames before them where there are any.
        samples: masks that are drawn of each sampler.
        params: of the samplers of ours that have them, such as {"ratio": 0.6}.
        image: picture that the masks are laid over in the figures.
        allow_overlap: accept targets that the context shows.
        seed: of everything random; the same seed repeats exactly.
        progress: called after every sampler.

    Raises:
        UnknownNameError: no such sampler or parameter.
        InputError: a grid, a parameter or a mask that cannot be.
        MissingError, ModelError: no such file or name, or the code raised.
    """
    shape = check_grid(grid)
    asked = [sampler] if isinstance(sampler, str) or not isinstance(sampler, Sequence) else list(sampler)
    if samples < 1 or not asked:
        raise InputError("at least one sample of one sampler", f"{samples} of {len(asked)}", "ask for more")
    made = [_sampler(one, dict(params or {})) for one in asked]
    _refuse_unused(dict(params or {}), [own for _, own, _ in made])
    found, notes = [], []
    for at, (name, own, draw) in enumerate(made):
        drawn = []
        for number in range(samples):
            where = f"sample {number} of {name}"
            drawn.append(_checked(_draw(draw, shape, seed, number, name), shape, where, allow_overlap))
            if len(drawn[-1]) != len(drawn[0]):
                raise InputError(
                    f"{len(drawn[0])} levels in every sample of {name}",
                    f"{len(drawn[-1])} in sample {number}",
                    "correct the sampler",
                )
        levels = tuple(
            mask_statistics([each[level] for each in drawn], seed=seed) for level in range(len(drawn[0]))
        )
        found.append(SampledMasks(name, own, levels, tuple(drawn[:KEPT])))
        notes += _notes(found[-1])
        # Data sets and loaders cannot be asked twice for the same sample.
        if not own and (callable(asked[at]) or isinstance(asked[at], str)):
            notes += _unrepeatable(draw, drawn[0], shape, seed, name)
        if progress is not None:
            progress(Progress("masks", at + 1, len(made)))
    named = all(isinstance(one, str) for one in asked)
    options = MasksOptions(
        sampler=tuple(map(str, asked)),
        grid=shape,
        samples=samples,
        params=params,
        image=Path(image) if image is not None else None,
        allow_overlap=allow_overlap,
        seed=seed,
    )
    return Masks(
        shape,
        samples,
        tuple(found),
        tuple(notes),
        options.to_command("masks") if named else "",
        None if image is None else _open(Path(image)),
    )


def _sampler(asked: Any, params: dict[str, Any]) -> tuple[str, dict[str, Any], Sampler]:
    """Name, parameters, and the sampler."""
    if isinstance(asked, str) and asked in SAMPLERS:
        kind = SAMPLERS[asked]
        assert is_dataclass(kind)
        known = {field.name: field for field in fields(kind)}
        given = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in params.items()
            if key in known
        }
        default = kind()
        for key, value in given.items():
            _check_parameter(asked, key, value, getattr(default, key))
        own = kind(**given)
        assert is_dataclass(own)
        return asked, {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(own).items()}, own
    if isinstance(asked, str):
        if ":" not in asked:
            check_known(asked, SAMPLERS, "a sampler of masks, or FILE.py:callable,")
        return asked, {}, own_sampler(load_from_file(asked, "the sampler"), asked)
    name = getattr(asked, "__name__", type(asked).__name__)
    return name, {}, own_sampler(asked, name)


def _check_parameter(name: str, key: str, value: Any, default: Any) -> None:
    """Numbers where numbers are, in an order and within what a share can be."""
    pair = isinstance(default, tuple)
    values = value if pair and isinstance(value, tuple) and len(value) == 2 else (value,)
    wrong = len(values) != (2 if pair else 1) or any(
        isinstance(one, bool) or not isinstance(one, int | float) or not 0 < one < 1e6 for one in values
    )
    whole = isinstance(default, int)
    wrong = wrong or (whole and values[0] != int(values[0])) or (pair and values[0] > values[-1])
    share = key in ("ratio", "scale", "context")
    if wrong or (share and max(values) > 1):
        form = "two numbers, the smaller first" if pair else "a whole number" if whole else "a number"
        raise InputError(
            f"{form} above 0{' and at most 1' if share else ''} for {key} of {name}",
            repr(value),
            f"write --param {key}={list(default) if pair else default}",
        )


def _refuse_unused(params: dict[str, Any], used: Sequence[Mapping[str, Any]]) -> None:
    for key in params:
        if not any(key in own for own in used):
            known = sorted({name for own in used for name in own})
            raise UnknownNameError(
                f"a parameter of these samplers ({', '.join(known) or 'they have none'})", key, "choose one"
            )


def _draw(draw: Sampler, grid: Grid, seed: int, number: int, name: str) -> tuple[Mask, ...]:
    rng = np.random.default_rng((seed, number))
    file = Path(name.partition(":")[0])
    with blaming(file, f"{name} to give masks"):
        return draw(grid, rng)


def _checked(drawn: tuple[Mask, ...], grid: Grid, where: str, overlap: bool) -> tuple[Mask, ...]:
    if not drawn:
        error = InputError(f"a mask in {where}", "nothing", "correct the sampler")
        error.add_note(FORMS)
        raise error
    levels = [f"level {level} of {where}" if len(drawn) > 1 else where for level in range(len(drawn))]
    return tuple(check_mask(mask, grid, at, overlap=overlap) for mask, at in zip(drawn, levels, strict=True))


def _notes(one: SampledMasks) -> list[str]:
    said = []
    for level, stats in enumerate(one.levels):
        at = f"{one.name}, level {level}" if len(one.levels) > 1 else one.name
        overlapping = stats.measures["target.overlapping"].value or 0.0
        if overlapping > 0:
            share = stats.measures["target.overlap"].value or 0.0
            said.append(
                f"{at}: targets overlap in {overlapping:.0%} of the samples, {share:.0%} of their tokens"
            )
        if leaked := stats.measures["leaked.ratio"].value:
            said.append(f"{at}: the context shows {leaked:.0%} of the target tokens")
        if stats.coverage < 1 and stats.samples >= 10 * stats.probability.size:
            said.append(f"{at}: {1 - stats.coverage:.0%} of the positions were never masked")
    return said


def _unrepeatable(draw: Sampler, first: tuple[Mask, ...], grid: Grid, seed: int, name: str) -> list[str]:
    again = _draw(draw, grid, seed, 0, name)
    same = len(again) == len(first) and all(
        np.array_equal(a.context, b.context) and np.array_equal(a.masked, b.masked)
        for a, b in zip(again, first, strict=True)
    )
    return [] if same else [f"{name}: draws from a source of its own, so that no seed repeats it"]


def _open(path: Path) -> NDArray[np.float32]:
    if not path.is_file():
        raise InputError(f"a picture at {path}", "no such file", "check the path after --image")
    try:
        return np.asarray(open_image(path), np.float32) / np.float32(255)
    except UnreadableError as error:
        raise InputError(f"a readable picture at {path}", str(error), "give another") from error
