"""An extraction killed at random moments and started again, each time in a fork of one process.

``python -m helpers.killed_extraction STUDY KILLS ARGUMENT...``: the arguments are those of ``repscope``.
Prints what the study held after each kill, and the fingerprints that whole runs gave.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time

import numpy
import PIL.Image
import pyarrow
import pyarrow.compute
import pyarrow.ipc
import torch
from typer.testing import CliRunner

import repscope.cli.extract
import repscope.extraction
import repscope.extraction.models.timm_st
import repscope.verbs.extract.extract  # noqa: F401  what a child would spend its life on importing
from repscope.cli.main import app
from repscope.study import Study


def attempt(command: list[str], seconds: float) -> int | None:
    """Run the command in a child; its status, or None if it was killed.

    The parent runs no operation of torch itself, so that no thread pool exists which a fork would break.
    """
    child = os.fork()
    if not child:
        torch.set_num_threads(1)
        try:
            app(command, standalone_mode=True)
        except SystemExit as done:
            os._exit(int(done.code or 0))
        os._exit(99)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def committed(folder: str) -> dict[str, int]:
    """Rows by set of what a killed run left; every shard must be whole."""
    study = Study(folder)
    for name in study.sets:
        manifest = study.manifest(name)
        assert sum(shard.rows for shard in manifest.shards) == manifest.n
        for shard in manifest.shards:
            assert (study.folder(name) / shard.file).stat().st_size == shard.bytes
    return {name: study.manifest(name).n for name in study.sets}


def main(folder: str, kills: int, command: list[str]) -> None:
    # The first array loads pandas where it is installed, the first picture Pillow's plugins, the first
    # command the checks of its options; no child should spend its life on that.
    pyarrow.array(numpy.zeros(1))
    PIL.Image.init()
    CliRunner().invoke(app, ["info", "nowhere"])
    random.seed(0)
    # Kills fall within the time that a whole run takes here and now, however busy the machine is.
    start = time.monotonic()
    assert attempt(command, 300) == 0
    whole = time.monotonic() - start
    shutil.rmtree(folder)
    sent, finished, prints, stops = 0, 0, set(), []
    while sent < kills or not finished:
        status = attempt(command, random.uniform(0.1, 1.2) * whole if sent < kills else 300)
        if status is None:
            sent += 1
            stops.append(committed(folder))
            continue
        assert status == 0, status
        finished += 1
        study = Study.open(folder)
        prints.add(tuple((name, study.verify(name).fingerprint, study[name].n) for name in study.sets))
        if sent < kills:
            shutil.rmtree(folder)
    print(json.dumps({"kills": sent, "finished": finished, "prints": sorted(prints), "stops": stops}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
