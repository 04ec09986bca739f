"""``inside``: what the verbs that look into one model say, as one report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.errors import InputError
from repscope.text.numbers import number
from repscope.text.progress import OnProgress
from repscope.verbs.inside.options import PARTS, InsideOptions
from repscope.verbs.inside.result import Inside, InsidePart

if TYPE_CHECKING:
    from torch import nn

GIVES = {
    "attention": "a source of images and --model",
    "features": "a source of images and --model",
    "predictions": "a source of images and --predictor FILE.py:callable",
    "training": "--logs LOG",
    "landscape": "--landscape FILE.py:callable",
}
"""What a part needs; masks need nothing."""


def inside(
    source: str | Path | None = None,
    *,
    parts: Sequence[str] = InsideOptions.parts,
    model: str | nn.Module | None = None,
    predictor: str | nn.Module | None = None,
    sampler: Sequence[str] = InsideOptions.sampler,
    logs: Sequence[str | Path] = InsideOptions.logs,
    landscape: str | tuple[nn.Module, Callable[..., Any]] | None = None,
    weights: str | Path | None = None,
    grid: Sequence[int] = InsideOptions.grid,
    resize: str | int | None = None,
    crop: str | int | None = None,
    mean: str | None = None,
    std: str | None = None,
    show: int = InsideOptions.show,
    limit: int | None = None,
    samples: int = InsideOptions.samples,
    cells: int = InsideOptions.cells,
    device: str | None = None,
    seed: int = InsideOptions.seed,
    progress: OnProgress | None = None,
) -> Inside:
    """Attention, features, masks, predictions, training and landscape of one model, each by its verb.

    Every part has its figures, sentences with its numbers, and the command that repeats it. A part that
    nothing was given for is left out, and said to be.

    Args:
        source: images, as for ``extract``.
        parts: some of attention, features, masks, predictions, training, landscape.
        model: whose attention and features are seen, as for ``attention``.
        predictor: a JEPA or masked autoencoder, as for ``predictions``.
        sampler: of the masks, as for ``masks``, several to compare.
        logs: of the training, as for ``training``.
        landscape: module and loss, as for ``landscape``.
        weights: of model and predictor.
        grid: of the masks.
        resize, crop, mean, std: of the images, as for ``extract``.
        show, limit: images whose maps are drawn, and images at most.
        samples: masks that are drawn.
        cells: of the landscape, a side; odd.
        device, seed: as everywhere.
        progress: told by every part.

    Raises:
        InputError: an unknown part, or nothing to show.
        RepscopeError: as the verbs of the parts.
    """
    from repscope.study.provenance import now, version

    if not parts or set(parts) - set(PARTS):
        raise InputError(f"parts among {', '.join(PARTS)}", ", ".join(parts) or "none", "choose some")
    own = {**locals(), "parts": tuple(parts), "sampler": tuple(sampler), "logs": tuple(map(Path, logs))}
    pixels = {"resize": resize, "crop": crop, "mean": mean, "std": std, "weights": weights}
    run = {**pixels, "show": show, "limit": limit, "device": device, "seed": seed, "progress": progress}
    makers: dict[str, Callable[[], InsidePart] | None] = {
        "attention": (lambda: _attention(source, model, run)) if source and model is not None else None,
        "features": (lambda: _features(source, model, run)) if source and model is not None else None,
        "masks": lambda: _masks(source, sampler, grid, samples, seed),
        "predictions": (
            (lambda: _predictions(source, predictor, run)) if source and predictor is not None else None
        ),
        "training": (lambda: _training(logs, seed)) if logs else None,
        "landscape": (
            (lambda: _landscape(landscape, cells, device, seed, progress)) if landscape is not None else None
        ),
    }
    made = [maker() for name in PARTS if name in parts and (maker := makers[name]) is not None]
    missing = {name: GIVES[name] for name in PARTS if name in parts and makers[name] is None}
    if not made:
        raise InputError(
            "something to look into", f"nothing for {', '.join(missing)}", "; ".join(missing.values())
        )
    named = all(isinstance(one, str | None) for one in (model, predictor, landscape))
    words = ["inside", *([source] if source else [])]
    titles = [one for one in (model, predictor, landscape) if isinstance(one, str)]
    return Inside(
        title=titles[0] if titles else str(source or "masks"),
        parts=tuple(made),
        left_out=missing,
        replay=InsideOptions.of(own).to_command(*words) if named else "",
        version=version(),
        time=now(),
    )


def _attention(source: Any, model: Any, run: Mapping[str, Any]) -> InsidePart:
    from repscope.verbs.attention.attention import attention
    from repscope.verbs.attention.figures import draw

    found = attention(source, model, **run)
    said = [f"{len(found.layers)} layers of {found.layers[0].heads} heads over {len(found.ids):,} items."]
    for name, unit in (("distance", "patches"), ("entropy", "nats")):
        means = [_mean(layer.measures.get(name, ())) for layer in found.layers]
        if all(np.isfinite(means)):
            said.append(
                f"Mean {name} goes from {number(means[0], 2)} {unit} in the first layer to "
                f"{number(means[-1], 2)} in the last."
            )
    return InsidePart("attention", found.to_json(), (*said, *found.notes), found.replay, dict(draw(found)))


def _features(source: Any, model: Any, run: Mapping[str, Any]) -> InsidePart:
    """The model's own output for each item, a mean over tokens where it has them, described."""
    from repscope.study import Study
    from repscope.verbs.describe.describe import describe
    from repscope.verbs.describe.document import headline
    from repscope.verbs.extract.extract import extract

    more = {name: value for name, value in run.items() if name != "show"}
    with tempfile.TemporaryDirectory(prefix="repscope-") as folder:
        extract(source, model, study=folder, name="features", pool="mean", **more)
        found = describe(Study.open(folder)["features"], seed=run["seed"])
        return InsidePart(
            "features", found.to_json(), (headline(found), *found.notes), "", found.figures, found.captions
        )


def _mean(heads: Sequence[Any]) -> float:
    values = [one.value for one in heads if one.value is not None]
    return float(np.mean(values)) if values else float("nan")


def _masks(source: Any, sampler: Sequence[str], grid: Sequence[int], samples: int, seed: int) -> InsidePart:
    from repscope.verbs.masks.figures import draw
    from repscope.verbs.masks.masks import masks

    picture = _first_picture(source)
    found = masks(tuple(sampler), grid=grid, samples=samples, seed=seed, image=picture)
    said = [
        f"{one.name}: {_value(one.levels[0], 'masked.ratio')} of the tokens are masked, "
        f"{_value(one.levels[0], 'context.ratio')} are seen."
        for one in found.samplers
    ]
    return InsidePart("masks", found.to_json(), (*said, *found.notes), found.replay, dict(draw(found)))


def _value(stats: Any, name: str) -> str:
    value = stats.measures[name].value
    return "–" if value is None else f"{value:.0%}"


def _first_picture(source: Any) -> Path | None:
    from repscope.extraction.sources.base import IMAGE_SUFFIXES

    place = None if source is None else Path(source).expanduser()
    if place is None or not place.is_dir():
        return None
    return next((one for one in sorted(place.rglob("*")) if one.suffix.lower() in IMAGE_SUFFIXES), None)


def _predictions(source: Any, predictor: Any, run: Mapping[str, Any]) -> InsidePart:
    from repscope.verbs.predictions.figures import draw
    from repscope.verbs.predictions.predictions import predictions

    found = predictions(source, predictor, **run)
    said = [f"Level {level.level}: {level.reading}" for level in found.levels]
    said += [f"{one.name}: {one.collapse}" for one in found.health if one.collapse]
    return InsidePart("predictions", found.to_json(), (*said, *found.notes), found.replay, dict(draw(found)))


def _training(logs: Sequence[str | Path], seed: int) -> InsidePart:
    from repscope.verbs.training.figures import draw
    from repscope.verbs.training.training import training

    found = training(list(logs), seed=seed)
    drawn = list(draw(found))
    said = [f"{len(found.series):,} series of {len(found.runs):,} runs, {len(found.restarts):,} restarts."]
    words = ("restart", "break", "COLLAPSE", "collapse", "momentum", "gradient")
    said += [line for line in found.lines() if line.startswith(words)]
    return InsidePart(
        "training",
        found.to_json(),
        (*said, *found.notes),
        found.replay,
        {name: figure for name, figure, _ in drawn},
        {name: caption for name, _, caption in drawn},
    )


def _landscape(
    pair: Any, cells: int, device: str | None, seed: int, progress: OnProgress | None
) -> InsidePart:
    from repscope.plot.landscape.surface import plot_contours, plot_surface
    from repscope.verbs.landscape.landscape import landscape

    found = landscape(pair, grid=cells, device=device, seed=seed, progress=progress)
    figures = {
        "contours": plot_contours(found.xs, found.ys, found.losses),
        "surface": plot_surface(found.xs, found.ys, found.losses),
    }
    return InsidePart("landscape", found.to_json(), (*found.lines(), *found.notes), found.replay, figures)
