"""What starting costs: ``import repscope`` and ``repscope --help``, against starting Python."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import repscope": [sys.executable, "-c", "import repscope"],
    "repscope --help": [sys.executable, "-m", "repscope", "--help"],
    "import numpy, for comparison": [sys.executable, "-c", "import numpy"],
}


def run(repeats: int = 11) -> list[str]:
    """Lines of the benchmark's table."""
    lines = ["| command | median seconds | above starting Python |", "|---|---|---|"]
    base = 0.0
    for name, command in COMMANDS.items():
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        median = statistics.median(times)
        base = base or median
        lines.append(f"| `{name}` | {median:.3f} | {median - base:.3f} |")
    return lines
