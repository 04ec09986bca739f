"""Repscope: how did my representations change, and is the change real?

```python
import repscope as rs

study = rs.Study("bridge-study")
result = rs.compare(study["before"], study["after"], reference=study["text"], on="label", cluster="image_id")
print(result.verdict)
result.save("out")
```

Names are loaded when they are first used, so that ``import repscope`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "Attention": "repscope.verbs.attention.result",
    "BridgesRecord": "repscope.verbs.bridge.record",
    "Comparison": "repscope.verbs.compare.result",
    "Description": "repscope.verbs.describe.result",
    "Drift": "repscope.verbs.drift.result",
    "EmbeddingSet": "repscope.study",
    "Estimate": "repscope.measure.core.estimate",
    "Exported": "repscope.verbs.export.export",
    "Extraction": "repscope.extraction.run.records",
    "FittedBridge": "repscope.verbs.bridge.fit",
    "ImportedSet": "repscope.verbs.import_.import_",
    "Inside": "repscope.verbs.inside.result",
    "Landscape": "repscope.verbs.landscape.result",
    "Layers": "repscope.extraction.capture.layers",
    "Masks": "repscope.verbs.masks.result",
    "MeasureInfo": "repscope.measure.core.info",
    "MethodInfo": "repscope.transform.catalogue",
    "Predictions": "repscope.verbs.predictions.result",
    "Progress": "repscope.text.progress",
    "Quantisation": "repscope.verbs.quantise.result",
    "RecipeRun": "repscope.verbs.run.recipe",
    "RepscopeError": "repscope.errors",
    "SavedBridge": "repscope.transform.store",
    "SegmentComparison": "repscope.verbs.segment.result",
    "Study": "repscope.study",
    "StudyMap": "repscope.verbs.common.study_map",
    "StudyNeighbours": "repscope.verbs.neighbors.neighbors",
    "Tour": "repscope.verbs.demo.tour",
    "TrainedRun": "repscope.verbs.segment.train",
    "Training": "repscope.verbs.training.result",
    "Verdict": "repscope.measure.verdict.rules",
    "View": "repscope.verbs.view.view",
    "Watch": "repscope.learning.callbacks.watch",
    "attention": "repscope.verbs.attention.attention",
    "bridge": "repscope.verbs.bridge.commands:",
    "bridges": "repscope.transform",
    "capture": "repscope.extraction.capture.capture",
    "compare": "repscope.verbs.compare.compare",
    "demo": "repscope.verbs.demo.tour:run_demo",
    "describe": "repscope.verbs.describe.describe",
    "drift": "repscope.verbs.drift.drift",
    "export": "repscope.verbs.export.export",
    "extract": "repscope.verbs.extract.extract",
    "import_files": "repscope.verbs.import_.import_",
    "info": "repscope.verbs.info.info",
    "inside": "repscope.verbs.inside.inside",
    "landscape": "repscope.verbs.landscape.landscape",
    "layers": "repscope.verbs.layers.layers",
    "masks": "repscope.verbs.masks.masks",
    "match": "repscope.measure.core.matching",
    "measures": "repscope.verbs.measures",
    "neighbors": "repscope.verbs.neighbors.neighbors",
    "predictions": "repscope.verbs.predictions.predictions",
    "project": "repscope.verbs.project.project",
    "quantise": "repscope.verbs.quantise.quantise",
    "run": "repscope.verbs.run.recipe:run_recipe",
    "segment": "repscope.verbs.segment.commands:",
    "training": "repscope.verbs.training.training",
    "view": "repscope.verbs.view.view",
}
"""Where each name is: its module, and after a colon what it is called there; a colon alone is the module."""

__all__ = [
    "Attention",
    "BridgesRecord",
    "Comparison",
    "Description",
    "Drift",
    "EmbeddingSet",
    "Estimate",
    "Exported",
    "Extraction",
    "FittedBridge",
    "ImportedSet",
    "Inside",
    "Landscape",
    "Layers",
    "Masks",
    "MeasureInfo",
    "MethodInfo",
    "Predictions",
    "Progress",
    "Quantisation",
    "RecipeRun",
    "RepscopeError",
    "SavedBridge",
    "SegmentComparison",
    "Study",
    "StudyMap",
    "StudyNeighbours",
    "Tour",
    "TrainedRun",
    "Training",
    "Verdict",
    "View",
    "Watch",
    "__version__",
    "attention",
    "bridge",
    "bridges",
    "capture",
    "compare",
    "demo",
    "describe",
    "drift",
    "export",
    "extract",
    "import_files",
    "info",
    "inside",
    "landscape",
    "layers",
    "masks",
    "match",
    "measures",
    "neighbors",
    "predictions",
    "project",
    "quantise",
    "run",
    "segment",
    "training",
    "view",
]

if TYPE_CHECKING:
    from repscope.errors import RepscopeError
    from repscope.extraction.capture.capture import capture
    from repscope.extraction.capture.layers import Layers
    from repscope.extraction.run.records import Extraction
    from repscope.learning.callbacks.watch import Watch
    from repscope.measure.core.estimate import Estimate
    from repscope.measure.core.info import MeasureInfo
    from repscope.measure.core.matching import match
    from repscope.measure.verdict.rules import Verdict
    from repscope.study import EmbeddingSet, Study
    from repscope.text.progress import Progress
    from repscope.transform import bridges
    from repscope.transform.catalogue import MethodInfo
    from repscope.transform.store import SavedBridge
    from repscope.verbs.attention.attention import attention
    from repscope.verbs.attention.result import Attention
    from repscope.verbs.bridge import commands as bridge
    from repscope.verbs.bridge.fit import FittedBridge
    from repscope.verbs.bridge.record import BridgesRecord
    from repscope.verbs.common.study_map import StudyMap
    from repscope.verbs.compare.compare import compare
    from repscope.verbs.compare.result import Comparison
    from repscope.verbs.demo.tour import Tour
    from repscope.verbs.demo.tour import run_demo as demo
    from repscope.verbs.describe.describe import describe
    from repscope.verbs.describe.result import Description
    from repscope.verbs.drift.drift import drift
    from repscope.verbs.drift.result import Drift
    from repscope.verbs.export.export import Exported, export
    from repscope.verbs.extract.extract import extract
    from repscope.verbs.import_.import_ import ImportedSet, import_files
    from repscope.verbs.info.info import info
    from repscope.verbs.inside.inside import inside
    from repscope.verbs.inside.result import Inside
    from repscope.verbs.landscape.landscape import landscape
    from repscope.verbs.landscape.result import Landscape
    from repscope.verbs.layers.layers import layers
    from repscope.verbs.masks.masks import masks
    from repscope.verbs.masks.result import Masks
    from repscope.verbs.measures import measures
    from repscope.verbs.neighbors.neighbors import StudyNeighbours, neighbors
    from repscope.verbs.predictions.predictions import predictions
    from repscope.verbs.predictions.result import Predictions
    from repscope.verbs.project.project import project
    from repscope.verbs.quantise.quantise import quantise
    from repscope.verbs.quantise.result import Quantisation
    from repscope.verbs.run.recipe import RecipeRun
    from repscope.verbs.run.recipe import run_recipe as run
    from repscope.verbs.segment import commands as segment
    from repscope.verbs.segment.result import SegmentComparison
    from repscope.verbs.segment.train import TrainedRun
    from repscope.verbs.training.result import Training
    from repscope.verbs.training.training import training
    from repscope.verbs.view.view import View, view


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'repscope' has no attribute {name!r}")
    home, colon, other = _HOMES[name].partition(":")
    module = importlib.import_module(home)
    value: object = module if colon and not other else getattr(module, other or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
