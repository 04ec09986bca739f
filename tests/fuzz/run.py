"""Running the readers on damaged files, in a process that may die: what came of each."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from fuzz.mutate import mutate
from fuzz.seeds import make_seeds, make_weights, network

MEMORY = 1 << 30
"""Bytes that reading a file of some kilobytes may take."""
SECONDS = 45.0
"""After which a reader hangs; one of HDF5 gives up after twenty."""
WEIGHTS_SHARE = 0.15


@dataclass(frozen=True)
class Fault:
    """A file that was neither read nor refused with a clear error.

    Attributes:
        index: number of the input; the seed and it make the same file again.
        file: that it was made from.
        what: the traceback, "hangs", or the signal that ended the reader.
    """

    index: int
    file: str
    what: str


class Inputs:
    """Damaged files by number.

    Args:
        folder: for the whole files, and for damaged ones.
        seed: of all of them.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.imports = make_seeds(folder / "imports")
        self.weights = make_weights(folder / "weights")

    def make(self, index: int) -> tuple[Path, bool]:
        """The file, named as the one that it is made from, and whether it is for ``--weights``."""
        rng = random.Random(f"{self.seed} {index}")
        is_weights = rng.random() < WEIGHTS_SHARE
        pool = self.weights if is_weights else self.imports
        chosen = rng.choice(pool)
        place = self.folder / f"damaged {index}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if is_weights:
            # An index of shards needs the shards beside it.
            for other in self.weights:
                shutil.copy(other, place)
            (place / chosen.name).unlink()
        mutate(chosen, pool, place / chosen.name, rng)
        return place / chosen.name, is_weights


def run(inputs: Inputs, indices: range) -> Iterator[Fault | bool]:
    """What came of every input: a fault as soon as it is found, else whether the file was read."""
    pending = list(indices)
    while pending:
        mine, its = multiprocessing.get_context("fork").Pipe()
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(inputs, pending, its))
        worker.start()
        its.close()
        at = 0
        while at < len(pending):
            if not mine.poll(SECONDS):
                worker.kill()
                yield _fault(inputs, pending[at], "hangs")
                at += 1
                break
            try:
                said = mine.recv()
            except EOFError:
                worker.join()
                yield _fault(inputs, pending[at], f"ended the process ({worker.exitcode})")
                at += 1
                break
            yield _fault(inputs, pending[at], said) if isinstance(said, str) else said
            at += 1
        worker.join()
        del pending[:at]


def _fault(inputs: Inputs, index: int, what: str) -> Fault:
    return Fault(index, inputs.make(index)[0].name, what)


def _work(inputs: Inputs, indices: list[int], parent: Connection) -> None:
    # Nothing here outlives the process, so nothing must reach the disk.
    os.fsync = lambda _: None
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=inputs.folder) as study:
        for index in indices:
            path, is_weights = inputs.make(index)
            came = read_one(path, Path(study) / str(index), is_weights=is_weights)
            shutil.rmtree(Path(study) / str(index), ignore_errors=True)
            shutil.rmtree(path.parent)
            parent.send(came)


def read_one(path: Path, study: Path, *, is_weights: bool) -> bool | str:
    """Read one file as a person would: whether it was read or refused, or a traceback."""
    from repscope.errors import RepscopeError
    from repscope.extraction.models.weights import load_weights
    from repscope.verbs.import_.import_ import import_files

    try:
        if is_weights:
            load_weights(network(), path)
        else:
            import_files([path], study)
    except RepscopeError:
        return False
    except BaseException:
        return traceback.format_exc()
    return True
