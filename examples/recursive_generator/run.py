"""A generator that learns from its own images, ten times over, and what repscope says of it.

    python examples/recursive_generator/run.py OUT [--data FILE.npz] [--seed 0] ...

Three groups start from one generator of real images (the digits that scikit-learn brings, or ``images`` and
``labels`` of an npz). In ``recursive`` each next one learns only what the last one drew. In ``accumulate`` it
learns the real images and all that were drawn so far. In ``baseline`` it learns the real images again. OUT
gets a folder of images a generation, the study, the report of ``repscope drift``, and its figures once more
as small files in ``pictures``.

The generators and their trainings are those of the last chapter of ``repscope demo``, in
``repscope.verbs.demo.generator`` and ``repscope.verbs.demo.recursion``; here they are larger.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
from PIL import Image

from repscope.verbs.demo.recursion import Settings, digits, follow_generations, lost_modes
from repscope.verbs.drift.result import Drift


def real_images(data: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, H, W] as bytes, and their labels."""
    if data is None:
        return digits()
    with np.load(data) as arrays:
        return arrays["images"], arrays["labels"]


def main(
    out: Path,
    data: Path | None = None,
    settings: Settings | None = None,
    measures: Sequence[str] | None = None,
) -> Drift:
    """Follow the same prompts through the generations of each group, and write the report.

    Args:
        out: folder of everything that is made.
        data: npz with ``images`` [n, H, W] and ``labels`` [n]; None for scikit-learn's digits.
        settings: of the run.
        measures: see :func:`repscope.drift`.
    """
    images, labels = real_images(data)
    found = follow_generations(out, images, labels, settings or Settings(), measures=measures)
    found.save(out / "report", formats=("png",))
    shrink(out / "report" / "figures", out / "pictures")
    return found


def shrink(figures: Path, out: Path, width: int = 1100) -> None:
    """The figures as small files, of 128 colours, for a page."""
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(figures.glob("generation_*.png")):
        with Image.open(file) as figure:
            size = width, round(figure.height * width / figure.width)
            small = figure.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            name = file.name.replace("generation_", "recursive-")
            small.quantize(128, dither=Image.Dither.NONE).save(out / name, optimize=True)


def table(found: Drift) -> Iterator[str]:
    """The word of each group, and what the first and the last generation have of the real spread."""
    for name, one in found.groups.items():
        change = one.series["spread.total"].pair(0, len(one.labels) - 1).change
        lost, modes = lost_modes(found, name)
        yield (
            f"{name:<11} {one.verdict.word:<13} spread × {change.value:.2g} ({change.low:.2g} to "
            f"{change.high:.2g}), {lost} of {modes} modes lost"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=None, help="npz with images [n, H, W] and labels [n]")
    for field in fields(Settings):
        parser.add_argument(
            f"--{field.name}", type=type(field.default), default=field.default, help=f"{field.default}"
        )
    given = vars(parser.parse_args())
    result = main(given.pop("out"), given.pop("data"), Settings(**given))
    print("\n".join(table(result)))
