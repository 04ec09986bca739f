"""Pictures with masks: the layouts that people have, checked before anything is trained."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, InputError, MissingError
from repscope.extraction.sources.decode import UnreadableError, image_size, open_image
from repscope.formats.text_files import read_text
from repscope.segmentation.metrics import Labels

IGNORED = -1
"""Class of a pixel that does not count."""

SPLITS = ("train", "val", "test")
SHARES = (0.7, 0.15, 0.15)
"""Of the splits, where the data has none."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
MOST_PROBLEMS = 20

TRIMAP = {1: 0, 2: 1, 3: 2}
"""Values of a trimap of Oxford-IIIT Pet: the animal, the ground, and the border between."""


@dataclass(frozen=True)
class Pair:
    """A picture and its mask."""

    id: str
    image: Path
    mask: Path


@dataclass(frozen=True)
class SegmentationData:
    """Pictures with masks, by split.

    Attributes:
        path: of the data.
        layout: "folder", "table", "pet", "voc" or "ade".
        classes: names; a pixel of class k is of ``classes[k]``.
        values: class of each value of a mask that is not its own class; others beyond the classes are errors.
        ignored: values of pixels that do not count.
        splits: pairs by name.
        notes: what a reader should know.
    """

    path: Path
    layout: str
    classes: tuple[str, ...]
    splits: Mapping[str, tuple[Pair, ...]]
    values: Mapping[int, int] = field(default_factory=dict)
    ignored: frozenset[int] = frozenset({255})
    notes: tuple[str, ...] = ()

    def mask(self, pair: Pair) -> Labels:
        """[H, W] class of each pixel, :data:`IGNORED` where it does not count.

        Raises:
            InputError: a value of no class.
        """
        raw = read_mask(pair.mask)
        labels = raw.astype(np.int64)
        for value, one in self.values.items():
            labels[raw == value] = one
        for value in self.ignored:
            labels[raw == value] = IGNORED
        unknown = sorted({int(one) for one in np.unique(raw)} - self._known())
        if unknown:
            raise InputError(
                f"values of {len(self.classes)} classes in the mask of {pair.id}",
                f"{', '.join(map(str, unknown[:8]))}",
                "name all classes with --classes, or the values to leave out with --ignore",
            )
        return labels

    def _known(self) -> set[int]:
        own = set(self.values) if self.values else set(range(len(self.classes)))
        return own | set(self.ignored)

    def fingerprint(self) -> str:
        """Of ids, splits, classes and the bytes of the masks."""
        digest = hashlib.sha256(repr((self.classes, sorted(self.values.items()))).encode())
        for split, pairs in sorted(self.splits.items()):
            for pair in pairs:
                digest.update(f"{split}/{pair.id}".encode())
                digest.update(hashlib.sha256(pair.mask.read_bytes()).digest())
        return digest.hexdigest()[:32]


def read_mask(path: Path) -> NDArray[np.uint8] | NDArray[np.int32]:
    """[H, W] values of a mask as they are stored: grey, or indices into a palette.

    Raises:
        FormatError: unreadable, or with colours.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            if image.mode not in ("L", "P", "I", "I;16", "1"):
                raise FormatError(
                    f"one value a pixel in the mask {path.name}", f"colours ({image.mode})", "store class ids"
                )
            return np.asarray(image if image.mode != "1" else image.convert("L"))
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise FormatError(f"a readable mask at {path}", str(error), "write it again") from error


def open_data(
    path: str | Path,
    *,
    classes: Sequence[str] = (),
    ignore: Sequence[int] = (255,),
    seed: int = 0,
    limit: int | None = None,
) -> SegmentationData:
    """The data at a path, whichever layout it has; everything that is wrong with it at once.

    Args:
        path: of Oxford-IIIT Pet (``images``, ``annotations/trimaps``, list files), VOC, ADE
            (``images/training``, ``annotations/training``), a folder with ``images`` and ``masks``, or a csv
            with the columns ``image``, ``mask`` and perhaps ``split``.
        classes: names, where ``classes.txt`` does not say.
        ignore: values of masks that do not count.
        seed: of the splits, where the data has none.
        limit: pairs of each split at most, the first ones.

    Raises:
        MissingError: there is nothing.
        InputError: pictures without masks, sizes that differ, unknown values, an empty split.
        FormatError: no layout that is known.
    """
    place = Path(path).expanduser()
    if not place.exists():
        raise MissingError(f"pictures with masks at {place}", "no such file or folder", "check the path")
    if (place / "annotations" / "trimaps").is_dir():
        found = _pet(place)
    elif (place / "SegmentationClass").is_dir():
        found = _voc(place)
    elif (place / "annotations" / "training").is_dir():
        found = _ade(place)
    elif (place / "images").is_dir() and (place / "masks").is_dir():
        found = _folder(place, classes, ignore, seed)
    elif place.suffix.lower() in (".csv", ".tsv"):
        found = _table(place, classes, ignore, seed)
    else:
        raise FormatError(
            f"Oxford-IIIT Pet, VOC, ADE, images/ and masks/, or a csv at {place}", "none of these", "give one"
        )
    if limit is not None:
        cut = {name: pairs[:limit] for name, pairs in found.splits.items()}
        found = SegmentationData(
            found.path, found.layout, found.classes, cut, found.values, found.ignored, found.notes
        )
    _check(found)
    return found


def _check(data: SegmentationData) -> None:
    """Raise for all problems together."""
    problems = [f"split {name!r} is empty" for name in ("train",) if not data.splits.get(name)]
    for pairs in data.splits.values():
        for pair in pairs:
            if not pair.image.is_file():
                problems.append(f"{pair.id}: no picture")
                continue
            if not pair.mask.is_file():
                problems.append(f"{pair.id}: no mask")
                continue
            try:
                labels = data.mask(pair)
            except (InputError, FormatError) as error:
                problems.append(f"{pair.id}: {error.got}")
                continue
            size = image_size(pair.image)
            if size is None:
                problems.append(f"{pair.id}: a picture that cannot be read")
            elif (size[1], size[0]) != labels.shape:
                wide = f"{size[0]}×{size[1]}"
                problems.append(
                    f"{pair.id}: a picture of {wide}, a mask of {labels.shape[1]}×{labels.shape[0]}"
                )
            elif (labels == IGNORED).all():
                problems.append(f"{pair.id}: every pixel of the mask is ignored")
    if problems:
        more = f"; and {len(problems) - MOST_PROBLEMS:,} more" if len(problems) > MOST_PROBLEMS else ""
        raise InputError(
            f"pictures with masks of one size and known classes in {data.path}",
            "; ".join(problems[:MOST_PROBLEMS]) + more,
            "correct or remove them; --classes and --ignore say what the values mean",
        )


def open_picture(pair: Pair) -> NDArray[np.uint8]:
    """[H, W, 3] of a picture.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return np.asarray(open_image(pair.image))
    except UnreadableError as error:
        raise InputError(f"a readable picture of {pair.id}", str(error), "repair it") from error


def _folder(place: Path, classes: Sequence[str], ignore: Sequence[int], seed: int) -> SegmentationData:
    images, masks = (_by_stem(place / name) for name in ("images", "masks"))
    pairs = [
        Pair(stem, images.get(stem, place / "images" / stem), masks.get(stem, place / "masks" / stem))
        for stem in sorted({*images, *masks})
    ]
    listed = place / "splits.csv"
    known = {row["id"]: row["split"] for row in _rows(listed)} if listed.is_file() else None
    splits, notes = _split(pairs, None if known is None else [known.get(pair.id, "") for pair in pairs], seed)
    names = tuple(classes) or _classes(place / "classes.txt", masks.values(), ignore)
    return SegmentationData(place, "folder", names, splits, {}, frozenset(ignore), notes)


def _table(place: Path, classes: Sequence[str], ignore: Sequence[int], seed: int) -> SegmentationData:
    rows = _rows(place)
    if not rows or not {"image", "mask"} <= rows[0].keys():
        raise FormatError(
            f"columns image and mask in {place}", ", ".join(rows[0]) if rows else "no rows", "name them so"
        )
    pairs = [
        Pair(
            row.get("id") or Path(row["image"]).stem, place.parent / row["image"], place.parent / row["mask"]
        )
        for row in rows
    ]
    splits, notes = _split(pairs, [row["split"] for row in rows] if "split" in rows[0] else None, seed)
    masks = [pair.mask for pair in pairs if pair.mask.is_file()]
    names = tuple(classes) or _classes(place.with_name("classes.txt"), masks, ignore)
    return SegmentationData(place, "table", names, splits, {}, frozenset(ignore), notes)


def _pet(place: Path) -> SegmentationData:
    def listed(name: str) -> list[str]:
        file = place / "annotations" / f"{name}.txt"
        lines = read_text(file).split("\n") if file.is_file() else []
        return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]

    def pair(stem: str) -> Pair:
        return Pair(stem, place / "images" / f"{stem}.jpg", place / "annotations" / "trimaps" / f"{stem}.png")

    training = listed("trainval")
    # Every tenth of the official training list validates; the test list is the official one.
    splits = {
        "train": tuple(pair(one) for at, one in enumerate(training) if at % 10 != 9),
        "val": tuple(pair(one) for at, one in enumerate(training) if at % 10 == 9),
        "test": tuple(map(pair, listed("test"))),
    }
    return SegmentationData(place, "pet", ("animal", "ground", "border"), splits, TRIMAP, frozenset())


_VOC = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike "
    "person pottedplant sheep sofa train tvmonitor"
)


def _voc(place: Path) -> SegmentationData:
    lists = place / "ImageSets" / "Segmentation"
    splits = {}
    for name, file in (("train", "train"), ("val", "val"), ("test", "test")):
        stems = read_text(lists / f"{file}.txt").split() if (lists / f"{file}.txt").is_file() else []
        splits[name] = tuple(
            Pair(one, place / "JPEGImages" / f"{one}.jpg", place / "SegmentationClass" / f"{one}.png")
            for one in stems
        )
    notes = () if splits["test"] else ("VOC has no masks of its test split: compare on --split val",)
    return SegmentationData(place, "voc", tuple(_VOC.split()), splits, {}, frozenset({255}), notes)


def _ade(place: Path) -> SegmentationData:
    splits = {}
    largest = 0
    for name, folder in (("train", "training"), ("val", "validation"), ("test", "test")):
        images, masks = (_by_stem(place / kind / folder) for kind in ("images", "annotations"))
        splits[name] = tuple(Pair(one, images[one], masks[one]) for one in sorted(images) if one in masks)
        for mask in masks.values():
            largest = max(largest, int(read_mask(mask).max()))
    file = place / "objectInfo150.txt"
    lines = read_text(file).strip().split("\n")[1:] if file.is_file() else []
    names = tuple(line.split("\t")[-1].split(",")[0].strip() for line in lines)
    names = names or tuple(f"class {one}" for one in range(1, largest + 1))
    # 0 is whatever is not annotated.
    values = {one: one - 1 for one in range(1, len(names) + 1)}
    return SegmentationData(place, "ade", names, splits, values, frozenset({0}))


def _split(
    pairs: Sequence[Pair], known: Sequence[str] | None, seed: int
) -> tuple[dict[str, tuple[Pair, ...]], tuple[str, ...]]:
    if known is not None:
        strange = sorted({name for name in known if name not in SPLITS})
        if strange:
            raise InputError(
                f"splits {', '.join(SPLITS)}", ", ".join(repr(name) for name in strange[:5]), "rename them"
            )
        return {
            name: tuple(one for one, own in zip(pairs, known, strict=True) if own == name) for name in SPLITS
        }, ()
    order = np.random.default_rng(seed).permutation(len(pairs))
    ends = np.round(np.cumsum(SHARES) * len(pairs)).astype(int)
    splits = {}
    start = 0
    for name, end in zip(SPLITS, ends, strict=True):
        splits[name] = tuple(pairs[at] for at in sorted(order[start:end]))
        start = end
    return splits, (
        f"the data has no splits: {', '.join(f'{n} {len(p)}' for n, p in splits.items())}, seed {seed}",
    )


def _classes(file: Path, masks: Iterable[Path], ignore: Sequence[int]) -> tuple[str, ...]:
    if file.is_file():
        return tuple(line.strip() for line in read_text(file).split("\n") if line.strip())
    values: set[int] = set()
    for mask in masks:
        values |= {int(one) for one in np.unique(read_mask(mask))}
    return tuple(f"class {one}" for one in range(max(values - set(ignore), default=0) + 1))


def _rows(file: Path) -> list[dict[str, str]]:
    lines = [line for line in read_text(file).split("\n") if line.strip()]
    if not lines:
        return []
    rows = csv.DictReader(lines, delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
    return [{key.strip(): (value or "").strip() for key, value in row.items() if key} for row in rows]


def _by_stem(folder: Path) -> dict[str, Path]:
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    return {
        file.relative_to(folder).with_suffix("").as_posix(): file
        for file in files
        if file.suffix.lower() in SUFFIXES
    }
