"""One thread a process, for all tests and the processes that they start; ``pytest -n`` has the cores."""

from __future__ import annotations

import os
from pathlib import Path

import threadpoolctl

HERE = Path(__file__).resolve().parent

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
              "VECLIB_MAXIMUM_THREADS"):  # fmt: skip
    os.environ[_name] = "1"

# Libraries read those when they are loaded; a plugin of another package may have loaded numpy already.
threadpoolctl.threadpool_limits(1)

# Programs that tests start are of this code, and find tests/helpers.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE / "src"), str(HERE / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
)
