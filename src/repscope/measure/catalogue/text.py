"""The table of measures, for a terminal and for the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from repscope.measure.core.info import MeasureInfo


def measures_text(infos: Iterable[MeasureInfo]) -> str:
    """The measures for a terminal, by group."""
    lines: list[str] = []
    group = ""
    for info in infos:
        if info.group != group:
            group = info.group
            lines += ["", group.upper()]
        lines.append(f"{info.name:<20} {_ARROWS[info.direction]} {_interval(info.bounds):<12} {info.formula}")
        lines += [f"{'':<36}{text}" for text in (info.paper, info.note) if text]
    return "\n".join(lines).strip()


def measures_markdown(infos: Iterable[MeasureInfo]) -> str:
    """The table of the documentation: one section a group."""
    lines: list[str] = []
    group = ""
    for info in infos:
        if info.group != group:
            group = info.group
            lines += [
                "",
                f"## {group}",
                "",
                "| measure | formula | better | bounds | paper |",
                "|---|---|---|---|---|",
            ]
        formula = _cell(info.formula) + (f"<br>*{_cell(info.note)}*" if info.note else "")
        cells = (f"`{info.name}`", formula, info.direction, _interval(info.bounds), _cell(info.paper))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines).strip() + "\n"


_ARROWS = {"higher": "↑", "lower": "↓", "none": "·"}


def _interval(bounds: tuple[float, float]) -> str:
    infinite = {float("inf"): "∞", -float("inf"): "−∞"}
    return f"[{', '.join(infinite.get(bound, f'{bound:g}') for bound in bounds)}]"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
