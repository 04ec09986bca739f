"""How far long work is: what every verb tells, whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """How far a long piece of work is.

    Attributes:
        what: is being done.
        done: of ``total``: items whether read, skipped or finished by an earlier run, steps, trials.
        total: in all.
        seconds_left: at the present rate, or None where nobody knows.
        note: what a person should hear of now, such as the loss; or "".
        committed: done by an earlier run.
        skipped: items that could not be read in this run.
        numbers: the newest of a training: ``loss``, ``rate`` (steps a second), and where rows are held out
            ``validation``.
    """

    what: str
    done: int
    total: int
    seconds_left: float | None = None
    note: str = ""
    committed: int = 0
    skipped: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)


OnProgress = Callable[[Progress], None]
"""Called now and then while work goes on."""
