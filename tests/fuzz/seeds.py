"""Small whole files of every format, from which the fuzz makes damaged ones."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import torch
from safetensors.numpy import save_file

from repscope.formats.write import TARGETS
from repscope.study import EmbeddingSet

N, D = 12, 4
VECTORS = np.random.default_rng(0).standard_normal((N, D)).astype(np.float32)
IDS = [f"img-{row}" for row in range(N)]
LABELS = [("cat", "dog", "1.10")[row % 3] for row in range(N)]


def network() -> torch.nn.Module:
    """What the files of weights are for."""
    return torch.nn.Sequential(
        OrderedDict(first=torch.nn.Linear(3, 5), norm=torch.nn.BatchNorm1d(5), last=torch.nn.Linear(5, 2))
    )


def make_seeds(folder: Path) -> list[Path]:
    """Files and folders to import, two or more of most formats."""
    folder.mkdir(parents=True)
    rows = dict(zip(IDS, VECTORS, strict=True))
    listed = {name: row.tolist() for name, row in rows.items()}
    whole = EmbeddingSet("set", VECTORS, {"id": IDS, "label": LABELS})
    for name, target in TARGETS.items():
        ending = target.suffixes[0] if target.suffixes else ".parquet" if target.fits else ""
        target.write(whole, folder / f"own_{name}{ending}")
    np.save(folder / "records.npy", np.array(list(zip(IDS, VECTORS, strict=True)), "U8,(4,)f4"))
    np.save(folder / "objects.npy", np.array(rows, dtype=object), allow_pickle=True)
    np.savez_compressed(folder / "items.npz", **rows)
    frame = pd.DataFrame({"id": IDS, "label": LABELS, "lat": VECTORS[:, 0]})
    numbered = pd.DataFrame({f"A{column:02d}": VECTORS[:, column] for column in range(D)})
    pd.concat([frame, numbered], axis=1).to_csv(folder / "numbered.csv", index=False)
    for name, form in {"json": lambda row: row.tolist(), "tensor": torch.tensor, "numpy": repr}.items():
        frame.assign(emb=[str(form(row)) for row in VECTORS]).to_csv(folder / f"cell_{name}.csv", index=False)
    frame.assign(emb=list(VECTORS)).to_pickle(folder / "frame.pkl")
    table = pa.table({"id": IDS, "emb": [[row.tolist()] for row in VECTORS], "label": LABELS})
    pq.write_table(table, folder / "nested.parquet", compression="zstd")
    with pa.ipc.new_stream(folder / "stream.arrow", table.schema) as stream:
        stream.write_table(table)
    texts = {
        "records.json": json.dumps([{"id": name, "embedding": row} for name, row in listed.items()]),
        "by_id.json": json.dumps(listed),
        "lines.jsonl": "".join(
            json.dumps({"id": name, "embedding": row}) + "\n" for name, row in listed.items()
        ),
        "glove.txt": "".join(f"{name} {' '.join(map(str, row))}\n" for name, row in listed.items()),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    words = b"".join(f"{name} ".encode() + row.tobytes() + b"\n" for name, row in rows.items())
    (folder / "words.bin").write_bytes(f"{N} {D}\n".encode() + words)
    np.savetxt(folder / "numbers.txt", VECTORS)
    save_file(rows, folder / "items.safetensors")
    torch.save({"embeddings": torch.tensor(VECTORS), "ids": IDS, "label": LABELS}, folder / "dictionary.pt")
    torch.save([torch.tensor(VECTORS[:6]).half(), torch.tensor(VECTORS[6:])], folder / "batches.pt")
    torch.save(torch.tensor(VECTORS).to_sparse(), folder / "sparse.pt")
    _legacy(torch.tensor(VECTORS), folder / "legacy.pt")
    for protocol in (0, 2, 5):
        content: dict[str, Any] = {"vectors": VECTORS, "ids": IDS, "labels": np.array(LABELS)}
        (folder / f"protocol_{protocol}.pkl").write_bytes(pickle.dumps(content, protocol))
    (folder / "pairs.pkl").write_bytes(pickle.dumps(list(rows.items())))
    (folder / "older.pkl").write_bytes(pickle.dumps([VECTORS, VECTORS + 1, VECTORS[:3]]))
    _hdf5(folder, rows)
    text, packed = texts["by_id.json"].encode(), io.BytesIO()
    np.save(packed, VECTORS)
    (folder / "packed.json.gz").write_bytes(gzip.compress(text, mtime=0))
    (folder / "packed.npy.xz").write_bytes(lzma.compress(packed.getvalue()))
    (folder / "packed.txt.bz2").write_bytes(bz2.compress(texts["glove.txt"].encode()))
    (folder / "utf16.csv").write_bytes((folder / "numbered.csv").read_text(encoding="utf-8").encode("utf-16"))
    return sorted(folder.iterdir())


def make_weights(folder: Path) -> list[Path]:
    """Files for ``--weights``."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    state = network().state_dict()
    torch.save(state, folder / "flat.pt")
    _legacy(state, folder / "legacy.pth")
    training = {
        "epoch": 3,
        "best": torch.tensor(0.5),
        "state_dict": {f"module.{k}": v for k, v in state.items()},
    }
    torch.save({**training, "optimizer": {"state": {}, "lr": 0.1}}, folder / "training.ckpt")
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    save_file(arrays, folder / "flat.safetensors")
    save_file(arrays, folder / "model-00001-of-00001.safetensors")
    index = {"weight_map": dict.fromkeys(state, "model-00001-of-00001.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return sorted(folder.iterdir())


def _legacy(value: Any, path: Path) -> None:
    torch.save(value, path, _use_new_zipfile_serialization=False)


def _hdf5(folder: Path, rows: dict[str, Any]) -> None:
    import h5py

    with h5py.File(folder / "one.h5", "w") as file:
        file["features"], file["ids"] = VECTORS, np.array(IDS, "S")
        file.create_dataset("label", data=LABELS, dtype=h5py.string_dtype())
    with h5py.File(folder / "groups.h5", "w") as file:
        for name, row in rows.items():
            file.create_dataset(f"{name}/emb", data=row, compression="gzip")
