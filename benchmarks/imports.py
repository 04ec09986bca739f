"""Importing files of many rows, against NumPy, h5py and pandas reading the same into a float32 matrix.

CPU seconds of one thread, in a process of its own, without starting Python. Ours reads the file, hashes it,
checks every row, writes a study's shards to the disk, hashes them and records ids and provenance; the peer
has the numbers in memory and nothing else. Memory is what no file backs, above what was held before.

Another size: ``python -m benchmarks.imports --rows 50000 --width 128 --formats npy,csv``
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Watched, charge

FORMATS = ("npy", "parquet", "hdf5", "csv", "jsonl")
GOAL = 1.5
BLOCK = 10_000


def make(folder: Path, kind: str, n: int, d: int) -> Path:
    """One file of n × d float32 rows with ids, written in blocks."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / ("rows.h5" if kind == "hdf5" else f"rows.{kind}")
    rng = np.random.default_rng(0)
    starts = range(0, n, BLOCK)
    blocks = ((start, rng.standard_normal((min(BLOCK, n - start), d), np.float32)) for start in starts)
    if kind == "npy":
        whole = np.lib.format.open_memmap(path, "w+", np.float32, (n, d))
        for start, block in blocks:
            whole[start : start + len(block)] = block
        whole.flush()
    elif kind == "hdf5":
        import h5py

        with h5py.File(path, "w") as file:
            vectors = file.create_dataset("vectors", (n, d), np.float32, chunks=(1024, d))
            for start, block in blocks:
                vectors[start : start + len(block)] = block
            file["ids"] = np.array([f"i{row}" for row in range(n)], "S")
    elif kind == "parquet":
        schema = pa.schema({"id": pa.string(), "vector": pa.list_(pa.float32())})
        with pq.ParquetWriter(path, schema) as writer:
            for start, block in blocks:
                offsets = np.arange(0, block.size + 1, d, dtype=np.int32)
                vectors = pa.ListArray.from_arrays(offsets, block.ravel())
                ids = [f"i{start + row}" for row in range(len(block))]
                writer.write_table(pa.table({"id": ids, "vector": vectors}, schema))
    else:
        with path.open("w") as file:
            if kind == "csv":
                file.write(",".join(["id", *(f"x{column}" for column in range(d))]) + "\n")
            for start, block in blocks:
                for row, values in enumerate(block.tolist(), start):
                    cells = [f"{value:.6g}" for value in values]
                    text = ",".join(cells)
                    line = f"i{row},{text}" if kind == "csv" else f'{{"id": "i{row}", "vector": [{text}]}}'
                    file.write(line + "\n")
    return path


def ours(path: str, study: str) -> Iterator[dict[str, Any]]:
    from repscope.verbs.import_.import_ import import_files

    yield {}
    with Watched() as memory:
        (made,) = import_files([path], study, names="rows")
    yield {"memory": memory.peak, "shape": [made.n, made.d]}


def peer(path: str, kind: str) -> Iterator[dict[str, Any]]:
    import h5py
    import pandas as pd

    yield {}
    with Watched() as memory:
        if kind == "npy":
            rows = np.load(path)
        elif kind == "hdf5":
            with h5py.File(path) as file:
                rows = file["vectors"][()]
        elif kind == "parquet":
            rows = np.stack(pd.read_parquet(path)["vector"].to_numpy())
        elif kind == "csv":
            rows = pd.read_csv(path).drop(columns="id").to_numpy(np.float32)
        else:
            rows = np.array(pd.read_json(path, lines=True)["vector"].tolist(), np.float32)
    yield {"memory": memory.peak, "shape": list(rows.shape)}


def run(n: int = 1_000_000, d: int = 512, formats: Sequence[str] = FORMATS) -> list[str]:
    """Lines of the table."""
    lines = [
        f"{n:,} × {d} float32. Goal: at most {GOAL} × the peer's CPU seconds.",
        "",
        "| format | file, MB | ours, CPU-s | peer, CPU-s | ratio | ours, MiB | peer, MiB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in formats:
        with tempfile.TemporaryDirectory(prefix="repscope-imports-") as folder:
            path = make(Path(folder), kind, n, d)
            theirs = charge("benchmarks.imports:peer", str(path), kind)
            mine = charge("benchmarks.imports:ours", str(path), str(Path(folder) / "study"))
            if mine.record["shape"] != theirs.record["shape"]:
                raise RuntimeError(f"{kind}: {json.dumps([mine.record, theirs.record])}")
            memory = [f"{one.record['memory'] / 2**20:.0f}" for one in (mine, theirs)]
            lines.append(
                f"| {kind} | {path.stat().st_size / 1e6:.0f} | {mine.cpu:.2f} | {theirs.cpu:.2f} "
                f"| {mine.cpu / theirs.cpu:.2f} | {memory[0]} | {memory[1]} |"
            )
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.imports")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--formats", type=lambda text: text.split(","), default=FORMATS)
    given = parser.parse_args()
    print("\n".join(run(given.rows, given.width, given.formats)))
