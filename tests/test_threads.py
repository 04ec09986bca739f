"""One thread a process, here and in what tests start: ``pytest -n`` has the cores already."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import numpy, scipy.linalg, sklearn, torch, threadpoolctl
pools = [(one["filepath"], one["num_threads"]) for one in threadpoolctl.threadpool_info()]
assert pools and all(threads == 1 for _, threads in pools), pools
assert torch.get_num_threads() == 1
import repscope, helpers
"""


def test_here() -> None:
    exec(CODE, {})


def test_in_a_process_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
