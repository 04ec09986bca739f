"""What the standard job computes, counted: a guard against searching, decomposing or drawing again."""

from __future__ import annotations

from collections import Counter
from functools import wraps

import numpy as np
import pytest

import repscope as rs
from repscope.knn.searching import Search
from repscope.testing import simulate


@pytest.fixture
def work(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Neighbour searches, decompositions and drawings of one comparison as it is without options."""
    from matplotlib.backends import backend_agg, backend_svg

    done: Counter[str] = Counter()

    def count(owner: object, attribute: str, what: str) -> None:
        original = getattr(owner, attribute)

        @wraps(original)
        def counting(*args: object, **kwargs: object) -> object:
            done[what] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, attribute, counting)

    count(Search, "run", "searches")
    for name in ("eigh", "eigvalsh", "svd"):
        count(np.linalg, name, name)
    world = simulate("improved", images=150, classes=12, d=24, seed=0)
    study = rs.Study(tmp_path / "s")
    for name, rows, labels in (
        ("before", world.before, world.item_keys),
        ("after", world.after, world.item_keys),
        ("text", world.reference, np.arange(12)),
    ):
        study.add(name, rows.astype(np.float32), {"label": labels.astype(str)})
    found = rs.compare(study["before"], study["after"], study["text"], on="label", method="none")
    # From here on what is drawn is saved: a solved layout is not a drawing.
    count(backend_agg.FigureCanvasAgg, "print_png", "png")
    count(backend_svg.FigureCanvasSVG, "print_svg", "svg")
    from matplotlib.figure import Figure

    count(Figure, "draw", "drawings")
    found.save(tmp_path / "out")
    done["figures"] = len(found.figures)
    return done


def test_the_standard_job_does_not_work_twice(work: Counter[str]) -> None:
    """Raise a number here only with the reason why the job needs it."""
    # One a stage, snap's distinct rows, the reference, one of its halves, and five Gaussians for TwoNN.
    assert work["searches"] <= 10
    # One for the directions of isotropy a stage, and with 20 groups left out for ridge and the change a fold.
    assert work["eigh"] <= 28
    # Spectra of both stages with 20 groups left out; of the controls and of the Gaussians.
    assert work["eigvalsh"] <= 154
    # The rotations of the change, one a fold.
    assert work["svd"] <= 5
    # The classes are the sixth.
    assert work["figures"] == 6
    assert work["png"] == work["svg"] == work["drawings"] / 2 == work["figures"]
