"""Writing a report: all files or none, the same bytes twice, nothing stale, nothing of others touched."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repscope.errors import InputError, StorageError
from repscope.report.document import Bullets, Document, Figure, Paragraph, Section
from repscope.report.files import FIGURES, FILES, LIST, write_report
from repscope.text.figures import FIGURE_FORMATS as FORMATS


def figure(text: str = "a") -> Any:
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(2, 1))
    drawn.add_subplot().plot([0, 1], [0, len(text)])
    return drawn


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


DOCUMENT = Document(
    word="fine",
    tone="good",
    title="before → after",
    beside="",
    headline="It is fine.",
    reasons=(Bullets(("measured",)),),
    facts=(),
    sections=(Section("key", "Key numbers", (Paragraph("None."),)),),
    source="set a 0123",
    repeat="",
    definitions=(),
    version="0.1.0",
    time="2023-11-14T22:13:20Z",
)
CAPTION = "Items <b>move</b> 日本."
ITEMS = pa.table({"id": ["a", "b"]})


def save(
    out: Path,
    *names: str,
    formats: Sequence[str] = FORMATS,
    metrics: Any = None,
    items: Any = ITEMS,
    **about: Any,
) -> Path:
    """Save a report with figures of some names."""
    shown = tuple(Figure(name, name, CAPTION) for name in names)
    document = replace(DOCUMENT, **about)
    if shown:
        document = replace(document, sections=(*document.sections, Section("figures", "Figures", shown)))
    return write_report(
        out,
        document,
        metrics=metrics or {"schema": "test/1"},
        table="name\n",
        items=items,
        classes="label,n\n",
        figures={name: figure(name) for name in names},
        captions=dict.fromkeys(names, CAPTION),
        formats=formats,
    )


def test_everything_is_written(tmp_path: Path) -> None:
    out = tmp_path / "results" / "a b ü"
    page = save(out, "map", "spectrum", metrics={"schema": "test/1", "name": "日本", "value": None})
    assert page == out / "report.html"
    figures = {f"figures/{name}.{end}" for name in ("map", "spectrum") for end in FORMATS}
    assert set(files_of(out)) == set(FILES) | figures | {"figures/figures.json"}
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8")) == {
        "schema": "test/1",
        "name": "日本",
        "value": None,
    }
    assert (out / "metrics.csv").read_text() == "name\n"
    assert pq.read_table(out / "items.parquet").equals(ITEMS)
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 2
    assert "Items &lt;b&gt;move&lt;/b&gt; 日本." in html
    listed = json.loads((out / FIGURES / LIST).read_text(encoding="utf-8"))
    assert listed["figures"][0] == {
        "name": "map",
        "caption": CAPTION,
        "files": ["map.png", "map.svg"],
    }


def test_two_saves_are_byte_identical(tmp_path: Path) -> None:
    save(tmp_path / "one", "map", "spectrum")
    save(tmp_path / "two", "map", "spectrum")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_replaced_result_leaves_nothing_stale(tmp_path: Path) -> None:
    save(tmp_path, "map", "spectrum")
    (tmp_path / FIGURES / "mine.png").write_bytes(b"not ours")
    (tmp_path / "notes.md").write_text("mine")
    save(tmp_path, "map", formats=("png",))
    assert names(tmp_path / FIGURES) == {"map.png", LIST, "mine.png"}
    save(tmp_path)
    assert names(tmp_path / FIGURES) == {"mine.png"}
    assert (tmp_path / "notes.md").read_text() == "mine"
    assert "data:image/png" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_files_that_the_new_report_lacks_go_too(tmp_path: Path) -> None:
    mine = tmp_path / "bridges.csv"
    mine.write_text("of nobody's report")
    save(tmp_path)
    assert names(tmp_path) == {*FILES, "bridges.csv"}
    save(tmp_path, items=None)
    assert names(tmp_path) == set(FILES) - {"items.parquet"}


def test_an_empty_folder_of_figures_goes_too(tmp_path: Path) -> None:
    save(tmp_path, "map", formats=("svg",))
    save(tmp_path)
    assert names(tmp_path) == set(FILES)


@pytest.mark.parametrize(
    "listed", [b"", b"{", b"[]", b"null", b'{"figures": [{"files": ["../../keep.txt", 3, "/etc/passwd"]}]}']
)
def test_a_list_of_figures_that_was_tampered_with_removes_nothing(listed: bytes, tmp_path: Path) -> None:
    keep = tmp_path / "keep.txt"
    keep.write_text("keep")
    out = tmp_path / "a" / "b"
    (out / FIGURES).mkdir(parents=True)
    (out / FIGURES / LIST).write_bytes(listed)
    save(out, "map", formats=("png",))
    assert keep.exists()
    assert names(out / FIGURES) == {"map.png", LIST}


def test_the_page_has_its_figures_in_every_format(tmp_path: Path) -> None:
    page = save(tmp_path, "map", "spectrum", formats=("svg",))
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 2
    assert names(tmp_path / FIGURES) == {"map.svg", "spectrum.svg", LIST}
    save(tmp_path, "map", "spectrum", formats=())
    assert "data:image/png;base64," in page.read_text(encoding="utf-8")
    assert names(tmp_path) == set(FILES)


def test_names_of_figures_stay_inside_and_apart(tmp_path: Path) -> None:
    given = ["../../map", "a/b", "a:b", "A_b", "x" * 300, ""]
    save(tmp_path / "out", *given, formats=("png",))
    assert names(tmp_path) == {"out"}
    assert len(names(tmp_path / "out" / FIGURES)) == len(given) + 1


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="a file where a folder is needed"):
        save(tmp_path / "out")
    with pytest.raises(StorageError):
        save(tmp_path / "out" / "below")


@pytest.mark.parametrize("failing", [1, 2, 4, 6])
def test_a_full_disk_leaves_the_old_result_whole(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, "map", "spectrum", formats=("png",))
    before = files_of(tmp_path)
    calls = 0
    real = os.fsync

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        save(tmp_path, "map", word="other", items=pa.table({"id": ["c"]}))
    assert files_of(tmp_path) == before
    assert not [name for name in names(tmp_path) if name.endswith(".part")]


@pytest.mark.parametrize("disk", ["600k"], indirect=True)
def test_a_really_full_disk(disk: Path) -> None:
    save(disk)
    before = files_of(disk)
    big = pa.table({"id": [os.urandom(20).hex() for _ in range(20_000)]})
    with pytest.raises(StorageError, match="no space left"):
        save(disk, "map", "spectrum", items=big)
    assert files_of(disk) == before


def test_leftovers_of_a_killed_save_are_cleared(tmp_path: Path) -> None:
    left = tmp_path / ".saving.part" / FIGURES
    left.mkdir(parents=True)
    (left / "half.png").write_bytes(b"half")
    save(tmp_path)
    assert names(tmp_path) == set(FILES)


def test_nan_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="JSON"):
        save(tmp_path / "out", metrics={"value": float("nan")})
    assert not (tmp_path / "out").exists()


def test_columns_that_parquet_cannot_hold_are_refused(tmp_path: Path) -> None:
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    with pytest.raises(InputError, match="Parquet"):
        save(tmp_path / "out", items=pa.table({"id": ["a", "b"], "odd": union}))
    assert not (tmp_path / "out").exists()


def test_names_that_utf8_does_not_have(tmp_path: Path) -> None:
    page = save(tmp_path, title="\ud800", headline="\udfff")
    assert "\\ud800" in page.read_text(encoding="utf-8")


def test_importing_the_report_is_cheap() -> None:
    code = (
        "import sys, repscope.verbs.compare.result, repscope.verbs.compare.summary, "
        "repscope.verbs.drift.result, repscope.verbs.bridge.save; "
        "heavy = {'torch', 'scipy', 'sklearn', 'matplotlib', 'pyarrow', 'jinja2', 'PIL'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
