"""What every report ends with: how to make it again, where its sets come from, its thresholds and terms."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repscope.measure.catalogue.measures import MEASURES
from repscope.report.document import Block, Command, Definition, Facts, Figure, Heading, Paragraph, Section
from repscope.text.display import display_safe, isolated, shell_safe

MOST_NAMED = 4
"""Sets that are named below each section; the end of a report lists every one."""

_FINGERPRINT = 12


@dataclass(frozen=True)
class Origin:
    """A set that went into a report.

    Attributes:
        role: the part that it plays.
        name: of the set.
        fingerprint: of its rows, or "".
        provenance: what its study knows of it.
    """

    role: str
    name: str
    fingerprint: str
    provenance: Mapping[str, Any]


def source_line(origins: Sequence[Origin], seed: int, version: str) -> str:
    """Which data everything rests on, short enough to stand below each section."""
    named = [
        f"{one.role} {isolated(one.name, 40)} "
        f"{display_safe(one.fingerprint[:_FINGERPRINT]) or 'no fingerprint'}".lstrip()
        for one in origins
    ]
    if len(named) > MOST_NAMED:
        left_out = len(named) - MOST_NAMED
        named[MOST_NAMED - 1 : -1] = [f"… {left_out} more, with their fingerprints at the end"]
    return f"{'; '.join(named)}; seed {seed}; repscope {display_safe(version, 40)}"


def repeat_section(
    origins: Sequence[Origin],
    commands: Sequence[str],
    margins: Mapping[str, Any],
    *,
    seed: int,
    version: str,
    files: str,
) -> Section:
    """How to repeat a report.

    Args:
        origins: the sets.
        commands: the command, and those that check its inputs; none for a report made in Python.
        margins: thresholds of the verdict as JSON values.
        seed: of everything random.
        version: of repscope.
        files: what stands beside the report.
    """
    blocks: list[Block] = [Command(tuple(commands[:1]))]
    if not commands:
        same = "The same sets, seed and version give the same numbers."
        blocks = [Paragraph(f"Made in Python, without a command. {same}", about=True)]
    if len(commands) > 1:
        blocks += [Paragraph("That the inputs are the same bytes:", about=True), Command(tuple(commands[1:]))]
    made = f"Repscope {display_safe(version, 40)}, seed {seed}. Beside this report: {files}."
    blocks.append(Paragraph(made, about=True))
    for one in origins:
        fingerprint = display_safe(one.fingerprint, 80) or "none was recorded"
        known = [(display_safe(name, 60), on_one_line(value)) for name, value in one.provenance.items()]
        blocks.append(Heading(f"{one.role}: {isolated(one.name, 120)}"))
        blocks.append(Facts((("fingerprint", fingerprint), *known)))
    if margins:
        blocks += [Heading("Thresholds of the verdict"), Facts(_thresholds(margins), style="thresholds")]
    return Section("repeat", "How to repeat this", tuple(blocks), "How to repeat", sourced=False)


def check_commands(replay: str, names: Iterable[str]) -> tuple[str, ...]:
    """The command that repeats a report, and those that check its sets; none where there is none."""
    if not replay:
        return ()
    try:
        words = shlex.split(replay)
    except ValueError:
        words = []
    checks = []
    if words[:1] == ["repscope"] and len(words) > 2:
        checks = [
            shlex.join(["repscope", "info", words[2], name, "--verify"]) for name in dict.fromkeys(names)
        ]
    return tuple(map(shell_safe, [replay, *checks]))


def figures_section(figures: Mapping[str, Any], captions: Mapping[str, str]) -> tuple[Section, ...]:
    """The figures with their captions, by name; nothing where there are none."""
    drawn = tuple(
        Figure(
            name,
            display_safe(name.replace("_", " ").replace("-", " "), 80),
            display_safe(captions.get(name, ""), 2000),
        )
        for name in figures
    )
    return (Section("figures", "Figures", drawn),) if drawn else ()


def definitions(names: Iterable[str]) -> tuple[Definition, ...]:
    """What measures are, those that the catalogue has."""
    cards = MEASURES
    found = [cards[name] for name in dict.fromkeys(names) if name in cards]
    return tuple(Definition(one.name, one.formula, one.note, one.paper) for one in found)


def on_one_line(value: Any) -> str:
    """Any JSON value on one line."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "undefined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {on_one_line(one)}" for name, one in value.items())
    elif isinstance(value, list | tuple):
        value = ", ".join(map(on_one_line, value))
    return display_safe(value, 400)


def _thresholds(margins: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = []
    for name, value in margins.items():
        if isinstance(value, Mapping):
            rows += [(f"{name} · {inner}", on_one_line(one)) for inner, one in value.items()]
        else:
            rows.append((name, on_one_line(value)))
    return tuple(rows)
