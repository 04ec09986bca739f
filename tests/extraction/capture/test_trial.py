"""Rows that depend on more than their item are told from rows that differ by rounding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import ModelError
from repscope.extraction.capture.trial import Dependence, tolerance_of
from repscope.study import Study
from repscope.verbs.extract.extract import extract


class Body(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.last = nn.Identity()

    def mix(self, rows: Tensor) -> Tensor:
        return rows

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.mix(self.body(x)))
        return out


class BatchStatistics(Body):
    """Refuses one item alone, as torch does."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(32, track_running_stats=False)

    def mix(self, rows: Tensor) -> Tensor:
        out: Tensor = self.norm(rows)
        return out


class MapStatistics(Body):
    """The same over places too, so that one item alone can be run."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.norm(x))


class TrainMode(MapStatistics):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        self.norm.train()
        return super().forward(x)


class AcrossItems(Body):
    def mix(self, rows: Tensor) -> Tensor:
        return torch.softmax(rows @ rows.T, dim=1) @ rows


class OnlyTheSecond(Body):
    """A causal leak: the first item is the same alone and together."""

    def mix(self, rows: Tensor) -> Tensor:
        return rows.cumsum(0)


class DropoutAlways(Body):
    def mix(self, rows: Tensor) -> Tensor:
        return nn.functional.dropout(rows)


class Counts(Body):
    """Draws nothing, but keeps state from one forward pass to the next."""

    def mix(self, rows: Tensor) -> Tensor:
        self.calls = getattr(self, "calls", 0) + 1
        return rows * self.calls


class Deep(Body):
    """Rounding through twelve layers of attention, in another order for every size of the batch."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.5, batch_first=True)
        self.patch = nn.Conv2d(3, 64, 4, stride=4)
        self.layers = nn.TransformerEncoder(layer, 12)
        self.norm = nn.BatchNorm1d(64)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.layers(self.patch(x).flatten(2).transpose(1, 2)).mean(1))
        return out


def record(study: Path, name: str) -> Dependence:
    found = Dependence.of(Study.open(study)[name].provenance)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "on"),
    [
        (BatchStatistics, "batch"),
        (MapStatistics, "batch"),
        (TrainMode, "batch"),
        (AcrossItems, "batch"),
        (OnlyTheSecond, "batch"),
        (DropoutAlways, "chance"),
        (Counts, "chance"),
        (Body, "item"),
        (Deep, "item"),
    ],
)
@pytest.mark.parametrize("batch_size", [2, 6])
def test_what_rows_depend_on_is_found_said_and_recorded(
    images: Path, tmp_path: Path, model: type[nn.Module], on: str, batch_size: int
) -> None:
    done = extract(images, model(), study=tmp_path / "s", name="x", batch_size=batch_size, device="cpu")
    assert record(tmp_path / "s", "x").on == on
    said = [note for note in done.notes if note.startswith("rows of x")]
    assert bool(said) == (on != "item")
    if said:
        assert ("chance" in said[0]) == (on == "chance")


@pytest.mark.parametrize("model", [BatchStatistics, AcrossItems, DropoutAlways])
def test_strict_refuses_before_anything_is_committed(
    images: Path, tmp_path: Path, model: type[nn.Module]
) -> None:
    with pytest.raises(ModelError, match="own item alone"):
        extract(images, model(), study=tmp_path / "s", name="x", strict=True, device="cpu", batch_size=3)
    assert "x" not in Study.open(tmp_path / "s")
    assert extract(images, Body(), study=tmp_path / "t", name="x", strict=True, device="cpu").sets[0].n == 10


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_rounding_of_sixteen_bits_is_not_dependence(images: Path, tmp_path: Path, dtype: str) -> None:
    for model, on in ((Deep(), "item"), (AcrossItems(), "batch")):
        name = type(model).__name__
        extract(images, model.to(getattr(torch, dtype)), study=tmp_path / "s", name=name, device="cpu")
        found = record(tmp_path / "s", name)
        assert found.on == on
        assert found.tolerance == tolerance_of(dtype) == torch.finfo(getattr(torch, dtype)).eps ** 0.5


def test_each_set_has_its_own_answer_and_keeps_it(images: Path, tmp_path: Path) -> None:
    points = {"before": "body", "after": "last"}
    model = OnlyTheSecond()
    extract(images, model, study=tmp_path / "s", capture=points, device="cpu")
    assert [record(tmp_path / "s", name).on for name in points] == ["item", "batch"]
    assert record(tmp_path / "s", "before").difference < 1e-6  # type: ignore[operator]
    again = extract(images, model, study=tmp_path / "s", capture=points, device="cpu")
    assert again.already_there
    assert [note for note in again.notes if "rows of after depend on the other items" in note]


def test_alone_only_chance_can_be_tried(images: Path, tmp_path: Path) -> None:
    for model, on in ((AcrossItems(), "item"), (DropoutAlways(), "chance")):
        extract(images, model, study=tmp_path / "s", name="x", batch_size=1, device="cpu", overwrite=True)
        assert record(tmp_path / "s", "x").on == on


def test_a_dry_run_says_it_too(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(
        "from torch import nn\n"
        "class M(nn.Module):\n"
        "    def forward(self, x): return nn.functional.dropout(x.mean((2, 3)))\n"
    )
    arguments = ["extract", str(images), "--study", "s", "--model", "m.py:M", "--dry-run", "--json"]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.stderr
    assert any("depend on chance" in note for note in json.loads(ran.stdout)["notes"])
