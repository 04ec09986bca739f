"""Where records were made, as JSON."""

from __future__ import annotations

import datetime
import json
import platform
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

import repscope
from repscope.errors import InputError
from repscope.study.provenance import as_json, command, derived, describe_environment, now


def test_the_environment() -> None:
    found = describe_environment("torch", "no-such-package")
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["repscope"] == repscope.__version__
    assert found["versions"]["numpy"] == np.__version__
    assert "torch" in found["versions"]
    assert "no-such-package" not in found["versions"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["time"])
    assert json.loads(json.dumps(found)) == found


def test_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert now() == "1970-01-02T00:00:00Z"
    for wrong in ("yesterday", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(InputError, match="SOURCE_DATE_EPOCH"):
            now()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["/usr/bin/repscope", "info", "my study"], "repscope info 'my study'"),
        (["/lib/repscope/__main__.py", "info", "$HOME"], "python -m repscope info '$HOME'"),
        ([""], "python"),
        ([], "python"),
    ],
)
def test_the_command_as_a_shell_takes_it(
    arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert command() == text


def test_the_command_of_a_module_that_runs(tmp_path: Path) -> None:
    script = (
        "import sys; sys.argv[1:] = ['a b']; from repscope.study.provenance import command; print(command())"
    )
    (tmp_path / "script.py").write_text(script)
    source = str(Path(repscope.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, tmp_path / "script.py"],
        env={"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "script.py 'a b'\n"


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.5, 0.5),
        (float("nan"), None),
        (float("-inf"), None),
        ("é", "é"),
        ("bad\udcff", "bad\\udcff"),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.array(3), 3),
        (PurePosixPath("/a/b"), "/a/b"),
        ((1, (2,)), [1, [2]]),
        ({3, 1}, [1, 3]),
        ({1: {"a": [None, float("nan")]}}, {"1": {"a": [None, None]}}),
        (datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), "2024-01-02T00:00:00+00:00"),
        ([], []),
        ({}, {}),
        ("", ""),
    ],
)
def test_json_values(value: Any, json_value: Any) -> None:
    found = as_json(value, "here")
    assert found == json_value
    assert type(found) is type(json_value)
    json.dumps(found, allow_nan=False).encode("ascii")


def test_what_has_no_json_form_is_named() -> None:
    with pytest.raises(InputError, match="JSON values in the provenance, model, layers; got a object"):
        as_json({"model": {"layers": [object()]}}, "provenance")


def test_derived_keeps_the_origin_and_names_the_parent() -> None:
    origin = {"model": "m", "command": "c", "time": "t", "versions": {}, "platform": "p", "parents": ["old"]}
    assert derived(origin, "s", "f") == {"model": "m", "parents": [{"name": "s", "fingerprint": "f"}]}
