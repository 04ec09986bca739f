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
    "Comparison": "repscope.workflow.comparison",
    "EmbeddingSet": "repscope.study",
    "Estimate": "repscope.measure.estimate",
    "RepscopeError": "repscope.errors",
    "Study": "repscope.study",
    "Verdict": "repscope.measure.verdict",
    "bridges": "repscope.transform",
    "capture": "repscope.extract",
    "compare": "repscope.workflow.compare",
    "drift": "repscope.workflow.drift",
    "extract": "repscope.extract",
    "import_files": "repscope.workflow.importing",
    "match": "repscope.measure.matching",
    "project": "repscope.project",
}

__all__ = [
    "Comparison",
    "EmbeddingSet",
    "Estimate",
    "RepscopeError",
    "Study",
    "Verdict",
    "__version__",
    "bridges",
    "capture",
    "compare",
    "drift",
    "extract",
    "import_files",
    "match",
    "project",
]

if TYPE_CHECKING:
    from repscope.errors import RepscopeError
    from repscope.extract import capture, extract
    from repscope.measure.estimate import Estimate
    from repscope.measure.matching import match
    from repscope.measure.verdict import Verdict
    from repscope.project import project
    from repscope.study import EmbeddingSet, Study
    from repscope.transform import bridges
    from repscope.workflow.compare import compare
    from repscope.workflow.comparison import Comparison
    from repscope.workflow.drift import drift
    from repscope.workflow.importing import import_files


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'repscope' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
