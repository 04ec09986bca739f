"""What ``inside`` found, which writes its report."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.report.document import Bullets, Command, Document, Figure, Paragraph, Section
from repscope.report.files import write_report
from repscope.text.display import display_safe
from repscope.text.figures import FIGURE_FORMATS

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

SCHEMA = "repscope.inside/1"


@dataclass(frozen=True)
class InsidePart:
    """One part of the report.

    Attributes:
        name: attention, features, masks, predictions, training or landscape.
        record: what its verb gave, as JSON values.
        said: what it shows, in sentences with numbers.
        replay: the command that repeats it.
        figures: by name.
        captions: of them, by name.
    """

    name: str
    record: Mapping[str, Any] = field(repr=False)
    said: tuple[str, ...]
    replay: str
    figures: Mapping[str, Drawn] = field(repr=False)
    captions: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Inside:
    """What is inside one model, part by part; saves itself.

    Attributes:
        title: what was looked at.
        parts: that were made.
        left_out: parts that nothing was given for, each with the option that gives it.
        notes: what a reader should know.
        replay: the command that repeats all of it; "" where there is none.
    """

    title: str
    parts: tuple[InsidePart, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...] = ()
    replay: str = ""
    version: str = ""
    time: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values: ``parts`` with the record of each verb."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "parts": {part.name: dict(part.record) for part in self.parts},
            "said": {part.name: list(part.said) for part in self.parts},
            "figures": {part.name: list(part.figures) for part in self.parts},
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
            "replay": self.replay,
        }

    def lines(self) -> Iterator[str]:
        """What each part says."""
        for part in self.parts:
            yield f"{part.name}: {len(part.figures)} figures"
            yield from (f"  {sentence}" for sentence in part.said)
        for name, option in self.left_out.items():
            yield f"{name}: left out, give {option}"

    def save(self, out: str | Path, *, formats: tuple[str, ...] = FIGURE_FORMATS) -> Path:
        """Write report.html, report.txt, metrics.json, metrics.csv and figures/; return the page.

        Raises:
            StorageError: the disk refuses.
        """
        figures = {
            f"{part.name}-{name}": drawn for part in self.parts for name, drawn in part.figures.items()
        }
        captions = {
            f"{part.name}-{name}": part.captions.get(name, "") for part in self.parts for name in part.figures
        }
        return write_report(
            Path(out),
            self._document(),
            metrics=self.to_json(),
            table=self._table(),
            figures=figures,
            captions=captions,
            formats=formats,
        )

    def _document(self) -> Document:
        count = sum(len(part.figures) for part in self.parts)
        return Document(
            word="inside",
            tone="calm",
            title=display_safe(self.title, 120),
            beside="",
            headline=f"{', '.join(part.name for part in self.parts)}: {count} figures.",
            reasons=(),
            facts=(
                Bullets(
                    tuple(
                        display_safe(one, 300)
                        for one in (
                            *self.notes,
                            *(f"{name} is left out: give {option}" for name, option in self.left_out.items()),
                        )
                    )
                ),
            ),
            sections=tuple(self._section(part) for part in self.parts),
            source="",
            repeat=self.replay,
            definitions=(),
            version=display_safe(self.version, 40),
            time=self.time,
        )

    def _section(self, part: InsidePart) -> Section:
        blocks = [Paragraph(display_safe(sentence, 600)) for sentence in part.said]
        drawn = [
            Figure(
                f"{part.name}-{name}", name.replace(".", " "), display_safe(part.captions.get(name, ""), 600)
            )
            for name in part.figures
        ]
        commands = (Command((part.replay,)),) if part.replay else ()
        return Section(part.name, part.name.capitalize(), (*blocks, *drawn, *commands), sourced=False)

    def _table(self) -> str:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["part", "name", "value", "low", "high", "n"])
        for part in self.parts:
            for name, value in _values(part.record):
                rows.writerow([part.name, name, *(value.get(key) for key in ("value", "low", "high", "n"))])
        return text.getvalue()


def _values(record: Any, above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every estimate in a record, with the names on the way to it."""
    if isinstance(record, Mapping):
        if {"value", "low", "high"} <= record.keys() and not isinstance(record["value"], Mapping):
            yield above, record
            return
        own = record.get("name")
        for key, value in record.items():
            place = str(own) if key == "value" and isinstance(own, str) else str(key)
            yield from _values(value, f"{above}.{place}".strip("."))
    elif isinstance(record, list | tuple):
        for at, value in enumerate(record):
            named = isinstance(value, Mapping) and isinstance(value.get("name"), str) and "value" in value
            yield from _values(value, above if named else f"{above}.{at}".strip("."))
