"""Sources of items, models, capture points, and runs that survive being killed."""

from repscope.callable_room import make_callable
from repscope.extract.context import capture
from repscope.extract.points import CapturePoint
from repscope.extract.preprocess import Preprocessing
from repscope.extract.records import Extraction, Progress
from repscope.extract.run import extract
from repscope.extract.sources import ImageFolder, Item, Source
from repscope.extract.sources_open import SourceOptions, open_source

__all__ = [
    "CapturePoint",
    "Extraction",
    "ImageFolder",
    "Item",
    "Preprocessing",
    "Progress",
    "Source",
    "SourceOptions",
    "capture",
    "extract",
    "open_source",
]

make_callable(__name__)
