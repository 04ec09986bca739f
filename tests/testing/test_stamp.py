"""The hash of rules: what changes it, and what does not."""

from __future__ import annotations

import pytest

from repscope.testing import confusion, drifts
from repscope.testing.stamp import rules_hash, stamp

RULES = '''
"""What decides."""
from elsewhere import mean

__all__ = ["decide"]
LIMIT = 0.5
"""The threshold."""


class Judge:
    def __init__(self, value: float, other: float) -> None:
        self.value, self.other = value, other

    def word(self):
        # The first that holds.
        if mean(self.value) > LIMIT and self.other:
            return "moved", f"because {self.value} is large"
        return "stable", "nothing"
'''


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("What decides.", "Other words."),
        ("The threshold.", "A threshold."),
        ("# The first", "# Another"),
        ("LIMIT", "MARGIN"),
        ("word", "decided"),
        ("Judge", "Rules"),
        ("value", "measured"),
        (": float", ": int"),
        ("because {self.value} is large", "as {self.value} is much"),
        ('["decide"]', "[]"),
        ("from elsewhere", "from here.elsewhere"),
    ],
)
def test_words_and_consistent_names_change_nothing(was: str, now: str) -> None:
    assert was in RULES
    assert rules_hash(RULES.replace(was, now)) == rules_hash(RULES)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("0.5", "0.6"),
        ("> LIMIT", ">= LIMIT"),
        ("and", "or"),
        ('"moved"', '"shifted"'),
        ("mean(", "median("),
        ("mean(self.value)", "mean(self.other)"),
        ("and self.other", "and self.value"),
        ("and self.other", ""),
        ("= value, other", "= other, value"),
        ("> LIMIT", "> 0.5"),
    ],
)
def test_another_decision_changes_it(was: str, now: str) -> None:
    assert was in RULES
    assert rules_hash(RULES.replace(was, now)) != rules_hash(RULES)


def test_several_modules_are_read_together() -> None:
    """A name that one defines and the other uses may change in both."""
    first, second = "LIMIT = 2\nOTHER = 3", "def f(x):\n    return x > LIMIT"
    same = rules_hash(first.replace("LIMIT", "M"), second.replace("LIMIT", "M"))
    assert same == rules_hash(first, second)
    assert rules_hash(first, second.replace("LIMIT", "OTHER")) != same


def test_the_rules_of_the_tables_are_stamped() -> None:
    lines = {stamp(*module.RULES) for module in (confusion, drifts)}
    assert len(lines) == 2
    assert all(line.startswith("<!-- rules ") for line in lines)
