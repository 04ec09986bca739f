"""The options of ``drift``."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from repscope.errors import InputError
from repscope.verbs.common import options as shared
from repscope.verbs.common.options import Options, option
from repscope.verbs.common.words import check_words, split_words


def check_gate(text: str) -> tuple[str, ...]:
    """Verdicts of ``--fail-on``.

    Raises:
        UnknownNameError: one of them is no verdict.
    """
    from repscope.measure.drift.margins import WORDS

    return check_words(text, WORDS, "a verdict")


def parse_positions(text: str) -> tuple[float, ...]:
    """``0,4,10`` as numbers.

    Raises:
        InputError: not numbers.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError("--positions N,N,… in numbers", repr(text), "write --positions 0,4,10") from None


def parse_families(text: str) -> tuple[str, ...]:
    """The families of ``--measures``; () for none."""
    return tuple(word for word in split_words(text) if word != "none")


def parse_groups(
    sets: Container[str], given: Sequence[str], column: str | None
) -> str | dict[str, list[str]] | None:
    """``--groups COL``, or every ``--group NAME=SET,SET``; an option of the same name adds to it.

    A name with a comma is taken whole where the study has such a set.

    Raises:
        InputError: both are given, or there is no name, no "=" or no set.
    """
    if not given:
        return column
    if column is not None:
        raise InputError("--groups or --group", "both", "name a column, or the sets of each group")
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, listed = text.partition("=")
        parts = [listed] if listed in sets else list(split_words(listed))
        if not equals or not name.strip() or not parts:
            raise InputError("--group NAME=SET,SET", repr(text), "write --group recursive=gen_0,gen_4,gen_10")
        found.setdefault(name.strip(), []).extend(parts)
    return found


@dataclass(frozen=True, kw_only=True)
class DriftOptions(Options):
    """The options of ``repscope drift``."""

    replayed = (
        "groups group reference on cluster real positions pair held_out drop_unlinked classes by measures "
        "method perplexity palette resamples seed"
    )

    reference: str | None = option(None, "Set to measure against, such as captions.", "--reference -r")
    on: str | None = option(None, "'id' or a key column that links items and reference.")
    cluster: str | None = option(None, "Column of items that are not independent; id for none.")
    groups: str | None = option(None, "Column of conditions, of the sets or of their rows.", metavar="COL")
    group: tuple[str, ...] = option(
        (),
        "Stages of one group; once for each group.",
        metavar="NAME=SET,SET",
        repeated=True,
        shell=True,
    )
    real: str | None = option(None, "Set of real rows that every stage is measured to as well.")
    positions: tuple[float, ...] | None = option(
        None,
        "Where the stages stand; by default the numbers in their names where these rise.",
        metavar="N,N,…",
        parse=parse_positions,
        text=lambda positions: ",".join(f"{one:.17g}" for one in positions),
    )
    pair: str = option("id", "'id', or the key column that says which rows are one item.")
    held_out: tuple[str, str] | None = shared.HELD_OUT()
    drop_unlinked: bool = shared.DROP_UNLINKED()
    classes: str | None = shared.CLASSES()
    by: tuple[str, ...] = shared.BY()
    measures: tuple[str, ...] | None = option(
        None,
        "Of rank, frechet, mmd, manifold, modes, paths, comma-separated, or none; all by default.",
        parse=parse_families,
        text=lambda families: ",".join(families) or "none",
    )
    method: str = option("pca", "Map: pca, tsne, umap or none.", always=True)
    perplexity: float = shared.PERPLEXITY()
    palette: str = shared.PALETTE()
    resamples: int = shared.RESAMPLES()
    fail_on: tuple[str, ...] = shared.FAIL_ON(
        "Exit with 3 on these verdicts, of any group.", parse=check_gate
    )
    out: Path | None = shared.OUT("Folder for the report; STUDY/results/drift/… by default.")
    figures: tuple[str, ...] = shared.FIGURES()
    view: bool = shared.VIEW()
    seed: int = shared.SEED(always=True)
