"""Pages of the viewer with so many points and stages, for ``measure.mjs``: ``pages.py FOLDER POINTS STAGES``.

Positions are drawn, not mapped: what is measured is the page. The other renderers read the same positions.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from repscope.viewer.bundle import SCHEMA, Bundle, Frame
from repscope.viewer.fields import packed_fields
from repscope.viewer.html import one_file


def main(folder: Path, points: int, stages: int) -> None:
    """Write page.html and positions.bin (uint16, stage after stage)."""
    import pyarrow as pa

    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 8, points)
    centres = rng.normal(size=(stages, 8, 2)) * 3
    drawn = [centres[stage][kinds] + rng.normal(size=(points, 2)) for stage in range(stages)]
    frame = Frame.around(*drawn)
    items = pa.table({"id": np.arange(points).astype(str), "kind": np.char.add("kind ", kinds.astype(str))})
    fields, columns, _ = packed_fields(items)
    columns |= {f"position/{stage}": frame.pack(one) for stage, one in enumerate(drawn)}
    record = {"trustworthiness": None, "continuity": None, "neighbours_kept": None}
    manifest = {
        "schema": SCHEMA, "version": "benchmark", "title": f"{points:,} points", "n": points, "of": points,
        "seed": 0,
        "stages": [{"name": f"stage {stage}", "fingerprint": ""} for stage in range(stages)],
        "steps": [], "k": 0, "frame": {"x": frame.x, "y": frame.y, "side": frame.side},
        "map": {"title": "drawn", "method": "none", "seed": 0, "faithfulness": record},
        "fields": fields, "verdict": None, "unmatched": [], "reference": None, "pictures": None, "notes": [],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    page = one_file("benchmark", Bundle(manifest, columns).to_bytes())
    (folder / "page.html").write_bytes(page)
    packed = np.concatenate([columns[f"position/{stage}"] for stage in range(stages)])
    (folder / "positions.bin").write_bytes(packed.astype("<u2").tobytes())
    print(f"{len(page) / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
