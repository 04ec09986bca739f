"""How often does the way it is used fool a comparison? Verdicts of ``compare`` where nothing was gained.

python -m benchmarks.misuse --studies 40

Everything is done as a user does it, with the defaults: sets in a study, bridges fitted and applied, no
cluster named. In no condition is there anything to be found in the rows that are judged: aligned is false.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from repscope.measure.verdict.records import VERDICT_MEASURES, WORDS
from repscope.study import EmbeddingSet, Study
from repscope.testing.studies import simulate
from repscope.verbs.bridge.fit import apply_bridge, fit_bridge
from repscope.verbs.compare.compare import compare
from repscope.verbs.compare.result import Comparison

Sets = tuple[EmbeddingSet, EmbeddingSet, EmbeddingSet]

IMAGES, EACH, WIDTH, TEXTS = 100, 3, 128, 40


def three_rows(study: Study, seed: int, *, column: bool) -> Sets:
    """Three rows an image, which a column or the ids tell, and nothing changed."""
    made = simulate("exchangeable", images=IMAGES, rows_per_image=EACH, seed=seed)
    names = [f"{image:04d}" for image in made.clusters]
    columns = {"label": made.item_keys.astype(str)}
    if column:
        columns |= {"image_id": np.array(names)}
    else:
        columns |= {"id": np.array([f"{name}.jpg#{row % EACH}" for row, name in enumerate(names)])}
    study.add("before", made.before, columns)
    study.add("after", made.after, columns)
    study.add("text", made.reference, {"label": np.arange(len(made.reference)).astype(str)})
    return study["before"], study["after"], study["text"]


def fitted_on_noise(study: Study, seed: int, *, hold_out: str, copies: int = 1) -> Sets:
    """Noise and random texts, CCA fitted on them and applied to the set that it was fitted on."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(rng.normal(size=(IMAGES * EACH // copies, WIDTH)), copies, axis=0)
    labels = np.repeat(rng.integers(0, TEXTS, len(rows) // copies), copies).astype(str)
    study.add("before", rows, {"label": labels})
    study.add("text", rng.normal(size=(TEXTS, WIDTH)), {"label": np.arange(TEXTS).astype(str)})
    known = len(set(labels)) < TEXTS
    fit_bridge(
        study,
        "before",
        "text",
        "cca",
        name="b",
        on="label",
        hold_out=hold_out,
        drop_unlinked=known,
        seed=seed,
    )
    apply_bridge(study, "b", "before", "after")
    return study["before"], study["after"], study["text"]


CONDITIONS: dict[str, Callable[[Study, int], Sets]] = {
    "three rows an image, a column of images": lambda study, seed: three_rows(study, seed, column=True),
    "three rows an image, told by ids": lambda study, seed: three_rows(study, seed, column=False),
    "fitted on noise, judged on the same rows": lambda study, seed: fitted_on_noise(
        study, seed, hold_out="none"
    ),
    "fitted on noise, a fifth held out": lambda study, seed: fitted_on_noise(
        study, seed, hold_out="clusters"
    ),
    "fitted on noise, three copies of each row": lambda study, seed: fitted_on_noise(
        study, seed, hold_out="clusters", copies=3
    ),
}
"""How a study may be used, by name."""


@dataclass(frozen=True)
class MisuseRow:
    """Verdicts on many studies of one condition.

    Attributes:
        condition: of :data:`CONDITIONS`.
        words: how often each verdict was given.
        flags: studies by flag.
        studies: how many.
    """

    condition: str
    words: dict[str, int]
    flags: dict[str, int]
    studies: int


def judged(condition: str, seed: int) -> Comparison:
    """The comparison of one study, with the defaults of the command."""
    with tempfile.TemporaryDirectory() as folder:
        before, after, text = CONDITIONS[condition](Study(Path(folder) / "s"), seed)
        return compare(
            before,
            after,
            text,
            on="label",
            measures=VERDICT_MEASURES,
            method="none",
            seed=seed,
            resamples=500,
        )


def misuse(condition: str, studies: int, *, seed: int = 0) -> MisuseRow:
    """Count the verdicts on ``studies`` studies of one condition; number i has the seed ``seed + i``."""
    words: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for number in range(studies):
        verdict = judged(condition, seed + number).verdict
        words[verdict.word] += 1
        flags.update(verdict.flags)
    return MisuseRow(condition, dict(words), dict(flags), studies)


def as_markdown(rows: list[MisuseRow]) -> str:
    """The table of the documentation."""
    head = ["condition", *WORDS, "`fitted-on-these-items`"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [str(row.words.get(word, 0)) for word in WORDS]
        lines.append(
            "| " + " | ".join([row.condition, *cells, str(row.flags.get("fitted-on-these-items", 0))]) + " |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.misuse", description=__doc__)
    parser.add_argument("--studies", type=int, default=40, help="studies of each condition")
    parser.add_argument("--conditions", nargs="*", default=list(CONDITIONS), choices=list(CONDITIONS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    rows = []
    for condition in options.conditions:
        rows.append(misuse(condition, options.studies, seed=options.seed))
        print(f"{condition}: {rows[-1].words}", file=sys.stderr)
    print(as_markdown(rows))


if __name__ == "__main__":
    main()
