"""Saving: all files or none, the same bytes twice, nothing stale, nothing of others touched."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repscope.errors import InputError, StorageError
from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.verbs.compare.save import FIGURES, FILES, LIST, save_comparison

FORMATS = ("png", "svg", "pdf")


def figure(text: str = "a") -> Any:
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(2, 1))
    drawn.add_subplot().plot([0, 1], [0, len(text)])
    return drawn


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def drawn(aligned: Any) -> Any:
    return replace(
        aligned,
        figures={"map": figure(), "spectrum": figure("b")},
        captions={"map": "Items <b>move</b> 日本."},
    )


def test_everything_is_written(drawn: Any, tmp_path: Path) -> None:
    out = tmp_path / "results" / "a b ü"
    page = save_comparison(drawn, out)
    assert page == out / "report.html"
    figures = {f"figures/{name}.{end}" for name in ("map", "spectrum") for end in FORMATS}
    assert set(files_of(out)) == set(FILES) | figures | {"figures/figures.json"}
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(drawn.to_json())
    )
    assert pq.read_table(out / "items.parquet").equals(drawn.items)
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 2
    assert "Items &lt;b&gt;move&lt;/b&gt; 日本." in html
    listed = json.loads((out / FIGURES / LIST).read_text(encoding="utf-8"))
    assert listed["figures"][0] == {
        "name": "map",
        "caption": "Items <b>move</b> 日本.",
        "files": ["map.png", "map.svg", "map.pdf"],
    }


def test_metrics_json_follows_its_schema(drawn: Any, tmp_path: Path) -> None:
    save_comparison(replace(drawn, figures={}), tmp_path)
    record = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert record["schema"] == "repscope.comparison/1"
    names = "before after reference on n clusters seed fingerprints replay version measures verdict"
    assert set(names.split()) <= set(record)
    for measure in record["measures"]:
        assert set(measure["difference"]) >= {"value", "low", "high", "p", "q"}
        assert set(measure["before"]) >= {"value", "low", "high", "level", "n"}
        assert measure["direction"] in ("higher", "lower", "none")
        assert set(measure["controls"]) >= {"identity", "noise", "collapse", "snap"}
    assert set(record["verdict"]) >= {"word", "flags", "because", "detectable"}


def test_two_saves_are_byte_identical(drawn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    save_comparison(drawn, tmp_path / "one")
    save_comparison(drawn, tmp_path / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert "2023-11-14T22:13:20Z" in (tmp_path / "one" / "report.txt").read_text(encoding="utf-8")


def test_a_replaced_result_leaves_nothing_stale(drawn: Any, tmp_path: Path) -> None:
    save_comparison(drawn, tmp_path)
    (tmp_path / FIGURES / "mine.png").write_bytes(b"not ours")
    (tmp_path / "notes.md").write_text("mine")
    save_comparison(replace(drawn, figures={"map": figure()}), tmp_path, formats=("png",))
    assert names(tmp_path / FIGURES) == {"map.png", LIST, "mine.png"}
    save_comparison(replace(drawn, figures={}), tmp_path)
    assert names(tmp_path / FIGURES) == {"mine.png"}
    assert (tmp_path / "notes.md").read_text() == "mine"
    assert "data:image/png" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_empty_folder_of_figures_goes_too(drawn: Any, tmp_path: Path) -> None:
    save_comparison(drawn, tmp_path, formats=("svg",))
    save_comparison(replace(drawn, figures={}), tmp_path)
    assert names(tmp_path) == set(FILES)


@pytest.mark.parametrize(
    "listed", [b"", b"{", b"[]", b"null", b'{"figures": [{"files": ["../../keep.txt", 3, "/etc/passwd"]}]}']
)
def test_a_list_of_figures_that_was_tampered_with_removes_nothing(
    listed: bytes, drawn: Any, tmp_path: Path
) -> None:
    keep = tmp_path / "keep.txt"
    keep.write_text("keep")
    out = tmp_path / "a" / "b"
    (out / FIGURES).mkdir(parents=True)
    (out / FIGURES / LIST).write_bytes(listed)
    save_comparison(replace(drawn, figures={"map": figure()}), out, formats=("png",))
    assert keep.exists()
    assert names(out / FIGURES) == {"map.png", LIST}


def test_the_page_has_its_figures_in_every_format(drawn: Any, tmp_path: Path) -> None:
    page = save_comparison(drawn, tmp_path, formats=("svg",))
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 2
    assert names(tmp_path / FIGURES) == {"map.svg", "spectrum.svg", LIST}
    save_comparison(drawn, tmp_path, formats=())
    assert "data:image/png;base64," in page.read_text(encoding="utf-8")
    assert names(tmp_path) == set(FILES)


def test_names_of_figures_stay_inside_and_apart(aligned: Any, tmp_path: Path) -> None:
    given = ["../../map", "a/b", "a:b", "A_b", "x" * 300, ""]
    save_comparison(
        replace(aligned, figures={name: figure() for name in given}), tmp_path / "out", formats=("png",)
    )
    assert names(tmp_path) == {"out"}
    assert len(names(tmp_path / "out" / FIGURES)) == len(given) + 1


def test_a_file_where_a_folder_is_needed(aligned: Any, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="a file where a folder is needed"):
        save_comparison(aligned, tmp_path / "out")
    with pytest.raises(StorageError):
        save_comparison(aligned, tmp_path / "out" / "below")


@pytest.mark.parametrize("failing", [1, 2, 4, 6])
def test_a_full_disk_leaves_the_old_result_whole(
    failing: int, drawn: Any, collapsed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_comparison(drawn, tmp_path, formats=("png",))
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
        save_comparison(collapsed, tmp_path)
    assert files_of(tmp_path) == before
    assert not [name for name in names(tmp_path) if name.endswith(".part")]


@pytest.mark.parametrize("disk", ["600k"], indirect=True)
def test_a_really_full_disk(drawn: Any, aligned: Any, disk: Path) -> None:
    save_comparison(aligned, disk)
    before = files_of(disk)
    big = replace(drawn, items=pa.table({"id": [f"{number:040d}" for number in range(40_000)]}))
    with pytest.raises(StorageError, match="no space left"):
        save_comparison(big, disk)
    assert files_of(disk) == before


def test_leftovers_of_a_killed_save_are_cleared(aligned: Any, tmp_path: Path) -> None:
    left = tmp_path / ".saving.part" / FIGURES
    left.mkdir(parents=True)
    (left / "half.png").write_bytes(b"half")
    save_comparison(aligned, tmp_path)
    assert names(tmp_path) == set(FILES)


def test_nan_is_refused_before_anything_is_written(aligned: Any, tmp_path: Path) -> None:
    row = MeasureResult(measure_info("hub.skew"), Estimate(float("nan")), Estimate(0.0), Difference(0.0))
    with pytest.raises(InputError, match="JSON"):
        save_comparison(replace(aligned, measures=(row,)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_columns_that_parquet_cannot_hold_are_refused(aligned: Any, tmp_path: Path) -> None:
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    with pytest.raises(InputError, match="Parquet"):
        save_comparison(replace(aligned, items=pa.table({"id": ["a", "b"], "odd": union})), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_that_utf8_does_not_have(aligned: Any, tmp_path: Path) -> None:
    page = save_comparison(replace(aligned, before="\ud800", notes=("\udfff",)), tmp_path)
    assert "\\ud800" in page.read_text(encoding="utf-8")


def test_the_record_of_the_workflow_saves_itself(aligned: Any, tmp_path: Path) -> None:
    assert aligned.save(tmp_path) == tmp_path / "report.html"


def test_importing_the_report_is_cheap() -> None:
    import sys

    code = (
        "import sys, repscope.verbs.compare.save, repscope.verbs.compare.summary; "
        "heavy = {'torch', 'scipy', 'sklearn', 'matplotlib', 'pyarrow', 'jinja2', 'PIL'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
