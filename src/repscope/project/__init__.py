"""Maps of several sets in one plane, fitted jointly, each with a measure of how far to trust it."""

from repscope.callable_room import make_callable
from repscope.project.faithfulness import Faithfulness, faithfulness
from repscope.project.maps import Projection, project
from repscope.project.prototypes import ClassMap, Prototypes, class_prototypes, project_classes
from repscope.project.stability import align, ensemble

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

make_callable(__name__)
