"""Ordered stages of the same items, compared in the original space: movement, spread, modes, verdict."""

from repscope.measure.drift.groups import GroupContrast, drift_groups, split_groups
from repscope.measure.drift.margins import DriftMargins, DriftVerdict
from repscope.measure.drift.run import drift_arrays

__all__ = ["DriftMargins", "DriftVerdict", "GroupContrast", "drift_arrays", "drift_groups", "split_groups"]
