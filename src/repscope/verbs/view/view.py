"""``view``: stages of a study on one map, as one file or from a server on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from repscope import maps
from repscope.errors import DependencyError, InputError
from repscope.maps.kept_graphs import kept_graphs
from repscope.study import EmbeddingSet, Study
from repscope.study.storage import write_bytes
from repscope.text.json_record import JsonRecord
from repscope.verbs.common.rows import one_width, refuse_zero_rows
from repscope.verbs.common.study_map import Layout, StudyMap, kept_layout
from repscope.verbs.common.threads import threads_for
from repscope.verbs.common.words import map_method
from repscope.verbs.view.content import Content, movements, on_the_map, same_items
from repscope.verbs.view.found import choose_stages, verdict_on
from repscope.verbs.view.options import ViewOptions
from repscope.viewer.html import one_file

_MEGABYTE = 1_000_000
_TRIES = 6


@dataclass(frozen=True)
class Exported(JsonRecord, schema="repscope.view-export/1"):
    """A page that was written.

    Attributes:
        file: where.
        bytes: its size.
        shown, of: items in it, and in the first stage.
        notes: what a reader of the page is told.
    """

    file: str
    bytes: int
    shown: int
    of: int
    notes: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class View:
    """Stages on one map, to be looked at.

    Attributes:
        study: its folder.
        content: what is shown.
        map_made: the map was made now, because the study kept none of these sets.
    """

    study: Path
    content: Content
    map_made: bool

    @cached_property
    def widget(self) -> Any:
        """For notebooks: an anywidget with the page in it.

        Raises:
            DependencyError: anywidget is not installed.
        """
        from repscope.verbs.view.widget import make_widget

        try:
            return make_widget(self.page()[0])
        except ImportError as error:
            do = "pip install 'repscope[notebook]'"
            raise DependencyError("anywidget for the page in a notebook", str(error), do) from error

    @property
    def selection(self) -> tuple[str, ...]:
        """Ids of the items that are selected on the page in the notebook; none before it is shown."""
        return tuple(self.widget.selection)

    def _repr_mimebundle_(self, **how: Any) -> Any:
        from repscope.verbs.view.widget import frame

        try:
            return self.widget._repr_mimebundle_(**how)
        except DependencyError:
            return {"text/html": frame(self.page()[0]), "text/plain": repr(self)}

    def __repr__(self) -> str:
        stages = " → ".join(one.name for one in self.content.stages.sets)
        return f"View({stages}, {self.content.m:,} items)"

    def page(self, max_size: float = ViewOptions.max_size) -> tuple[bytes, int, tuple[str, ...]]:
        """One HTML file of at most so many megabytes, how many items it shows, and the notes in it.

        Raises:
            InputError: not even two items would fit.
        """
        content, limit = self.content, max_size * _MEGABYTE
        shown = content.m
        order = np.random.default_rng(content.seed).permutation(content.m)
        for _ in range(_TRIES):
            bundle = content.bundle(np.sort(order[:shown]))
            file = one_file(f"{content.title} · repscope", bundle.to_bytes())
            if len(file) <= limit:
                return file, shown, tuple(bundle.manifest["notes"])
            shown = int(shown * 0.95 * limit / len(file))
            if shown < 2:
                break
        raise InputError(
            f"a page of at most {max_size:g} MB", f"{len(file) / _MEGABYTE:.1f} MB", "raise --max-size"
        )

    def save(self, file: str | Path, *, max_size: float = ViewOptions.max_size) -> Exported:
        """Write the page as one file that needs no network and no server.

        Args:
            file: its path.
            max_size: megabytes; a seeded sample of the items beyond, which the page says.

        Raises:
            StorageError: the disk refuses.
            InputError: not even two items would fit.
        """
        page, shown, notes = self.page(max_size)
        path = Path(file)
        write_bytes(path, page)
        return Exported(str(path), len(page), shown, self.content.stages.sets[0].n, notes)


def view(
    study: str | Path | Study,
    names: Sequence[str] = (),
    *,
    reference: str | None = None,
    on: str | None = None,
    method: str = ViewOptions.method,
    perplexity: float = ViewOptions.perplexity,
    map_rows: int = ViewOptions.map_rows,
    seed: int = ViewOptions.seed,
) -> View:
    """Show how the items of a study move from stage to stage.

    The stages are shown on a joint map that the study keeps; where it keeps none of these sets as they are
    now, one is made and kept. Beside each step on the map stands the step in the space.

    Args:
        study: the study, or its folder.
        names: stages from first to last, of one width. Without: those of the newest comparison or drift, else
            the first order of stages in study.toml.
        reference: set whose rows are drawn as stars.
        on: column that links items with rows of the reference.
        method: "tsne", "umap" or "pca" where a map is made.
        perplexity: of t-SNE.
        map_rows: most rows of each set on a map that is made.
        seed: of that map and of every sample.

    Raises:
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
        InputError: no sets are named, and the study does not say which.
        VectorError: widths that differ, rows of zeros, coordinates that are not finite.
        LinkError: the stages share no item.
        DependencyError: the map needs a package that is not installed.
    """
    opened = Study.open(study)
    drawn_by = map_method(method, none=False) or "pca"
    stage_names, reference, on = choose_stages(opened, names, reference, on)
    sets = opened.open_sets([*stage_names, *([reference] if reference else [])])
    one_width(list(sets.values()), "view sets of one space together")
    for one in sets.values():
        refuse_zero_rows(one)
    originals = [sets[name] for name in stage_names]
    stars = sets[reference] if reference and reference not in stage_names else None
    with threads_for(*sets.values()):
        stages = same_items(originals)
        mapped = {one.name: one for one in [*stages.sets, *([stars] if stars else [])]}
        layout = kept_layout(opened, mapped)
        made = layout is None
        if layout is None:
            layout = _make_map(
                opened, mapped, method=drawn_by, perplexity=perplexity, max_rows=map_rows, seed=seed
            )
        rows, points, scores = on_the_map(stages, layout)
        steps = movements(stages, rows, points, seed)
    found = verdict_on(opened, originals, stars)
    notes = ("This map was made for this view; the study kept none of these sets.",) if made else ()
    content = Content(
        title=opened.name,
        stages=stages,
        reference=stars,
        on=on if stars is not None else None,
        layout=layout,
        rows=rows,
        points=points,
        scores=scores,
        steps=steps,
        seed=seed,
        verdict=found.to_json() if found else None,
        notes=notes,
    )
    return View(opened.path, content, made)


def _make_map(study: Study, sets: dict[str, EmbeddingSet], **how: Any) -> Layout:
    projection = maps.project(
        {name: one.vectors for name, one in sets.items()}, neighbours=kept_graphs(sets.values()), **how
    )
    made = StudyMap(projection, sets)
    made.save(study.results("project", " - ".join(sets)), formats=())
    return Layout.of(made)
