"""The study of the story: three stages, a reference, pictures, hostile texts.

``study.py FOLDER`` makes pages. Beside them it writes what Python says of the study, which the story holds
the page against.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import repscope as rs
from repscope.testing import simulate
from repscope.viewer.bundle import Frame

STAGES = ["before", "middle", "after"]
WORDS = ["dog", "cat", "horse", "train", "boat", "kitchen", "skier", "tree"]


def main(root: Path) -> None:
    """Write the study, its pages and ``truth.json``."""
    world = simulate("bridged", images=150, rows_per_image=2, classes=len(WORDS), seed=0)
    n = len(world.before)
    items = {
        "id": [f"img/{row:03d}" for row in range(n)],
        "label": [WORDS[key] for key in world.item_keys],
        "image_id": [str(code) for code in world.clusters],
        "size": np.random.default_rng(0).gamma(2, 30, n),
        "caption": [hostile(row, WORDS[key]) for row, key in enumerate(world.item_keys)],
        "image": pictures(root / "images", world.item_keys),
    }
    study = rs.Study(root / "Digits and words")
    study.add("before", world.before, items)
    study.add("middle", disturbed(world.before, world.item_keys), items)
    study.add("after", world.after, items)
    study.add("text", world.reference, {"id": WORDS, "label": WORDS})
    rs.drift(
        [study[name] for name in STAGES],
        reference=study["text"],
        on="label",
        measures=(),
        method="none",
        resamples=200,
    ).save(study.results("drift", "story"), formats=())
    view = rs.view(study, STAGES, reference="text", on="label")
    view.save(root / "page.html")
    bundle = view.content.bundle()
    frame = Frame(**bundle.manifest["frame"])
    near = [rs.neighbors(study, name, k=10).found.indices for name in STAGES]
    truth = {
        "ids": items["id"],
        "labels": items["label"],
        "positions": [
            ((points - [frame.x, frame.y]) / frame.side).tolist() for points in view.content.points
        ],
        "near": [one.tolist() for one in near],
        "moved": [bundle.columns[f"moved/{step}"].tolist() for step in range(2)],
        "verdict": bundle.manifest["verdict"]["word"],
    }
    (root / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    (root / "widget.js").write_text(view.widget._esm, encoding="utf-8")
    one = rs.Study(root / "one")
    one.add("alone", np.ones((1, 4)))
    rs.view(one, ["alone"], method="pca").save(root / "one.html")
    same = rs.Study(root / "same")
    for name in ("a", "b"):
        same.add(name, np.ones((20, 4)))
    rs.view(same, ["a", "b"], method="pca").save(root / "same.html")
    crowd = rs.Study(root / "crowd")
    rng = np.random.default_rng(0)
    crowd.add("many", rng.normal(size=(60_000, 2)).astype(np.float32))
    rs.view(crowd, ["many"], method="pca", map_rows=60_000).save(root / "crowd.html")


def disturbed(rows: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The items of three classes are drawn together, those of one are mixed up, the others tremble."""
    rng = np.random.default_rng(1)
    moved = rows + 0.25 * rng.normal(size=rows.shape) / np.sqrt(rows.shape[1])
    for key in range(3):
        own = keys == key
        centre = moved[own].mean(axis=0)
        moved[own] = centre + 0.35 * (moved[own] - centre)
    mixed = np.flatnonzero(keys == 3)
    moved[mixed] = rows[rng.permutation(len(rows))[: len(mixed)]] + 0.1 * rng.normal(
        size=(len(mixed), rows.shape[1])
    )
    return moved


def hostile(row: int, word: str) -> str:
    """A caption; every fiftieth tries something."""
    if row % 50:
        return f"a photo of a {word}, number {row}"
    return (
        f"<img src=x onerror=window.hurt=1><script>window.hurt=1</script> {word} \u202egnp.exe "
        + "long " * 500
    )


def pictures(folder: Path, keys: np.ndarray) -> list[str]:
    """A picture of each row, one of them broken."""
    folder.mkdir(parents=True)
    paths = []
    for row, key in enumerate(keys):
        pixels = np.full((48, 48, 3), [(key * 31) % 255, (key * 83) % 255, 120], np.uint8)
        pixels[4 + row % 30 : 14 + row % 30, 8:40] = 255
        paths.append(str(folder / f"{row}.png"))
        Image.fromarray(pixels).save(paths[-1])
    Path(paths[3]).write_bytes(b"no picture")
    return paths


if __name__ == "__main__":
    main(Path(sys.argv[1]))
