"""The notebook of the tour runs from its first cell to its last."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "tour.ipynb"


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_every_cell_of_the_tour_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from ipykernel.kernelspec import write_kernel_spec
    from nbclient import NotebookClient

    monkeypatch.setenv("TOUR_STEPS", "20")
    monkeypatch.setenv("TOUR_IMAGES", "60")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    # A kernel of this very Python, wherever the machine keeps its own.
    kernel = tmp_path / "kernels" / "tour"
    write_kernel_spec(
        kernel, overrides={"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    )
    book = nbformat.read(NOTEBOOK, as_version=4)
    done = NotebookClient(
        book, timeout=300, kernel_name="tour", resources={"metadata": {"path": tmp_path}}
    ).execute()
    titles = [cell.source for cell in done.cells if cell.source.startswith("## ")]
    assert [title.split(".")[0] for title in titles] == [f"## {k}" for k in range(1, 11)]
    shown = [out for cell in done.cells for out in cell.get("outputs", []) if "data" in out]
    kinds = [kind for out in shown for kind in out["data"]]
    assert kinds.count("image/png") >= 3
    assert kinds.count("application/vnd.jupyter.widget-view+json") == 2
