"""One thread a process, for all tests and the processes that they start; ``pytest -n`` has the cores.

The libraries read these once, when they are loaded, so they are set before any test is imported.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB", "NUMEXPR"):
    os.environ[f"{_name}_NUM_THREADS" if _name != "VECLIB" else "VECLIB_MAXIMUM_THREADS"] = "1"

# Programs that tests start are of this code, and find tests/helpers.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE / "src"), str(HERE / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
)
