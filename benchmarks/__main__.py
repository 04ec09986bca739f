"""Run the benchmarks and write docs/benchmarks.md."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

from benchmarks.harness import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
ALL = (
    "start",
    "compare",
    "measures",
    "neighbors",
    "capture",
    "callbacks",
    "landscape",
    "throughput",
    "storage",
    "imports",
    "bridges",
    "diffusion",
    "drift",
)


def main(names: list[str]) -> None:
    sections = []
    for name in names or ALL:
        module = importlib.import_module(f"benchmarks.{name}")
        lines = module.run()
        section = "\n".join(
            [
                f"## {name}",
                "",
                (module.__doc__ or "").strip(),
                "",
                f"`python -m benchmarks {name}`",
                "",
                *lines,
            ]
        )
        print(section, flush=True)
        sections.append(section)
    if not names:
        head = (
            "# Benchmarks\n\nRatios against named peers, measured in one run on "
            f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}. "
            "Repeat them with `make bench`.\n"
        )
        Path(PAGE).write_text("\n\n".join([head.strip(), *sections]) + "\n", encoding="utf-8")


main(sys.argv[1:])
