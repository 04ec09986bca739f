"""A program that saves a bridge over another and dies where it is told to.

replace ROOT        die at every touch of a file, and inside files; print what a reader then found
endlessly FOLDER    save two bridges in turn, a line for each
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import repscope as rs
from helpers.killing import Death, fork
from repscope.errors import MissingError
from repscope.transform.linear.ridge import Ridge

SIZES = (1, 100, 600, 1500)


def bridge(penalty: float) -> Ridge:
    """A bridge whose weights depend on the penalty."""
    rng = np.random.default_rng(0)
    return Ridge(penalty).fit(rng.normal(size=(40, 5)), rng.normal(size=(40, 12)), on="row")


def death(new: Ridge, folder: Path, **when: int) -> Death:
    """Save in a child that dies."""
    # The parent of the folder holds it while it is new.
    return fork(lambda _: new.save_pretrained(folder), folder.parent, **when)


def penalty(folder: Path) -> float | None:
    """Of the bridge in a folder, whose weights must be those of the same penalty; None without one."""
    try:
        found = rs.bridges.load(folder)
    except MissingError:
        if folder.exists():
            raise
        return None
    assert isinstance(found, Ridge)
    np.testing.assert_array_equal(found.matrix_, bridge(found.penalty).matrix_)
    return found.penalty


def files(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def replace(root: Path) -> list[dict[str, Any]]:
    """Every death over each of the folders that there may be; then the same save again, and another.

    Returns:
        For each death: what was there ("new", "once", "twice", "same"), the signal, the penalty of the bridge
        that a reader then found, and the files after a whole save and after one more.
    """
    found = []
    starts: dict[str, list[float]] = {"new": [], "once": [1.0], "twice": [3.0, 1.0], "same": [1.0, 2.0]}
    for start, saves in starts.items():

        def prepared(name: str, start: str = start, saves: list[float] = saves) -> Path:
            folder = root / start / name / "bridge"
            folder.parent.mkdir(parents=True)
            for one in saves:
                bridge(one).save_pretrained(folder)
            return folder

        new = bridge(2.0)
        touches = death(new, prepared("whole")).touched
        assert touches > 4
        moments = [{"point": point} for point in range(touches)] + [{"size": size} for size in SIZES]
        for when in moments:
            folder = prepared(str(when))
            ended = death(new, folder, **when).signal
            read = penalty(folder)
            new.save_pretrained(folder)
            assert penalty(folder) == 2.0
            after = files(folder)
            bridge(4.0).save_pretrained(folder)
            assert penalty(folder) == 4.0
            record = {
                "start": start,
                "signal": ended,
                "penalty": read,
                "after": after,
                "again": files(folder),
            }
            found.append(record | when)
    return found


def endlessly(folder: Path) -> None:
    both = [bridge(1.0), bridge(2.0)]
    while True:
        for one in both:
            one.save_pretrained(folder)
            print("saved", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "replace":
        print(json.dumps(replace(Path(sys.argv[2]))))
    else:
        endlessly(Path(sys.argv[2]))
