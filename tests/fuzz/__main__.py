"""``python -m fuzz --inputs 20000``: damaged files to all readers and ``--weights``, under a memory limit."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fuzz.run import Inputs, read_one, run


def main() -> int:
    """Exit code 1 where any file was neither read nor refused."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files at fault")
    parser.add_argument("--only", type=int, help="read this one input here, with its traceback")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="repscope-fuzz-") as scratch:
        inputs = Inputs(Path(scratch), given.seed)
        if given.only is not None:
            path, is_weights = inputs.make(given.only)
            print(path.name, read_one(path, Path(scratch) / "study", is_weights=is_weights))
            return 0
        start, faults, whole = time.monotonic(), 0, 0
        for fault in run(inputs, range(given.first, given.first + given.inputs)):
            if isinstance(fault, bool):
                whole += fault
                continue
            faults += 1
            print(f"input {fault.index} (from {fault.file}): {fault.what}", flush=True)
            if given.keep:
                path = inputs.make(fault.index)[0]
                shutil.copytree(path.parent, given.keep / str(fault.index), dirs_exist_ok=True)
        seconds = time.monotonic() - start
    print(f"{given.inputs:,} inputs, seed {given.seed}: {whole:,} read, {faults} at fault, {seconds:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
