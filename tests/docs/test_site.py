"""The documentation says what the code says: generated parts are whole, the site builds without a warning."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from repscope.cli.main import app
from repscope.errors import RepscopeError
from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.verdict.rules import UNLINKED_WORDS, WORDS, Margins, _Judge
from repscope.testing.confusion import DESIGNS, EVERY_DESIGN, HARD_CONDITIONS, RULES
from repscope.testing.stamp import stamp
from repscope.testing.studies import CONDITIONS

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.glob("**/*.md"))
VERBS = sorted(command.name or "" for command in app.registered_commands)
GROUPS = {
    group.name or "": sorted(f"{group.name} {one.name}" for one in group.typer_instance.registered_commands)
    for group in app.registered_groups
    if group.typer_instance is not None
}
"""Verbs with verbs of their own, such as ``bridge fit``; they share a page."""


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_table_of_measures_has_every_card_and_is_no_copy(hooks: ModuleType) -> None:
    source = _page("verbs/measures.md")
    rendered = hooks.render(source)
    for card in MEASURES.values():
        row = f"| `{card.name}` |"
        assert row in rendered
        assert row not in source


def test_margins_are_those_of_the_code(hooks: ModuleType) -> None:
    rendered = hooks.render(_page("verdict.md"))
    for name, value in vars(Margins()).items():
        assert f"| `{name}` |" in rendered
        if isinstance(value, float | int):
            assert f"| `{name}` | {value:g} |" in rendered
        else:
            assert all(f"`{key}` {one:g}" in rendered for key, one in value.items())


def test_every_verdict_and_flag_is_explained() -> None:
    verdict, report, readme = (
        _page("verdict.md"),
        _page("report.md"),
        (REPOSITORY / "README.md").read_text(encoding="utf-8"),
    )
    for word in {*WORDS, *UNLINKED_WORDS}:
        assert f"`{word}`" in verdict
        assert f"| `{word}` |" in report
    assert all(f"| `{word}` |" in readme for word in WORDS)
    names = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', inspect.getsource(_Judge._flags))) | {
        "ceiling",
        "rescaled",
    }
    assert {"max-cosine-misleads", "few-clusters", "margin-fell"} < names
    assert [name for name in sorted(names) if f"`{name}`" not in verdict] == []


def test_every_verb_has_a_page_with_its_options(hooks: ModuleType) -> None:
    assert sorted(path.stem for path in (DOCS / "verbs").glob("*.md")) == sorted([*VERBS, *GROUPS])
    for group, verbs in GROUPS.items():
        source = _page(f"verbs/{group}.md")
        for verb in verbs:
            assert f"<!-- generate: options {verb} -->" in source
            assert hooks.options(verb).count("\n| `") == len(hooks.parameters(verb))
    for verb in VERBS:
        source = _page(f"verbs/{verb}.md")
        assert f"<!-- generate: options {verb} -->" in source
        rendered = hooks.render(source)
        table = rendered.partition("| argument or option |")[2]
        assert len(re.findall(r"^\| `", table, re.MULTILINE)) == len(hooks.parameters(verb))


def test_an_option_is_spelt_as_on_the_command_line(hooks: ModuleType) -> None:
    table = hooks.options("compare")
    assert "| `STUDY` | needed |" in table
    assert "| `--reference`, `-r` `TEXT` | needed |" in table
    assert "| `--seed` `INTEGER` | `0` |" in table
    assert "| `--json` |  |" in table


def test_a_marker_that_nothing_makes_is_an_error(hooks: ModuleType) -> None:
    with pytest.raises(KeyError):
        hooks.render("<!-- generate: nothing -->")
    assert "<!-- generate" not in "".join(hooks.render(path.read_text(encoding="utf-8")) for path in PAGES)


def test_every_error_is_in_the_published_tree(hooks: ModuleType) -> None:
    rendered = hooks.render(_page("errors.md"))

    def below(kind: type) -> set[str]:
        return {kind.__name__}.union(*(below(one) for one in kind.__subclasses__()))

    assert [name for name in sorted(below(RepscopeError)) if name not in rendered] == []


def test_the_confusion_matrix_is_of_this_code_and_keeps_its_promise(hooks: ModuleType) -> None:
    rows = hooks.confusion_rows(_page("confusion.md"))
    assert [(row["condition"], row["design"]) for row in rows] == [
        (condition, design)
        for condition in CONDITIONS
        for design in (EVERY_DESIGN if condition in HARD_CONDITIONS else DESIGNS)
    ]
    assert stamp(*RULES) in _page("confusion.md"), "the rules have changed: run `make confusion`"
    counts = {sum(row["words"].values()) for row in rows}
    assert len(counts) == 1
    assert counts.pop() >= 200
    assert max(row["false"] for row in rows) <= 0.05
    described = _page("verdict.md")
    assert all(condition in described for condition in CONDITIONS)


def test_a_row_of_the_confusion_matrix_is_read_right(hooks: ModuleType) -> None:
    table = (
        "| condition | design | aligned | closer | false aligned |\n|---|---|---|---|---|\n"
        "| a | d | 3 | **7** | 30.0% |\n| b | d | **9** | 1 | |"
    )
    first, second = hooks.confusion_rows(table)
    assert first["words"] == {"aligned": 3, "closer": 7}
    assert first["right"] == {"closer"}
    assert first["false"] == 0.3
    assert second["false"] == 0.0


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_what_the_readme_points_at_exists(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert [target for target in targets if not (REPOSITORY / target).exists()] == []
    if page == "README.md":
        assert targets


def test_make_targets_that_are_named_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    texts = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *PAGES]
    named = {
        word
        for path in texts
        for line in re.findall(
            r"`make ([a-z ]+)`|^make ([a-z ]+)$", path.read_text(encoding="utf-8"), re.MULTILINE
        )
        for word in "".join(line).split()
    }
    assert named
    assert named <= known


@pytest.mark.long
def test_the_site_builds_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]*src="(?:https?:)?//|<link[^>]*rel="stylesheet"[^>]*href="(?:https?:)?//'
    )
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(PAGES) - 1
    assert [str(page) for page in pages if loaded.search(page.read_text(encoding="utf-8"))] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.css"))
    assert not re.search(r"@import|url\(['\"]?(?:https?:)?//", styles)
