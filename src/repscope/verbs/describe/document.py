"""The report of a description, and its table as csv."""

from __future__ import annotations

from dataclasses import replace

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.comparison.describe_arrays import StageResult
from repscope.report.document import (
    Bullets,
    Cell,
    Column,
    Document,
    Facts,
    Heading,
    Paragraph,
    Section,
    Table,
    View,
)
from repscope.report.plain import table_lines
from repscope.report.thumbnails import source_folders
from repscope.study.provenance import now
from repscope.text.display import display_safe, isolated, nonbreaking, wrap
from repscope.text.numbers import interval, number, percent, places_for, whole
from repscope.text.tables import WIDTH
from repscope.verbs.common.class_tables import data_notes, values_section, values_sentence
from repscope.verbs.common.measures import (
    GROUPS,
    OLDER_NUMBER,
    Cells,
    Notes,
    cell,
    name_cell,
    plain_name,
    undefined_cells,
)
from repscope.verbs.common.origin import (
    Origin,
    check_commands,
    definitions,
    figures_section,
    repeat_section,
    source_line,
)
from repscope.verbs.describe.record import DescriptionRecord

KEY = (
    "top1.true", "mrr.true", "recall@10", "recall@10.reverse", "cosine.true", "cosine.max", "gap.l2",
    "gap.auc", "hub.share", "spread.cosine", "rank.entropy",
)  # fmt: skip
KEY_UNLINKED = (
    "gap.l2", "gap.auc", "energy", "frechet", "cosine.max", "hub.share", "spread.cosine", "rank.entropy",
)  # fmt: skip
KEY_ALONE = (
    "spread.cosine",
    "rank.entropy",
    "rank.participation",
    "dimension.twonn",
    "isotropy",
    "norm.mean",
)
"""What a set is described by, in the order in which it is read: linked, beside a reference, alone."""

CONTROLS = {
    "collapse": "every row at the mean direction",
    "shuffled": "truths dealt out at random",
    "floor": "two halves of the reference against each other",
}
"""What each known non-answer is."""

_PLAIN = {
    "recall@10": "share of items with their truth among the 10 nearest",
    "recall@10.reverse": "share of reference rows with one of theirs among the 10 nearest",
    "gap.auc": "how well a line tells the two sets apart (.5: not at all)",
    "rank.participation": "participation ratio of the eigenvalues",
    "dimension.twonn": "intrinsic dimension",
    "isotropy": "evenness over directions",
    "norm.mean": "mean length of the rows",
}

_COLUMNS = ("value", "SD of items", "n", *CONTROLS, "Gaussian")


def description_document(record: DescriptionRecord) -> Document:
    """Everything that a report says about one set."""
    notes = Notes()
    names = [("set", record.name)] + ([("reference", record.reference)] if record.reference else [])
    origins = [
        Origin(role, name, record.fingerprints.get(name, ""), record.provenance.get(name) or {})
        for role, name in names
    ]
    commands = check_commands(record.replay, (name for _, name in names))
    files = "report.txt, metrics.json, metrics.csv, items.parquet"
    files += ", classes.csv" if record.classes or record.class_groups else ""
    sections = (
        _key(record, notes),
        *values_section(record.classes, record.class_groups),
        *figures_section(record.figures, record.captions),
        _measures(record, notes),
        repeat_section(
            origins,
            commands,
            {},
            seed=record.seed,
            version=record.version,
            files=files + (", figures/" if record.figures else ""),
        ),
    )
    beside = f" against {isolated(record.reference, 120)}" if record.reference else ""
    return Document(
        word="described",
        tone="calm",
        title=isolated(record.name, 120),
        beside=beside,
        headline=headline(record),
        reasons=(),
        facts=(
            Paragraph(nonbreaking(facts(record))),
            Bullets(data_notes(record.notes, record.classes_without_items)),
        ),
        sections=sections,
        source=source_line(origins, record.seed, record.version),
        repeat=commands[0] if commands else "",
        definitions=definitions((*(row.name for row in record.measures), *record.undefined)),
        version=display_safe(record.version, 40),
        time=now(),
        folders=source_folders(record.provenance),
    )


def headline(record: DescriptionRecord) -> str:
    """What a reader asks first: is the truth found, and how large is the gap."""
    table = {row.name: row for row in record.measures}
    name, reference = isolated(record.name, 60), isolated(record.reference or "", 60)
    found, gap = table.get("top1.true"), table.get("gap.l2")
    parts = []
    if found is not None and found.value.value is not None:
        share = (
            f"{percent(found.value.value)} of the items of {name} lie nearest to their truth in {reference}"
        )
        chance = found.controls.get("shuffled")
        parts.append(
            share + (f" ({percent(chance)} with truths dealt out at random)" if chance is not None else "")
        )
    if gap is not None:
        parts.append(f"the means of {name} and {reference} lie {_text(gap)} apart")
    if not parts:
        parts = [
            f"{plain_name(one)} {_text(table[one])}"
            for one in ("spread.cosine", "rank.entropy")
            if one in table
        ]
    text = "; ".join(parts) or f"{name}: {whole(record.n)} rows"
    return f"{text[0].upper()}{text[1:]}."


def facts(record: DescriptionRecord) -> str:
    """How many rows, how they are linked, from which seed."""
    text = f"{whole(record.n)} items"
    if record.cluster is not None:
        text += f", in {whole(record.clusters)} independent clusters of {isolated(record.cluster, 40)}"
    else:
        text += ", taken as independent"
    if record.reference is not None and record.on is None:
        text += f"; not linked with {isolated(record.reference, 60)}: measured as distributions only"
    elif record.reference is not None:
        text += f"; linked with {isolated(record.reference, 60)} by {isolated(record.on, 40)}"
        if record.without_truth:
            text += f", {whole(record.without_truth)} of them without a truth"
    text += f". Seed {record.seed}."
    norm = record.reference_norm
    if norm is not None:
        mean, sd = (number(norm[one], places_for(norm["mean"])) for one in ("mean", "sd"))
        text += f" Rows of the reference have length {mean} ± {sd} (SD)."
    return text


def key_table(record: DescriptionRecord, notes: Notes) -> Table:
    """The few rows that are read first."""
    table = {row.name: row for row in record.measures}
    names = KEY if record.on else KEY_UNLINKED if record.reference else KEY_ALONE
    rows = []
    for name in names:
        if name in table:
            cells = _cells(table[name], notes)
            words = _PLAIN.get(name) or plain_name(name)
            rows.append(cells | {"measure": replace(cells["measure"], text=words)})
        elif name in record.undefined:
            rows.append(undefined_cells(name, record.undefined[name], "value"))
    return _table(rows, style="key")


def summary_lines(record: DescriptionRecord) -> list[str]:
    """The description in a few lines, for the terminal after a run."""
    beside = f" against {isolated(record.reference, 50)}" if record.reference else ""
    size = f"{whole(record.n)} items"
    if record.cluster is not None:
        size += f", {whole(record.clusters)} clusters of {isolated(record.cluster, 40)}"
    table = key_table(record, Notes())
    rows = tuple(
        (Cell(f"{row[0].term} {row[0].sign}"), *row[1:])
        for row in table.cells()
        if len(row) == len(table.columns)
    )
    lines = wrap(f"{isolated(record.name, 50)}{beside} ({size})", WIDTH) + wrap(headline(record), WIDTH)
    lines += table_lines(replace(table, rows=rows), View(_COLUMNS), rule=False, below=False)
    if record.classes:
        lines += wrap(values_sentence(record.classes), WIDTH)
    notes = [
        line
        for note in record.notes[:2]
        for line in wrap(display_safe(note, 600), WIDTH, first="! note: ", rest="  ")
    ]
    return [*lines, *notes]


def _key(record: DescriptionRecord, notes: Notes) -> Section:
    controls = "; ".join(
        f"{name}: {words}"
        for name, words in CONTROLS.items()
        if any(name in row.controls for row in record.measures)
    )
    about = "Each number with its 95% interval and, for means over items, the SD of the items."
    about += f" Beside it what is known to be no answer reads ({controls})." if controls else ""
    about += " ↑ higher is better, ↓ lower is better, · neither. Letters name the method, listed below."
    return Section("key", "Key numbers", (Paragraph(about, about=True), key_table(record, notes)))


def _measures(record: DescriptionRecord, notes: Notes) -> Section:
    found: dict[str, list[Cells]] = {group: [] for group in GROUPS}
    for row in record.measures:
        cells = _cells(row, notes)
        if row.name == OLDER_NUMBER:
            cells["measure"] = replace(cells["measure"], below=("the older number", *cells["measure"].below))
        found[row.info.group].append(cells)
    for name, why in record.undefined.items():
        found.setdefault(_group(name), []).append(undefined_cells(name, why, "value"))
    tables = [
        _table(rows, title=title, about=about)
        for group, rows in found.items()
        if rows
        for title, about in [GROUPS[group]]
    ]
    methods = notes.listed()
    listed = (Heading("Methods"), Facts(tuple(methods), style="notes")) if methods else ()
    return Section("measures", "All measures", (*tables, *listed))


def _group(name: str) -> str:
    return MEASURES[name].group if name in MEASURES else ""


def _cells(row: StageResult, notes: Notes) -> Cells:
    places = places_for(row.value.value)
    why = (display_safe(row.value.why, 400),) if row.value.why else ()
    cells = {
        "measure": name_cell(
            row.name, row.info.direction, notes.letter(display_safe(row.value.method, 400)), why
        ),
        "value": cell(row.value, places),
        "n": Cell(whole(row.value.n)),
    }
    if row.sd is not None:
        cells["SD of items"] = Cell(f"± {number(row.sd, places)}")
    cells |= {name: Cell(number(value, places)) for name, value in row.controls.items()}
    if row.expected is not None:
        cells["Gaussian"] = Cell(interval(*row.expected, places))
    return cells


def _table(rows: list[Cells], *, title: str = "", about: str = "", style: str = "wide") -> Table:
    columns = [name for name in _COLUMNS if any(name in cells for cells in rows)]
    return Table(
        (Column("measure", "measure"), *map(Column, columns)),
        tuple(
            tuple(cells.get(name, Cell("–")) for name in ("measure", *columns))
            if "n" in cells
            else tuple(cells.values())
            for cells in rows
        ),
        title,
        about,
        style,
    )


def _text(row: StageResult) -> str:
    return str(cell(row.value, places_for(row.value.value)))
