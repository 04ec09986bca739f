"""The measure and the verb that CONTRIBUTING.md adds: two files and four, and everything has them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPARE = """
import numpy as np
from repscope.measure.comparison.compare_arrays import compare_arrays

rng = np.random.default_rng(0)
reference = rng.standard_normal((20, 8))
before = rng.standard_normal((80, 8))
table = compare_arrays(before, np.maximum(before, 0), reference, measures=["zero.share"], resamples=50).table
row = table["zero.share"]
print(row.before.value, abs(row.after.value - (before < 0).mean()) < 1e-12, row.difference.low > 0.4)
"""


def run_in(folder: Path, *command: str) -> str:
    where = {"cwd": folder, "env": {**os.environ, "PYTHONPATH": str(folder)}}
    return subprocess.run(
        [sys.executable, *command], **where, check=True, capture_output=True, text=True
    ).stdout


def test_two_files_add_a_measure(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split("## Adding a measure\n")[1].split("\n## ")[0]
    function, computed, entry = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    imported, computation = (part.strip("\n") for part in computed.split("\n\n\n"))
    package = tmp_path / "repscope"
    shutil.copytree(ROOT / "src" / "repscope", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "measure" / "geometry" / "sparsity.py").write_text(function, "utf-8")
    compute = package / "measure" / "geometry" / "compute.py"
    text = compute.read_text("utf-8").rstrip()
    assert text.endswith("\n)")
    text = text.replace("\nMEASURES: ", f"\n{imported}\n\n\n{computation}\n\n\nMEASURES: ")
    compute.write_text(f"{text[:-1]}{entry.rstrip()},\n)\n", "utf-8")

    output = partial(run_in, tmp_path)
    assert "zero.share" in output("-m", "repscope", "measures", "zero.share")
    assert "sparsity.zero_share" in output("-m", "repscope", "measures", "zero.share", "--json")
    assert output("-c", COMPARE).split() == ["0.0", "True", "True"]


TALLY = """
import repscope as rs

study = rs.Study("s")
study.add("a", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], {"label": ["x", "y", "x"]})
print(rs.tally(study, "a"), rs.tally("s", "a", most=1))
"""


def test_four_files_add_a_verb(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split("## Adding a verb\n")[1].split("\n## ")[0]
    verb, command, registered, home = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    package = tmp_path / "repscope"
    shutil.copytree(ROOT / "src" / "repscope", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "verbs" / "tally.py").write_text(verb, "utf-8")
    (package / "cli" / "tally.py").write_text(command, "utf-8")
    for file, before, added in (
        ("cli/main.py", "app.add_typer", f"from repscope.cli import tally\n\n{registered}"),
        ("__init__.py", '    "run": ', home),
    ):
        known = (package / file).read_text("utf-8")
        assert before in known
        (package / file).write_text(known.replace(before, f"{added}{before}", 1), "utf-8")

    output = partial(run_in, tmp_path)
    assert output("-c", TALLY) == "{'x': 2, 'y': 1} {'x': 2}\n"
    assert output("-m", "repscope", "tally", "s", "a", "--most", "1") == "        2  x\n"
    assert output("-m", "repscope", "tally", "s", "a", "--json", "--seed", "1").split() == [
        "{", '"x":', "2,", '"y":', "1", "}",
    ]  # fmt: skip
    assert "Column that is counted." in output("-m", "repscope", "tally", "--help")
