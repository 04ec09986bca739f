"""Sources of items, models, capture points, and runs that survive being killed."""

from repscope.extraction.capture.points import CapturePoint
from repscope.extraction.models.preprocess import Preprocessing
from repscope.extraction.run.records import Extraction
from repscope.extraction.run.settings import RunSettings
from repscope.extraction.sources.base import ImageFolder, Item, Source
from repscope.extraction.sources.open import SourceOptions, open_source

__all__ = [
    "CapturePoint",
    "Extraction",
    "ImageFolder",
    "Item",
    "Preprocessing",
    "RunSettings",
    "Source",
    "SourceOptions",
    "open_source",
]
