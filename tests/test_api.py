"""The public namespace: flat, lazy, and in the words of the command line."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
import typer

import repscope
from repscope.cli.main import app
from repscope.verbs.attention.options import AttentionOptions
from repscope.verbs.bridge import options as of_bridge
from repscope.verbs.common.options import REQUIRED, Options, flag_of, option_of
from repscope.verbs.compare.options import CompareOptions
from repscope.verbs.demo.options import DemoOptions
from repscope.verbs.describe.options import DescribeOptions
from repscope.verbs.drift.options import DriftOptions
from repscope.verbs.export.options import ExportOptions
from repscope.verbs.extract.options import ExtractOptions
from repscope.verbs.import_.options import ImportOptions
from repscope.verbs.info.options import InfoOptions
from repscope.verbs.inside.options import InsideOptions
from repscope.verbs.landscape.options import LandscapeOptions
from repscope.verbs.layers.options import LayersOptions
from repscope.verbs.masks.options import MasksOptions
from repscope.verbs.neighbors.options import NeighborsOptions
from repscope.verbs.predictions.options import PredictionsOptions
from repscope.verbs.project.options import ProjectOptions
from repscope.verbs.quantise.options import QuantiseOptions
from repscope.verbs.run.options import RunOptions
from repscope.verbs.segment.options import SegmentCompareOptions, TrainOptions
from repscope.verbs.training.options import TrainingOptions
from repscope.verbs.view.options import ViewOptions

RECORDS = [
    "Attention", "BridgesRecord", "Comparison", "Description", "Drift", "EmbeddingSet", "Estimate",
    "Exported", "Extraction", "FittedBridge", "ImportedSet", "Inside", "Landscape", "Layers",
    "Masks", "MeasureInfo", "MethodInfo", "Predictions", "Progress", "Quantisation", "RecipeRun",
    "RepscopeError",
    "SavedBridge", "SegmentComparison", "Study", "StudyMap", "StudyNeighbours", "Tour",
    "TrainedRun", "Training", "Verdict", "View", "Watch",
]  # fmt: skip
VERBS = [
    "attention", "bridge", "compare", "demo", "describe", "drift", "export", "extract",
    "import_files", "info", "inside", "landscape", "layers", "masks", "measures", "neighbors",
    "predictions", "project", "quantise", "run", "segment", "training", "view",
]  # fmt: skip
PUBLIC = [*RECORDS, *VERBS, "__version__", "bridges", "capture", "match"]

OPTIONS: dict[str, type[Options] | None] = {
    "attention": AttentionOptions,
    "inside": InsideOptions,
    "landscape": LandscapeOptions,
    "training": TrainingOptions,
    "view": ViewOptions,
    "masks": MasksOptions,
    "bridge apply": of_bridge.ApplyOptions,
    "bridge export-diffusion": None,
    "bridge fit": of_bridge.FitOptions,
    "bridge import-diffusion": of_bridge.ImportDiffusionOptions,
    "bridge info": None,
    "bridge methods": None,
    "bridge report": of_bridge.JudgeOptions,
    "compare": CompareOptions,
    "demo": DemoOptions,
    "describe": DescribeOptions,
    "drift": DriftOptions,
    "export": ExportOptions,
    "extract": ExtractOptions,
    "import": ImportOptions,
    "info": InfoOptions,
    "layers": LayersOptions,
    "measures": None,
    "neighbors": NeighborsOptions,
    "predictions": PredictionsOptions,
    "project": ProjectOptions,
    "quantise": QuantiseOptions,
    "run": RunOptions,
    "segment compare": SegmentCompareOptions,
    "segment train": TrainOptions,
}
"""The record of every command; None where it has arguments, but hardly an option."""

OTHER_WORDS = {
    ("--all", "all_measures"), ("--as", "name"), ("--as", "names"), ("--as", "as_"),
    ("--format", "as_format"), ("--from", "start"),
    ("--id", "id_rule"), ("--param", "params"), ("--no-cache", "cache"), ("--drift/--no-drift", "drift"),
}  # fmt: skip
"""Flags that Python spells otherwise: its own words, a flag that takes away, several in one table."""

PYTHON_ONLY = {"keep_weights", "margins", "preprocess", "progress", "quiet", "say", "texts", "warn"}
"""Keywords that a command line cannot have, or has in another way."""


def in_python(command: str) -> Callable[..., Any]:
    group, _, name = command.replace("-", "_").rpartition(" ")
    found = getattr(repscope, group) if group else repscope
    return getattr(found, {"import": "import_files"}.get(name, name))


def commands(of: typer.Typer, above: str = "") -> dict[str, Callable[..., Any]]:
    found = {f"{above}{one.name}": one.callback for one in of.registered_commands}
    for group in of.registered_groups:
        found |= commands(group.typer_instance, f"{group.name} ")
    return found


def test_the_exported_names():
    assert sorted(repscope.__all__) == sorted(PUBLIC)
    assert dir(repscope) == repscope.__all__


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_loads_and_is_documented(name):
    found = getattr(repscope, name)
    assert found is not None
    assert name == "__version__" or inspect.getdoc(found)


def test_no_package_bears_the_name_of_a_verb():
    packages = {one.name for one in pkgutil.iter_modules(repscope.__path__)}
    assert not packages & set(PUBLIC)


def test_every_command_is_a_verb_of_the_namespace():
    assert set(commands(app)) == set(OPTIONS)
    assert sorted({name.split()[0].replace("import", "import_files") for name in OPTIONS}) == VERBS
    for command in OPTIONS:
        assert callable(in_python(command)), command


@pytest.mark.parametrize("command", OPTIONS)
def test_the_command_line_and_python_have_the_same_options_and_defaults(command):
    record = OPTIONS[command]
    known = dict(inspect.signature(in_python(command)).parameters)
    typed = inspect.signature(commands(app)[command]).parameters
    for one in fields(record) if record else ():
        assert one.name in typed, one.name
        flag = flag_of(one)
        assert flag[2:].replace("-", "_") == one.name or (flag, one.name) in OTHER_WORDS
        if option_of(one).shell:
            continue
        parameter = known.pop(one.name)
        default = inspect.Parameter.empty if one.default is REQUIRED else one.default
        assert parameter.default == default, one.name
    # What is left are the arguments: data, and what only Python can have.
    kinds = {name for name, one in known.items() if one.kind is inspect.Parameter.KEYWORD_ONLY}
    assert kinds - {"verify"} <= PYTHON_ONLY
    assert all(one.annotation is not inspect.Parameter.empty for one in known.values())


def test_a_verb_on_a_study_takes_it_first():
    for command in ("bridge apply", "bridge fit", "bridge report", "export", "info", "neighbors", "project"):
        assert next(iter(inspect.signature(in_python(command)).parameters)) == "study"


@pytest.mark.parametrize("record", list(filter(None, OPTIONS.values())), ids=lambda record: record.__name__)
def test_what_is_replayed_are_fields(record):
    assert set(record.replayed.split()) <= {one.name for one in fields(record)}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = repscope.nothing_of_the_kind


@pytest.mark.parametrize(
    "first", ["import repscope.extraction, repscope.maps, repscope.knn", "import repscope"]
)
def test_verbs_are_callable_whatever_was_imported_first(first, tmp_path):
    code = (
        f"{first}\nimport repscope as rs\n"
        "assert all(map(callable, (rs.extract, rs.neighbors, rs.bridge.fit)))\n"
        f"study = rs.Study({str(tmp_path / 's')!r})\nimport numpy as np\n"
        "study.add('a', np.random.default_rng(0).normal(size=(20, 4)))\n"
        "found = rs.project(study, ['a'], method='pca')\n"
        "assert isinstance(found, rs.StudyMap) and found.projection.coordinates['a'].shape == (20, 2)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_help_needs_nothing_heavy():
    code = (
        "import sys, repscope.cli.main\n"
        "heavy = {'numpy', 'torch', 'pyarrow', 'scipy', 'sklearn', 'matplotlib', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
