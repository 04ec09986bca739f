"""The report of a quantisation, and its lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from repscope.measure.core.estimate import Estimate
from repscope.report.document import Bullets, Cell, Column, Document, Paragraph, Row, Section, Table
from repscope.report.thumbnails import source_folders
from repscope.study.provenance import now
from repscope.text.display import display_safe, isolated, nonbreaking, wrap
from repscope.text.numbers import interval, number, p_equation, percent, places_for, whole
from repscope.text.tables import WIDTH, table
from repscope.verbs.common.origin import Origin, check_commands, figures_section, repeat_section, source_line
from repscope.verbs.quantise.record import QuantisationRecord


def quantisation_document(record: QuantisationRecord) -> Document:
    """Everything that a report says about the codes of a set."""
    roles = {record.name: "fitted on", record.applied_to: "quantised", record.result: "result"}
    if record.name == record.applied_to:
        roles[record.name] = "set"
    origins = [
        Origin(role, name, record.fingerprints.get(name, ""), record.provenance.get(name) or {})
        for name, role in roles.items()
    ]
    commands = check_commands(record.replay, roles)
    sections = [
        _key(record),
        *figures_section(record.figures, record.captions),
        _stages(record),
        *_curve(record),
        repeat_section(
            origins, commands, {}, seed=record.seed, version=record.version,
            files="report.txt, metrics.json, metrics.csv, items.parquet"
            + (", figures/" if record.figures else ""),
        ),
    ]  # fmt: skip
    return Document(
        word="quantised",
        tone="calm",
        title=isolated(record.applied_to, 120),
        beside=f" by {record.method}, as {isolated(record.result, 120)}",
        headline=headline(record),
        reasons=(),
        facts=(
            Paragraph(nonbreaking(_facts(record))),
            Bullets(tuple(display_safe(note, 600) for note in record.notes)),
        ),
        sections=tuple(sections),
        source=source_line(origins, record.seed, record.version),
        repeat=commands[0] if commands else "",
        definitions=(),
        version=display_safe(record.version, 40),
        time=now(),
        folders=source_folders(record.provenance),
    )


def headline(record: QuantisationRecord) -> str:
    """What a reader asks first: how much is lost, in how many bits."""
    relative = record.estimates.get("distortion_relative.unseen")
    of = "of the items that no fit has seen" if relative else "of the items, which were fitted on"
    relative = relative or record.estimates["distortion_relative"]
    kept = percent(1 - (relative.value or 0.0))
    return (
        f"{record.bits_per_item} bits an item keep {kept} of the variance {of}; "
        f"{whole(record.used)} of {whole(record.codes)} codes are in use."
    )


def summary_lines(record: QuantisationRecord) -> list[str]:
    """The quantisation in a few lines, for the terminal after a run."""
    on = "" if record.name == record.applied_to else f", fitted on {isolated(record.name, 50)}"
    size = f"{isolated(record.applied_to, 50)} → {isolated(record.result, 50)} by {record.method}{on}"
    size += f" ({whole(record.n)} items of width {record.d})"
    lines = wrap(size, WIDTH) + wrap(headline(record), WIDTH)
    rows = [(name, f"{value} {ends}".rstrip(), words) for name, value, ends, words in _rows(record)]
    lines += table((), rows, left=(0, 1, 2), width=None)
    for note in record.notes:
        lines += wrap(display_safe(note, 600), WIDTH, first="! note: ", rest="  ")
    return lines


def _facts(record: QuantisationRecord) -> str:
    text = f"{whole(record.n)} items of width {record.d}"
    if record.cluster is not None:
        text += f", in {whole(record.clusters)} independent clusters of {isolated(record.cluster, 40)}"
    codebooks = "one codebook" if record.quantizers == 1 else f"{record.quantizers} codebooks"
    text += f"; {codebooks} of {whole(record.codebook)} codes"
    if record.bottleneck is not None:
        text += f" on {record.bottleneck} principal axes"
    return f"{text}. Seed {record.seed}."


def _ends(one: Estimate, places: int) -> str:
    return interval(one.low, one.high, places)


def _rows(record: QuantisationRecord) -> Iterator[tuple[str, str, str, str]]:
    """Name, value, interval and meaning of each key number."""
    yield "used", f"{whole(record.used)} of {whole(record.codes)}", "", f"{whole(record.dead)} codes are dead"
    if record.quantizers == 1:
        one = record.stages[0]
        corrected = f"{number(one.corrected.value, 1)} {_ends(one.corrected, 1)}"
        words = f"corrected for {whole(record.n)} items: {corrected}"
    else:
        words = "from the mean entropy of the codebooks"
    yield "perplexity", number(record.perplexity, 1), "", words
    ideal = f"an ideal coder: {number(record.entropy_bits, 2)}"
    yield "bits_per_item", str(record.bits_per_item), "", ideal
    packed, even = record.compression, record.compression.break_even_items
    needed = (
        "never smaller than the rows"
        if even is None
        else f"smaller than the rows from {whole(even)} items on"
    )
    yield "compression.codes", f"× {number(packed.codes, 1)}", "", f"of rows of {whole(packed.raw_bits)} bits"
    yield "compression.with_codebook", f"× {number(packed.with_codebook, 2)}", "", needed
    for suffix, items in (("", "all items"), (".unseen", "items that no fit has seen")):
        found = record.estimates.get(f"distortion_relative{suffix}")
        if found is not None:
            places = places_for(found.value, found.high)
            yield (
                f"distortion_relative{suffix}", number(found.value, places), _ends(found, places),
                f"of the variance, {items}",
            )  # fmt: skip
    if record.bound.ratio is not None:
        words = f"× the least of a Gaussian at {number(record.bound.rate_bits, 1)} bits"
        yield "bound.ratio", number(record.bound.ratio, 2), "", words
    if record.information:
        known = record.information[0]
        yield (
            "information.excess", number(known.excess.value, 2), _ends(known.excess, 2),
            f"bits about {isolated(record.classes or '', 40)}, of {number(known.class_bits, 2)}; "
            f"{p_equation(known.p)}",
        )  # fmt: skip


def _key(record: QuantisationRecord) -> Section:
    rows: list[Row] = [
        (Cell(name), Cell(value, interval=ends), Cell(words)) for name, value, ends, words in _rows(record)
    ]
    about = (
        "Intervals are 95 %. Distortion is the mean squared distance of a row to its reconstruction, over "
        "the variance of the rows: a bootstrap over independent units. Perplexity of few items is too low on "
        "average; the corrected one adds what Miller and Madow's entropy adds, with a jackknife interval. "
        "Information about classes is the mutual information less what shuffled classes read. Codebook and "
        "projections are counted as numbers of 32 bits."
    )
    columns = (Column("number", "name"), Column("value"), Column("meaning", "text"))
    return Section(
        "key", "Key numbers", (Paragraph(about, about=True), Table(columns, tuple(rows), style="key"))
    )


def _stages(record: QuantisationRecord) -> Section:
    columns = [
        Column("codebook", "name"), Column("used"), Column("dead"), Column("perplexity"), Column("corrected"),
        Column("entropy, bits"), Column("new codes"),
    ]  # fmt: skip
    if record.information:
        columns += [Column("bits about classes"), Column("shuffled"), Column("adjusted")]
    rows: list[Row] = []
    for at, one in enumerate(record.stages):
        row: list[Cell | str] = [
            f"code.{at}" if record.quantizers > 1 else "code",
            whole(one.used),
            whole(one.dead),
            number(one.perplexity, 1),
            Cell(number(one.corrected.value, 1), interval=_ends(one.corrected, 1)),
            number(one.entropy_bits, 2),
            percent(one.unseen),
        ]
        if record.information:
            known = record.information[at]
            row += [
                Cell(number(known.bits, 2)), number(known.null, 2), number(known.adjusted, 3),
            ]  # fmt: skip
        rows.append(tuple(row))
    about = "New codes: the estimated share of new items whose code no item here has (Good and Turing)."
    if record.information:
        about += (
            f" Bits about {isolated(record.classes or '', 40)}: mutual information as it is counted, beside "
            "its mean over shuffled classes, and adjusted mutual information (0 by chance, 1 where codes are "
            "classes)."
        )
    table_ = Table(tuple(columns), tuple(rows))
    return Section("codebooks", "Codebooks", (Paragraph(about, about=True), table_))


def _curve(record: QuantisationRecord) -> Iterator[Section]:
    if not record.curve:
        return
    columns = (
        Column("quantiser", "name"), Column("bits"), Column("distortion / variance"), Column("bound"),
    )  # fmt: skip
    rows: list[Row] = []
    for one in record.curve:
        places = max(3, places_for(one.relative.value))
        name = f"{whole(one.codebook)} codes"
        name += "" if one.bottleneck is None else f", {one.bottleneck} axes"
        rows.append(
            (
                name,
                number(one.rate_bits, 1),
                Cell(number(one.relative.value, places), interval=_ends(one.relative, places)),
                number(one.bound, places),
            )
        )
    judged = "items that no fit has seen" if record.held_out.items else "the items that were fitted on"
    about = f"Each fitted on the same rows, and measured on {judged}."
    yield Section(
        "curve", "Distortion against bits", (Paragraph(about, about=True), Table(columns, tuple(rows)))
    )
