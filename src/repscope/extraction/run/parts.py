"""The images and the texts of a run: which capture points are theirs, and what should be said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from repscope.errors import InputError, ModelError, name_some
from repscope.extraction.capture.points import CapturePoint
from repscope.extraction.capture.trial import Dependence
from repscope.extraction.models.loaded import Kind, LoadedModel
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.models.text_input import TextTransform
from repscope.extraction.run.outputs import Output
from repscope.extraction.sources.base import Item, Source, name_unread
from repscope.study.names import check_name


@dataclass
class Part:
    """The images or the texts of a run, and the sets that they fill.

    Attributes:
        source: of the items.
        items: those of the source that are taken.
        outputs: the sets.
        cut: texts that lose their end.
    """

    source: Source
    items: Sequence[Item]
    outputs: list[Output] = field(default_factory=list)
    cut: int = 0

    @property
    def kind(self) -> Kind:
        """What the items are."""
        return "text" if any(item.text is not None for item in self.items) else "image"

    def transform(self, model: LoadedModel) -> Transform | TextTransform:
        """What is done to an item before the model."""
        return model.text.transform if self.kind == "text" and model.text else model.transform

    def count_cut(self, model: LoadedModel) -> int:
        """Texts with more tokens than the model takes."""
        return model.text.transform.count_cut([item.text or "" for item in self.items]) if model.text else 0

    def notes(self, model: LoadedModel) -> Iterator[str]:
        """What a reader of the numbers should know of this part."""
        if unread := self.source.to_json().get("unread_formats"):
            yield (
                f"images in formats that are not read were passed over: {name_unread(unread)}; "
                "convert them to PNG or TIFF"
            )
        if self.cut and model.text:
            context = model.text.transform.context
            yield (
                f"{self.cut:,} of {len(self.items):,} texts have more than the {context} tokens that the "
                "model takes, and lost their end"
            )


def points_of(
    part: Part, points: Sequence[CapturePoint], both: bool, model: LoadedModel
) -> list[CapturePoint]:
    """The points that a part of the run fills; of a dual encoder with images and texts, its tower's."""
    if not both:
        return list(points)
    own = []
    for point in points:
        if not point.module:
            own.append(replace(point, name=check_name(f"{point.name}_{part.kind}")))
        elif model.text and model.text.owns(point.module) == (part.kind == "text"):
            own.append(point)
    if not own:
        raise InputError(
            f"a capture point in the {part.kind} tower, since the run has {part.kind}s",
            ", ".join(str(point) for point in points),
            "add one, or leave out this source",
        )
    return own


def notes_on(model: LoadedModel, parts: Sequence[Part]) -> Iterator[str]:
    """What a reader of the numbers should know of the model and its preprocessing."""
    transform = model.transform
    images = any(part.kind == "image" for part in parts)
    if images and isinstance(transform, Preprocessing) and transform.mean is None and transform.std is None:
        yield "pixels are in [0, 1]: no --mean and --std were given; most trained models expect theirs"
    weights = model.record.get("weights", "its own")
    if isinstance(weights, dict):
        yield from weights.get("notes", ())
    if weights is None:
        yield f"no --weights were given: the model is as {model.record['spec']} made it"
    if hidden := model.record.get("masked"):
        yield (
            f"the model leaves out {hidden:.0%} of the patches at random; for features of whole images set "
            "mask_ratio to 0 in config.json"
        )
    if model.absent:
        yield f"the weights lack {name_some(model.absent)}; no row depends on them"


_INDEPENDENT = (
    "in evaluation, let normalisation use stored statistics and dropout be off (training=self.training)"
)


def dependence_notes(depends: Mapping[str, Dependence | None]) -> Iterator[str]:
    """What a reader should know of sets, by name, whose rows depend on more than their item."""
    said: dict[str, list[str]] = {}
    for name, found in depends.items():
        if found is not None and found.on != "item":
            said.setdefault(str(found), []).append(name)
    for what, names in said.items():
        yield f"rows of {name_some(names)} {what}; {_INDEPENDENT}"


def refuse_dependence(depends: Mapping[str, Dependence]) -> None:
    """Raise :class:`ModelError` where rows depend on more than their item."""
    if notes := list(dependence_notes(depends)):
        got = notes[0].removesuffix(f"; {_INDEPENDENT}")
        raise ModelError(
            "rows that depend on their own item alone (--strict)",
            got,
            f"{_INDEPENDENT}; or leave out --strict to have it recorded",
        )
