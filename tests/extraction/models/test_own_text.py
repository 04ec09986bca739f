"""Models of the user's own that take texts bring their tokenizer as a method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from repscope.errors import InputError, ModelError
from repscope.study import Study
from repscope.verbs.extract.extract import extract

TOWER = """
import torch
from torch import nn

WORDS = {"<pad>": 0, "cat": 1, "dog": 2, "on": 3, "grass": 4}

class Texts(nn.Module):
    context, pad_id = 3, 0
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 6)
    def tokenize(self, texts):
        return [[WORDS[word] for word in text.split()] for text in texts]
    def forward(self, ids, mask):
        rows = self.table(ids) * mask[:, :, None]
        return rows.sum(1) / mask.sum(1, keepdim=True)

class Padded(Texts):
    def tokenize(self, texts):
        out = torch.zeros(len(texts), 7, dtype=torch.long)
        for row, ids in zip(out, super().tokenize(texts)):
            row[:len(ids)] = torch.tensor(ids)
        return out

class Dual(Texts):
    width = 4
    def encode_text(self, ids):
        assert ids.shape[1] == 4
        return self.table(ids).sum(1)
    def encode_image(self, pixels):
        return pixels.mean((2, 3)).repeat(1, 2)
    def forward(self, *_):
        raise AssertionError("the towers are called")

class Short(Texts):
    def tokenize(self, texts):
        return []

class Words(Texts):
    def tokenize(self, texts):
        return [text.split() for text in texts]

class Fails(Texts):
    def tokenize(self, texts):
        raise OSError("no vocabulary")

class Images(nn.Module):
    def forward(self, pixels):
        return pixels.mean((2, 3))
"""
LINES = ["cat", "dog on", "grass", "cat on grass", "cat on grass dog"]


@pytest.fixture
def tower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("tower.py").write_text(TOWER)
    Path("lines.txt").write_text("\n".join(LINES))
    return tmp_path


def test_rows_are_those_of_the_tokens(tower: Path) -> None:
    for batch, name in ((1, "one"), (4, "four")):
        run = extract("lines.txt", "tower.py:Texts", study="s", name=name, batch_size=batch)
    assert any("1 of 5 texts have more than the 3 tokens" in note for note in run.notes)
    extract("lines.txt", "tower.py:Padded", study="s", name="padded", batch_size=4)
    one, four, padded = (Study.open("s")[name].vectors for name in ("one", "four", "padded"))
    np.testing.assert_allclose(one, four, atol=1e-6)
    np.testing.assert_allclose(padded, four, atol=1e-6)
    # The last text is cut to the words of the one before.
    np.testing.assert_allclose(one[4], one[3], atol=1e-6)
    assert not np.allclose(one[0], one[2])


def test_a_dual_encoder_gives_both_sides(tower: Path, images: Path) -> None:
    from repscope.extraction.sources.open import open_source

    found = extract(images, "tower.py:Dual", texts=open_source("lines.txt"), study="s", name="x")
    assert {one.name: (one.n, one.d) for one in found.sets} == {"x_image": (10, 6), "x_text": (5, 6)}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Short", "0 rows for"),
        ("Words", "list of token ids"),
        ("Fails", "no vocabulary"),
    ],
)
def test_a_tokenizer_that_gives_no_ids(tower: Path, name: str, says: str) -> None:
    with pytest.raises((ModelError, InputError), match=says):
        extract("lines.txt", f"tower.py:{name}", study="s")


def test_without_a_tokenizer_the_wrapper_is_shown(tower: Path) -> None:
    with pytest.raises(InputError, match="no method tokenize") as caught:
        extract("lines.txt", "tower.py:Images", study="s")
    assert "def tokenize(self, texts)" in caught.value.__notes__[0]
