"""Used as a user uses it, with the defaults: nothing is called better that is not."""

from __future__ import annotations

import pytest
from benchmarks.misuse import CONDITIONS, MisuseRow, as_markdown, judged

from repscope.verbs.common.unseen import FLAG


@pytest.mark.long
@pytest.mark.parametrize("condition", [*CONDITIONS][1:3] + [*CONDITIONS][4:])
def test_what_a_study_says_of_how_it_was_used(condition: str) -> None:
    found = judged(condition, 0)
    if condition.startswith("three rows"):
        assert (found.n, found.clusters) == (300, 100)
        assert any(note.startswith("clusters are ") for note in found.notes)
    elif condition.endswith("the same rows"):
        assert (found.verdict.word, found.verdict.flags[0]) == ("inconclusive", FLAG)
    else:
        # A fifth of the independent units, with all their copies.
        assert found.n == found.held_out.items == 60
        assert found.clusters == 20
        assert FLAG not in found.verdict.flags
        assert found.verdict.word != "aligned"


def test_the_table_has_a_row_a_condition() -> None:
    condition = "fitted on noise, judged on the same rows"
    row = MisuseRow(condition, {"inconclusive": 2}, {FLAG: 2}, 2)
    assert f"| {condition} | 0 | 0 | 0 | 0 | 0 | 0 | 2 | 2 |" in as_markdown([row])
