"""A record of options: read from the command line, typed again, handed to Python."""

from __future__ import annotations

import inspect
import json
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from repscope.cli.common import AsJson, Quiet, command, show
from repscope.errors import UnknownNameError
from repscope.measure.core.folds import FOLDS
from repscope.measure.core.resample import RESAMPLES
from repscope.verbs.bridge.options import FitOptions, JudgeOptions
from repscope.verbs.common import options as shared
from repscope.verbs.common.holdout import SHARE
from repscope.verbs.common.options import REQUIRED, Options, flag_of, option
from repscope.verbs.common.words import check_words, split_words
from repscope.verbs.compare.options import CompareOptions
from repscope.verbs.drift.options import DriftOptions


@dataclass(frozen=True, kw_only=True)
class Few(Options):
    """A little of everything."""

    replayed = "name times set scale loud cache seed mode"

    set: str = option(REQUIRED, "What to read.", "--set -s")
    name: str | None = option(None, "Of it.", "--as", metavar="NAME")
    times: tuple[int, ...] | None = option(
        None,
        "When.",
        parse=lambda text: tuple(map(int, text.split(","))),
        text=lambda some: ",".join(map(str, some)),
    )
    each: tuple[str, ...] = option((), "Repeatable.", repeated=True)
    scale: float = option(1.0, "How large.", least=0.5, most=2, text="{:g}".format)
    loud: bool = option(False, "Say more.")
    mode: str = option("fast", "How.", always=True, panel="Others")
    cache: bool = shared.CACHE()
    out: Path | None = shared.OUT("Where.")
    seed: int = shared.SEED()


app = typer.Typer()


@app.command()
@command
def few(
    item: Annotated[str, typer.Argument(help="It.")],
    *,
    options: Few,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Do a few things."""
    kept = {one.name: getattr(options, one.name) for one in fields(options)}
    show(
        {"item": item, **kept, "out": str(options.out)},
        [options.to_command("few", item)],
        as_json=as_json,
        quiet=quiet,
    )


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_is_typed_is_read_and_typed_again():
    words = "x --as n --times 3,4 --set s --scale 1.5 --loud --no-cache --seed 2 --mode fast"
    record = json.loads(run(*words.split(), "--each", "a", "--each", "b", "--out", "o", "--json"))
    assert record == {
        "item": "x", "set": "s", "name": "n", "times": [3, 4], "each": ["a", "b"], "scale": 1.5, "loud": True,
        "mode": "fast", "cache": False, "out": "o", "seed": 2,
    }  # fmt: skip
    assert run(*words.split()) == f"repscope few {words}\n"


def test_only_what_is_no_default_is_typed_again():
    assert run("x", "-s", "two words") == "repscope few x --set 'two words' --mode fast\n"


def test_the_signature_of_a_command_has_the_options_of_its_record_and_the_seed_before_json():
    names = list(inspect.signature(few).parameters)
    assert names == ["item", *(one.name for one in fields(Few)), "as_json", "quiet"]


def test_help_says_what_the_record_says():
    said = CliRunner(env={"COLUMNS": "140"}).invoke(app, ["--help"]).stdout
    for text in (
        "--as",
        "NAME",
        "What to read. [required]",
        "[0.5<=x<=2]",
        "Others",
        "--no-cache",
        "[default: 1.0]",
    ):
        assert text in said
    assert CliRunner().invoke(app, ["x"]).exit_code == 2
    assert CliRunner().invoke(app, ["x", "--set", "s", "--scale", "3"]).exit_code == 2


def test_a_repeated_option_is_typed_once_for_each_and_a_table_by_its_rule():
    options = JudgeOptions(
        params={"ridge": {"penalty": 2}}, unseen=(("split", "rare"), ("kind", "b c")), entry_times=()
    )
    assert shlex.split(options.to_command("bridge", "report", "s")) == [
        "repscope", "bridge", "report", "s", "--unseen", "split=rare", "--unseen", "kind=b c", "--param",
        "ridge.penalty=2", "--entry-times", "none", "--seed", "0",
    ]  # fmt: skip


def test_a_list_or_an_array_is_typed_as_it_is():
    options = DriftOptions(positions=np.array([0.0, 1.5]), measures=["rank"], resamples=np.int64(2000))
    assert options.to_command("drift") == (
        "repscope drift --positions 0,1.5 --measures rank --method pca --seed 0"
    )


def test_what_python_takes_is_without_what_only_a_shell_needs():
    assert set(Few(set="s").keywords()) == {one.name for one in fields(Few)} - {"out"}
    assert Few.of({"set": "s", "seed": 4, "other": 1}) == Few(set="s", seed=4)
    assert [flag_of(one) for one in fields(Few)][:2] == ["--set", "--as"]


def test_defaults_that_are_constants_elsewhere():
    assert CompareOptions.resamples == RESAMPLES
    assert JudgeOptions.folds == FOLDS
    assert FitOptions.share == SHARE


def test_lists_of_words():
    assert split_words(" a, ,b") == ("a", "b")
    assert check_words("b,a", ("a", "b"), "a letter") == ("b", "a")
    with pytest.raises(UnknownNameError, match="a letter: a, b"):
        check_words("a,c", ("a", "b"), "a letter")
