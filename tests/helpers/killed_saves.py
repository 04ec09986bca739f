"""A program in which every verb saves over an earlier save and dies at every step.

``python -m helpers.killed_saves ROOT VERB…`` prints, by verb, what a reader found after each death: "old" or
"new", or the names of the files that were of neither.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import repscope as rs
from helpers.killing import EVENTS, SWITCHES, fork
from repscope.report.figures import Drawn
from repscope.study import Study
from repscope.study.together import replace_together
from repscope.testing import simulate
from repscope.verbs.bridge.figures import draw_bridges
from repscope.verbs.bridge.judge import report_bridges
from repscope.verbs.bridge.save import save_bridges
from repscope.verbs.export.export import export
from repscope.verbs.neighbors.grid import neighbour_grid

Save = Callable[[Path], object]

QUICK = ("files", "export-npy", "neighbors")
"""Verbs whose saves take milliseconds."""
SLOW = ("export-folder", "project", "compare", "drift", "bridge-report")


def saves(verb: str, root: Path) -> tuple[Save, Save]:
    """Two saves of a verb: the one that is there before, and the one that dies."""
    if verb == "files":
        return partial(write, text="old", names="ab"), partial(write, text="new", names="bc")
    study = world(root / "world")
    if verb == "export-npy":
        return exports(study, "before", "set.npy"), exports(study, "after", "set.npy")
    if verb == "export-folder":
        return exports(study, "before", "set"), exports(study, "after", "set")
    if verb == "neighbors":
        old, new = (rs.neighbors(study, "before", k=k) for k in (2, 3))
        grid = neighbour_grid(new, rows=1)
        return partial(old.save, grid=grid, formats=("png",)), new.save
    if verb == "project":
        first, second = (
            rs.project(study, names, method="pca") for names in (["before"], ["before", "after"])
        )
        return partial(first.save, formats=()), partial(second.save, formats=("png",))
    found = [reports(verb, study, seed) for seed in (0, 1)]
    return found[0], found[1]


def reports(verb: str, study: Study, seed: int) -> Save:
    if verb == "compare":
        before, after, text = (study[name] for name in ("before", "after", "text"))
        first, second = (before, after) if seed else (after, before)
        return _shorter(
            rs.compare(first, second, reference=text, on="label", resamples=50, method="none"), seed
        )
    if verb == "drift":
        names = ["before", "after"] if seed else ["after", "before"]
        return _shorter(
            rs.drift([study[name] for name in names], measures=(), method="none", resamples=50), seed
        )
    assert verb == "bridge-report"
    record = report_bridges(
        study, methods=["mean-shift"], source="before", target="text", on="label", seed=seed, resamples=50
    )
    drawn = draw_bridges(record)
    figures = dict(list(drawn.figures.items())[:seed])
    return partial(save_bridges, record, Drawn(figures, drawn.captions), formats=("png",))


def _shorter(result: Any, most: int) -> Save:
    """The save of a result with so many of its figures: drawing is what takes long."""
    figures = dict(list(result.figures.items())[:most])
    return partial(replace(result, figures=figures).save, formats=("png",))


def exports(study: Study, name: str, to: str) -> Save:
    kind = None if Path(to).suffix else "projector"
    return lambda out: export(study, name, out / to, as_format=kind, overwrite=True)


def world(folder: Path) -> Study:
    made = simulate("improved", images=40, d=6, classes=4, seed=0)
    study = Study(folder)
    items = {"id": [f"i{row}" for row in range(40)], "label": made.item_keys}
    study.add("before", made.before.astype(np.float32), items)
    study.add("after", made.after.astype(np.float32), items)
    study.add("text", made.reference.astype(np.float32), {"label": np.arange(4)})
    return study


def write(folder: Path, *, text: str, names: str) -> None:
    """Files at the top and below, of which a later save has others."""
    former = [f"{below}{name}" for name in "abcd" for below in ("", "below/")]
    with replace_together(folder, "files", lambda: former) as new:
        (new / "below").mkdir()
        for name in names:
            (new / name).write_text(f"{text} {name}")
            (new / "below" / name).write_text(f"{text} below {name}")


def state(out: Path) -> dict[str, bytes]:
    """What somebody finds who opens the files of a folder."""
    paths = [path for path in out.rglob("*") if not any(part.startswith(".") for part in path.parts)]
    return {str(path.relative_to(out)): path.read_bytes() for path in paths if path.is_file()}


def deaths(verb: str, root: Path) -> list[str]:
    """Die at every step of a save over an earlier one; then the same save once more, whole."""
    old, new = saves(verb, root)
    events = EVENTS if verb == "files" else SWITCHES
    whole = root / "whole"
    old(whole)
    before = state(whole)
    touched = fork(lambda _: new(whole), whole, events=events).touched
    after = state(whole)
    assert before != after
    assert touched > 10
    found = []
    for point in range(touched):
        out = root / "out"
        old(out)
        (out / "mine.txt").write_text("mine")
        assert fork(lambda _: new(out), out, point=point, events=events).signal  # noqa: B023
        seen = state(out)
        assert seen.pop("mine.txt") == b"mine"
        mixed = {name for name in {*seen, *before, *after} if seen.get(name) != after.get(name)}
        found.append("old" if seen == before else "new" if seen == after else f"mixed: {sorted(mixed)}")
        # The next save settles what is left, whoever makes it.
        new(out)
        left = {str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir()}
        assert left == {*after, "mine.txt"}, left
        assert not any(path.is_symlink() for path in out.rglob("*"))
        assert state(out) == {**after, "mine.txt": b"mine"}
        shutil.rmtree(out)
    return found


if __name__ == "__main__":
    # A process that is killed loses nothing of what it wrote; only a power cut would.
    os.fsync = lambda _: None
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    place = Path(sys.argv[1])
    print(json.dumps({verb: deaths(verb, place / verb) for verb in sys.argv[2:]}))
