"""Figures on disk: every format, the same bytes again, and what goes wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from repscope.errors import InputError, StorageError, UnknownNameError
from repscope.maps import project
from repscope.measure.core.results import MeasureResult
from repscope.plot import plot_controls, plot_distributions, plot_map, plot_spectrum, save_figure


def drawn() -> Figure:
    rng = np.random.default_rng(0)
    shown = project(
        {"before": rng.standard_normal((40, 5)), "after": rng.standard_normal((40, 5))}, method="pca"
    )
    figure = plot_map(shown, before="before", after="after").get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "jpg": b"\xff\xd8\xff"}


def test_every_format_and_the_same_bytes_again(tmp_path: Path) -> None:
    figure = drawn()
    formats = tuple(MAGIC)
    first = save_figure(figure, tmp_path / "a" / "new folder", "a map", formats=formats)
    again = save_figure(figure, tmp_path / "b", "a map", formats=formats)
    fresh = save_figure(drawn(), tmp_path / "c", "a map", formats=formats)
    assert [path.name for path in first] == [f"a map.{one}" for one in formats]
    for one, a, b, c in zip(formats, first, again, fresh, strict=True):
        assert a.read_bytes().startswith(MAGIC[one])
        assert a.read_bytes() == b.read_bytes() == c.read_bytes()


def test_laid_out_figures_give_the_same_bytes_again(
    tmp_path: Path, table: Callable[..., list[MeasureResult]]
) -> None:
    """Layout is solved at every drawing; it must not creep."""
    norm = np.random.default_rng(0).uniform(1, 2, 50), np.ones(50)
    for name, figure in (
        ("distributions", plot_distributions(table(), norm=norm)),
        ("controls", plot_controls(table()).get_figure(root=True)),
        ("spectrum", plot_spectrum(norm[0]).get_figure(root=True)),
    ):
        assert isinstance(figure, Figure)
        first = [path.read_bytes() for path in save_figure(figure, tmp_path, name)]
        again = [path.read_bytes() for path in save_figure(figure, tmp_path, name)]
        assert first == again


def test_dpi_is_what_was_asked(tmp_path: Path) -> None:
    figure = drawn()
    (path,) = save_figure(figure, tmp_path, "map", formats=("png",), dpi=100)
    with Image.open(path) as image:
        assert image.size == tuple((figure.get_size_inches() * 100).astype(int))
    assert figure.dpi == 100


def test_what_goes_wrong(tmp_path: Path) -> None:
    figure = drawn()
    with pytest.raises(UnknownNameError, match="got bmp; do: choose some of png, svg, pdf, jpg"):
        save_figure(figure, tmp_path, "map", formats=("png", "bmp"))
    with pytest.raises(InputError, match="plain file name"):
        save_figure(figure, tmp_path, "../map")
    with pytest.raises(InputError, match="positive dpi"):
        save_figure(figure, tmp_path, "map", dpi=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="can be written"):
        save_figure(figure, tmp_path / "file", "map")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_importing_and_drawing_leave_pyplot_alone() -> None:
    code = (
        "import sys, numpy as np\n"
        "import repscope.plot, repscope.maps\n"
        "heavy = {'matplotlib', 'openTSNE', 'umap', 'sklearn', 'torch', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "rows = np.random.default_rng(0).standard_normal((9, 3))\n"
        "shown = repscope.maps.project({'x': rows}, method='pca')\n"
        "repscope.plot.plot_map(shown, before='x').figure.draw_without_rendering()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
