"""Maps of several sets in one plane, fitted jointly, each with a measure of how far to trust it."""

from repscope.maps.faithfulness import Faithfulness, faithfulness
from repscope.maps.fit import Projection, project
from repscope.maps.prototypes import ClassMap, Prototypes, class_prototypes, project_classes
from repscope.maps.stability import align, ensemble

__all__ = [
    "ClassMap",
    "Faithfulness",
    "Projection",
    "Prototypes",
    "align",
    "class_prototypes",
    "ensemble",
    "faithfulness",
    "project",
    "project_classes",
]
