"""Classes in a report: one sentence, groups, those at both ends; all of them in ``classes.csv``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from repscope.measure.comparison.classes import ALPHA, FEWEST, ClassChange, ClassValue, shown
from repscope.measure.core.estimate import Difference, Estimate
from repscope.report.csv import Value, csv_text
from repscope.report.document import Block, Cell, Column, Paragraph, Section, Table, View
from repscope.text.display import display_safe, isolated
from repscope.text.numbers import p_value, whole
from repscope.verbs.common.measures import cell

SHOWN = 30
"""Classes that a table shows; of more, as many from both ends."""
LISTED = 25
"""Classes without items that are named; the rest are counted."""
NAMED = 5
"""Classes that a sentence names."""

_PLACES = 3

T = TypeVar("T", bound=ClassChange | ClassValue)


def sorted_changes(rows: Sequence[ClassChange]) -> list[ClassChange]:
    """Those that gained most, beyond what their size leaves uncertain, first."""

    def key(row: ClassChange) -> tuple[float, float]:
        change = row.difference
        if change.value is None or change.low is None or change.high is None:
            return 0.0, 0.0
        return -change.value / (change.high - change.low), -(row.cosine.difference.value or 0.0)

    return sorted(rows, key=key)


def sorted_values(rows: Sequence[ClassValue]) -> list[ClassValue]:
    """The most often found first; those too small for an interval last."""
    return sorted(rows, key=lambda row: (row.value.low is None, -(row.value.value or 0.0), -row.n))


def both_ends(rows: Sequence[T], most: int) -> list[T]:
    """All rows, or ``most`` of them, from both ends."""
    return list(rows) if len(rows) <= most else [*rows[: most // 2], *rows[-(most // 2) :]]


def changes_sentence(rows: Sequence[ClassChange]) -> str:
    """Which classes gained and lost, as far as that is shown."""
    ordered = sorted_changes(rows)
    up = [row for row in ordered if row.shown > 0]
    down = [row for row in reversed(ordered) if row.shown < 0]
    tested = sum(row.difference.q is not None for row in rows)
    parts = [
        f"{whole(len(found))} {word}{_named(found)}"
        for found, word in ((up, "gained"), (down, "lost"))
        if found
    ]
    said = " and ".join(parts) if parts else "none is shown to have gained or lost"
    nearer, farther = (sum(shown(row.cosine.difference) == sign for row in rows) for sign in (1, -1))
    return (
        f"Of {_classes(len(rows))}, {whole(tested)} of which have the {FEWEST} independent items that a test "
        f"needs, {said}: q ≤ {ALPHA} over the classes, and an interval without 0. Of the others nothing is "
        f"shown. The cosine to the truth rose in {whole(nearer)} and fell in {whole(farther)} of them."
    )


def values_sentence(rows: Sequence[ClassValue]) -> str:
    """Which classes are found most and least often."""
    ordered = [row for row in sorted_values(rows) if row.value.low is not None]
    if len(ordered) < 2:
        return f"{_classes(len(rows))}, too few of them with {FEWEST} independent items to be told apart."
    best, worst = ordered[0], ordered[-1]
    return (
        f"Of the {whole(len(ordered))} classes with at least {FEWEST} independent items, "
        f"{isolated(best.label, 40)} is found most often ({_share(best.value)}, n = {best.n:,}), "
        f"{isolated(worst.label, 40)} least ({_share(worst.value)}, n = {worst.n:,}); "
        f"{_classes(len(rows))} have items."
    )


def changes_section(rows: Sequence[ClassChange], groups: Sequence[ClassChange]) -> tuple[Section, ...]:
    """The chapter of a comparison; nothing without classes and groups."""
    columns = (
        Column("items"), Column("before"), Column("after"), Column("difference", "change"), Column("q"),
        Column("cosine, difference", "change"), Column("q of the cosine"),
    )  # fmt: skip
    views = (View(("items", "before", "after", "difference", "q"), brief=("before", "after")),)

    def cells(row: ClassChange) -> tuple[Cell | str, ...]:
        return (
            whole(row.n),
            cell(row.before, _PLACES),
            cell(row.after, _PLACES),
            _noted(row.difference),
            p_value(row.difference.q),
            _noted(row.cosine.difference, say=False),
            p_value(row.cosine.difference.q),
        )

    def mean(row: ClassChange) -> tuple[Cell, ...]:
        over = row.over_classes
        if over is None:
            return Cell(), Cell(), Cell()
        return cell(over.before, _PLACES), cell(over.after, _PLACES), _noted(over.difference)

    over = ("before, over classes", "after, over classes", "difference, over classes")
    ends = "those that gained most and least for their size"
    sentence = changes_sentence(rows) if rows else ""
    return _section(sorted_changes(rows), groups, sentence, _Shown(columns, cells, over, mean, ends, views))


def values_section(rows: Sequence[ClassValue], groups: Sequence[ClassValue]) -> tuple[Section, ...]:
    """The chapter of one stage."""
    columns = Column("items"), Column("found"), Column("cosine to the truth")

    def cells(row: ClassValue) -> tuple[Cell | str, ...]:
        return whole(row.n), _noted(row.value, signed=False), cell(row.cosine, _PLACES)

    def mean(row: ClassValue) -> tuple[Cell, ...]:
        return (Cell() if row.over_classes is None else _noted(row.over_classes, signed=False),)

    sentence = values_sentence(rows) if rows else ""
    manner = _Shown(columns, cells, ("found, over classes",), mean, "those found most and least often")
    return _section(sorted_values(rows), groups, sentence, manner)


def data_notes(notes: Sequence[str], without_items: Sequence[str]) -> tuple[str, ...]:
    """What a reader should know of the rows, with the classes that no item is of."""
    said = [display_safe(one, 600) for one in notes]
    if without_items:
        listed = ", ".join(isolated(one, 40) for one in without_items[:LISTED])
        more = f" and {whole(len(without_items) - LISTED)} more" if len(without_items) > LISTED else ""
        rows = "class of the reference has" if len(without_items) == 1 else "classes of the reference have"
        said.append(f"{whole(len(without_items))} {rows} no item: {listed}{more}")
    return tuple(said)


def changes_csv(rows: Sequence[ClassChange]) -> str:
    """The content of ``classes.csv``: classes, then groups."""
    return _csv(
        rows,
        ("before", "after", "difference"),
        lambda row: {
            "": (row.before, row.after, row.difference),
            "cosine_": (row.cosine.before, row.cosine.after, row.cosine.difference),
        },
    )


def grouped_csv(groups: Mapping[str, Sequence[ClassChange]]) -> str:
    """The same of several groups of stages, one after the other; the group is the first field."""
    lines: list[str] = []
    for name, rows in groups.items():
        head, *body = changes_csv(rows).splitlines()
        field = csv_text(("group",), [{"group": name}]).splitlines()[1] if name else ""
        lines += ([] if lines else [f"group,{head}"]) + [f"{field},{line}" for line in body]
    return "\n".join(lines) + "\n"


def values_csv(rows: Sequence[ClassValue]) -> str:
    """The same of one stage."""
    return _csv(rows, ("value",), lambda row: {"": (row.value,), "cosine_": (row.cosine,)})


_Estimates = tuple[Estimate | Difference, ...]


def _csv(rows: Sequence[T], parts: Sequence[str], read: Callable[[T], dict[str, _Estimates]]) -> str:
    ends = [f"{part}{end}" for part in parts for end in ("", "_low", "_high")]
    tests = ["p", "q"] if "difference" in parts else []
    columns = ["column", "label", "classes", "n", "clusters"]
    columns += [f"{prefix}{name}" for prefix in ("", "cosine_") for name in (*ends, *tests)]

    def lines() -> Iterator[dict[str, Value]]:
        for row in rows:
            line: dict[str, Value] = {
                "column": row.column, "label": row.label, "n": row.n, "clusters": row.clusters,
                "classes": row.classes or None,
            }  # fmt: skip
            for prefix, estimates in read(row).items():
                for part, one in zip(parts, estimates, strict=True):
                    line |= {f"{prefix}{part}": one.value, f"{prefix}{part}_low": one.low}
                    line |= {f"{prefix}{part}_high": one.high}
                    if isinstance(one, Difference):
                        line |= {f"{prefix}p": one.p, f"{prefix}q": one.q}
            yield line

    return csv_text(
        [*columns, "why"], ({**line, "why": _why(row)} for line, row in zip(lines(), rows, strict=True))
    )


def _why(row: ClassChange | ClassValue) -> str:
    return row.difference.why if isinstance(row, ClassChange) else row.value.why


@dataclass(frozen=True)
class _Shown(Generic[T]):
    """How rows become lines: columns, their cells, what groups have besides, the order in words."""

    columns: tuple[Column, ...]
    cells: Callable[[T], tuple[Cell | str, ...]]
    over: tuple[str, ...]
    mean: Callable[[T], tuple[Cell, ...]]
    ends: str
    views: tuple[View, ...] = ()


def _section(rows: Sequence[T], groups: Sequence[T], sentence: str, manner: _Shown[T]) -> tuple[Section, ...]:
    if not rows and not groups:
        return ()
    columns, over, views = manner.columns, manner.over, manner.views
    blocks: list[Block] = [Paragraph(sentence)] if sentence else []
    about = (
        "Share of the items of a class that lie nearest to their truth (top1.true), and their mean cosine to "
        "it. "
        "Shares have Wilson's interval, differences of shares Newcombe's paired one and McNemar's mid-P, "
        "cosines Student's t; all count independent items. q is over the rows of one table. Over classes: "
        "every class counts the same, and intervals take the classes as a sample."
    )
    blocks.append(Paragraph(about, about=True))
    for column in dict.fromkeys(row.column for row in groups):
        own = tuple(
            (isolated(row.label, 60), whole(row.classes), *manner.cells(row), *manner.mean(row))
            for row in groups
            if row.column == column
        )
        heads = (Column(isolated(column, 40), "id"), Column("classes"), *columns, *map(Column, over))
        blocks.append(Table(heads, own, f"By {isolated(column, 40)}", views=_with_groups(views, over)))
    if rows:
        chosen = both_ends(rows, SHOWN)
        few = len(chosen) < len(rows)
        which = (
            f"Shown: {len(chosen)} of {whole(len(rows))} classes, {manner.ends}; all are in classes.csv."
            if few
            else ""
        )
        body = tuple((isolated(row.label, 60), *manner.cells(row)) for row in chosen)
        blocks.append(
            Table((Column("class", "id", clip=30), *columns), body, "By class", which, "wide dense", views)
        )
    return (Section("classes", "Classes", tuple(blocks)),)


def _with_groups(views: tuple[View, ...], over: tuple[str, ...]) -> tuple[View, ...]:
    if not views:
        return ()
    first = View(("classes", *views[0].columns), brief=views[0].brief)
    return first, View(("classes", *over), "Every class counted the same:", brief=over[:-1])


def _noted(one: Estimate | Difference, *, signed: bool = True, say: bool = True) -> Cell:
    """A number with its interval, or with the reason why there is none."""
    made = cell(one, _PLACES, signed=signed)
    if one.why and say:
        return Cell(made.text, raw=made.raw, below=(one.why.partition(":")[0],))
    return made


def _named(rows: Sequence[ClassChange]) -> str:
    names = ", ".join(isolated(row.label, 40) for row in rows[:NAMED])
    return f" ({names}{' …' if len(rows) > NAMED else ''})"


def _classes(count: int) -> str:
    return f"{whole(count)} class{'es' if count != 1 else ''}"


def _share(one: Estimate) -> str:
    return str(cell(one, 2))
