"""The options of verbs that run a model over a source: extraction, and what looks inside a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from repscope.errors import InputError
from repscope.verbs.common import options as shared
from repscope.verbs.common.options import REQUIRED, Options, option
from repscope.verbs.common.words import split_words

MODELS = (
    "FILE.py:callable, package.module:callable, hf:DIR_OR_NAME, timm:NAME, open_clip:NAME@TAG or "
    "st:NAME_OR_DIR."
)


def parse_regions(text: str) -> tuple[str, ...]:
    """The names of ``--regions``.

    Raises:
        InputError: there are none.
    """
    names = split_words(text)
    if not names:
        raise InputError("--regions with names", repr(text), "write --regions human,object,union")
    return names


of_source = partial(option, panel="Source")
of_model = partial(option, panel="Model and captures")
of_pixels = partial(option, panel="Preprocessing")
of_run = partial(option, panel="Run")


@dataclass(frozen=True, kw_only=True)
class ModelOptions(Options):
    """What is said of a source, a model, its preprocessing and its run."""

    model: str = option(REQUIRED, MODELS)
    source_kind: str | None = of_source(
        None, "What SOURCE is, where its content does not tell.", metavar="KIND"
    )
    path_column: str | None = of_source(None, "Of a table: paths of the images, or their bytes.", metavar="C")
    id_column: str | None = of_source(None, "Of a table, npz or --items: unique ids.", metavar="C")
    id_rule: str | None = of_source(
        None,
        "Of a folder: the id is the path, the file name, or the number that this is.",
        "--id",
        metavar="path|stem|number",
    )
    items: Path | None = of_source(
        None,
        "Of a folder: table (or COCO captions) with a row an image, found by --id-column.",
        metavar="FILE",
    )
    text_column: tuple[str, ...] = of_source(
        (),
        "Of a table: texts; of COCO captions: caption. Repeatable, for several texts a row.",
        metavar="C",
        repeated=True,
    )
    encoding: str | None = of_source(
        None, "Of SOURCE or --items as text; UTF-8, and UTF-16 by its mark, are found.", metavar="NAME"
    )
    images: Path | None = of_source(None, "Folder of the images that SOURCE lists, if it is not near.")
    regions: tuple[str, ...] | None = of_source(
        None,
        "Boxes to cut out of HICO-DET or V-COCO (all three if not given); object of COCO instances, "
        "segments of COCO panoptic.",
        metavar="human,object,union",
        parse=parse_regions,
        text=",".join,
    )
    templates: tuple[str, ...] = of_source(
        (),
        'SOURCE is class names, each put into "a photo of a {}". Repeatable.',
        metavar="TEXT",
        repeated=True,
    )
    array: str | None = of_source(None, "Of an npz: the array of images.", metavar="KEY")
    weights: Path | None = of_model(None, shared.WEIGHTS)
    weights_key: str | None = of_model(
        None,
        "Where they are in that file: state_dict_ema …; the likeliest that fits.",
        metavar="KEY",
    )
    weights_prefix: str | None = of_model(
        None, "Only the weights whose names begin so, without it: backbone.", metavar="TEXT"
    )
    resize: str | None = of_pixels(None, "Shorter side in pixels, or height,width.")
    crop: str | None = of_pixels(None, "Centre crop: one number, or height,width.")
    mean: str | None = of_pixels(None, "Of each colour: 0.485,0.456,0.406")
    std: str | None = of_pixels(None, "Of each colour: 0.229,0.224,0.225")
    interpolation: str | None = of_pixels(None, "Of the resizing.", metavar="bilinear|bicubic")
    batch_size: int = of_run(32, "Items in a forward pass; halved when memory is short.")
    device: str | None = of_run(None, shared.DEVICE)
    dtype: str | None = of_run(None, "Of the computation.", metavar="float32|float16|bfloat16")
    autocast: str | None = of_run(None, "torch's autocast around a float32 model.", metavar="bf16|fp16")
    workers: int = of_run(2, "Threads that decode images.")
    limit: int | None = of_run(None, "Only the first so many items of each source.")
    strict: bool = of_run(False, "Stop at an unreadable image.")
    seed: int = shared.SEED()
