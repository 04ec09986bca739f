"""Models of people: other signatures get an error that shows the wrapper; dataclass outputs are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from repscope.errors import ModelError
from repscope.extraction.capture.capture import capture
from repscope.extraction.models.preprocess import Preprocessing
from repscope.study import Study
from repscope.verbs.extract.extract import extract


class Body(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 4)

    def rows(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.a(pixels.mean((2, 3)))
        return out


class TakesText(Body):
    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        return self.rows(image)


class KeywordOnly(Body):
    def forward(self, *, image: Tensor) -> Tensor:
        return self.rows(image)


class TakesDict(Body):
    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        return self.rows(batch["image"])


class TakesRecord(Body):
    def forward(self, batch: Any) -> Tensor:
        return self.rows(batch.image)


@pytest.mark.parametrize("model", [TakesText, KeywordOnly, TakesDict, TakesRecord])
def test_other_signatures_show_the_wrapper(images: Path, tmp_path: Path, model: type[nn.Module]) -> None:
    with pytest.raises(ModelError, match="the model to run") as caught:
        extract(images, model(), study=tmp_path / "s")
    (note,) = [note for note in caught.value.__notes__ if "wrapper" in note]
    assert "def forward(self, pixels)" in note

    class Images(nn.Module):
        """The wrapper of the note."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model()

        def forward(self, pixels: Tensor) -> Any:
            if model is TakesText:
                return self.model(image=pixels, text=None)
            return self.model(image=pixels) if model is KeywordOnly else self.model.rows(pixels)

    assert extract(images, Images(), study=tmp_path / "s", name="x").sets[0].n == 10


@dataclass
class Output:
    embedding: Tensor
    logits: Tensor | None = None
    name: str = "x"


class GivesRecord(Body):
    def __init__(self, both: bool = False) -> None:
        super().__init__()
        self.both = both

    def forward(self, pixels: Tensor) -> Output:
        rows = self.rows(pixels)
        return Output(rows, 2 * rows if self.both else None)


def test_outputs_that_are_dataclasses(images: Path, tmp_path: Path) -> None:
    extract(images, GivesRecord(), study=tmp_path / "s", name="only")
    model = GivesRecord(both=True)
    with pytest.raises(ModelError, match=r"embedding: Tensor.*logits: Tensor.*pick a part"):
        extract(images, model, study=tmp_path / "s", name="two")
    extract(images, model, study=tmp_path / "s", capture={"two": ":output.logits"})
    assert (Study.open(tmp_path / "s")["two"].vectors.shape) == (10, 4)
    assert Study.open(tmp_path / "s")["only"].vectors.shape == (10, 4)


class SequenceFirst(nn.Module):
    """A transformer over patches whose blocks take [T, B, D], as torch's own do by default."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 8, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=False)

    def forward(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.block(self.patches(pixels).flatten(2).permute(2, 0, 1))
        return out.mean(0)


def test_sequence_first_blocks_name_their_batch_axis(images: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, options = SequenceFirst(), {"study": tmp_path / "s", "preprocess": Preprocessing(resize=(16, 16))}
    with pytest.raises(ModelError, match="MODULE:output:batch1"):
        extract(images, model, capture="block:mean=x", **options)
    with pytest.raises(ModelError, match="batch0 to batch2"):
        extract(images, model, capture="block:mean:batch3=x", **options)
    extract(images, model, capture=["block:mean:batch1=mean", "block:cls:batch1=first", "=own"], **options)
    sets = Study.open(tmp_path / "s")
    np.testing.assert_allclose(sets["mean"].vectors, sets["own"].vectors, atol=1e-6)
    assert sets["mean"].provenance["capture"]["batch_axis"] == 1
    with capture(model, {"first": "block:cls:batch1"}) as seen:
        model.eval()(torch.ones(3, 3, 16, 16))
        model.block(torch.ones(4, 5, 8))
    assert len(seen["first"]) == 3 + 5
