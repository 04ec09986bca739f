"""The measure that CONTRIBUTING.md adds: two files, and the command and a comparison have it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
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

    def output(*command: str) -> str:
        where = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(tmp_path)}}
        return subprocess.run(
            [sys.executable, *command], **where, check=True, capture_output=True, text=True
        ).stdout

    assert "zero.share" in output("-m", "repscope", "measures", "zero.share")
    assert "sparsity.zero_share" in output("-m", "repscope", "measures", "zero.share", "--json")
    assert output("-c", COMPARE).split() == ["0.0", "True", "True"]
