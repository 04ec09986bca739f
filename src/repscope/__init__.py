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
    "Comparison": "repscope.verbs.compare.result",
    "EmbeddingSet": "repscope.study",
    "Estimate": "repscope.measure.core.estimate",
    "RepscopeError": "repscope.errors",
    "Study": "repscope.study",
    "Verdict": "repscope.measure.verdict.rules",
    "bridges": "repscope.transform",
    "capture": "repscope.extraction.capture.capture",
    "compare": "repscope.verbs.compare.compare",
    "drift": "repscope.verbs.drift.drift",
    "extract": "repscope.extraction",
    "import_files": "repscope.verbs.import_",
    "match": "repscope.measure.core.matching",
    "project": "repscope.maps",
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
    from repscope.extraction import extract
    from repscope.extraction.capture.capture import capture
    from repscope.maps import project
    from repscope.measure.core.estimate import Estimate
    from repscope.measure.core.matching import match
    from repscope.measure.verdict.rules import Verdict
    from repscope.study import EmbeddingSet, Study
    from repscope.transform import bridges
    from repscope.verbs.compare.compare import compare
    from repscope.verbs.compare.result import Comparison
    from repscope.verbs.drift.drift import drift
    from repscope.verbs.import_ import import_files


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'repscope' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
