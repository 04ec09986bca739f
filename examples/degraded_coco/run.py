"""Photos that get worse in steps, followed as generations: JPEG, blur and lost colour.

    python examples/degraded_coco/run.py PHOTOS WEIGHTS OUT

PHOTOS is a folder with ``images/``, whose file names are numbers, and ``manifest.csv``, whose column
``coco_id`` has the same numbers, beside ``caption1``. WEIGHTS is torchvision's ``mobilenet_v2`` as
safetensors. OUT gets a folder of pictures a step, the study and the report. Images are compared with
themselves alone: these weights have no text tower, so captions are columns and nothing is measured to them.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter

import repscope as rs
from repscope.extraction import Preprocessing, SourceOptions, open_source
from repscope.verbs.drift.drift import drift_study
from repscope.verbs.drift.result import Drift

MODEL = Path(__file__).resolve().parents[1] / "models" / "mobilenet_v2.py"
STEPS = Preprocessing(crop=(224, 224), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
MEASURES = ("mmd", "manifold", "paths")
"""Not rank and Fréchet distance: 36 photos span 35 of 1,280 directions, which decides both, for minutes. Not
modes: they need 80 photos."""

SIDE = 256
"""Pixels of the shorter side, before anything is degraded: a blur of 4 means the same in every photo."""

Way = tuple[Callable[[Image.Image, float], Image.Image], Sequence[float]]


def jpeg(image: Image.Image, quality: float) -> Image.Image:
    """Through JPEG and back."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(quality))
    return Image.open(file).convert("RGB")


def blur(image: Image.Image, radius: float) -> Image.Image:
    """A Gaussian blur."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def colour(image: Image.Image, saturation: float) -> Image.Image:
    """Less of the colours; 0 is grey."""
    return ImageEnhance.Color(image).enhance(saturation)


WAYS: Mapping[str, Way] = {
    "jpeg": (jpeg, (30, 10, 5, 2)),
    "blur": (blur, (1, 2, 4, 8)),
    "colour": (colour, (0.75, 0.5, 0.25, 0.0)),
}


def resized(file: Path) -> Image.Image:
    """A photo in RGB with the shorter side of :data:`SIDE`."""
    with Image.open(file) as image:
        scale = SIDE / min(image.size)
        size = round(image.width * scale), round(image.height * scale)
        return image.convert("RGB").resize(size, Image.Resampling.BICUBIC)


def captioned(manifest: Path, out: Path) -> Path:
    """The manifest once more, with the first caption as the column that figures show."""
    out.mkdir(parents=True, exist_ok=True)
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = [{**row, "caption": row["caption1"]} for row in csv.DictReader(file)]
    with (out / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return out / "photos.csv"


def main(
    photos: Path,
    weights: Path,
    out: Path,
    ways: Mapping[str, Way] = WAYS,
    measures: Sequence[str] | None = MEASURES,
) -> Drift:
    """Degrade, extract, and follow each photo; a group for each way. ``measures`` as in ``rs.drift``."""
    originals = {file.stem: resized(file) for file in sorted((photos / "images").glob("*.jpg"))}
    items = SourceOptions(id="number", items=captioned(photos / "manifest.csv", out), id_column="coco_id")

    def stage(name: str, change: Callable[[Image.Image], Image.Image]) -> str:
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        for stem, image in originals.items():
            change(image).save(folder / f"{stem}.png")
        rs.extract(
            open_source(folder, items),
            f"{MODEL}:mobilenet_v2",
            weights=weights,
            capture={name: "features"},
            preprocess=STEPS,
            study=out / "study",
            device="cpu",
            overwrite=True,
        )
        return name

    first = stage("photos_gen_0", lambda image: image)
    groups = {
        name: [first, *(stage(f"{name}_gen_{step}", _at(how, level)) for step, level in enumerate(levels, 1))]
        for name, (how, levels) in ways.items()
    }
    found = drift_study(out / "study", (), groups=groups, measures=measures)
    found.save(out / "report", formats=("png",))
    return found


def _at(
    how: Callable[[Image.Image, float], Image.Image], level: float
) -> Callable[[Image.Image], Image.Image]:
    return lambda image: how(image, level)


def table(found: Drift) -> Iterator[str]:
    """The word of each group; move of the centre and spread, first to last."""
    for name, one in found.groups.items():
        last = len(one.labels) - 1
        spread, move = one.series["spread.total"].pair(0, last).change, one.move(0, last).relative
        yield (
            f"{name:<7} {one.verdict.word:<13} moved {move.value:.2f} RMS radii ({move.low:.2f} to "
            f"{move.high:.2f}), spread × {spread.value:.2f} ({spread.low:.2f} to {spread.high:.2f})"
        )


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print("\n".join(table(main(*map(Path, sys.argv[1:])))))
