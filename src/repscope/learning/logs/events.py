"""Event files of TensorBoard, through TensorBoard's own reader."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np

from repscope.errors import DependencyError, FormatError, first_line
from repscope.learning.logs.gradients import is_gradient
from repscope.learning.logs.records import Found
from repscope.learning.logs.series import Series


def read_events(path: Path, run: str) -> Found:
    """Every scalar of an event file, in the order of writing. Nothing is thinned out or purged.

    Of histograms of gradients there are two series: ``…/rms``, the root mean square of the entries, and
    ``…/max``, the largest in size; both are exact, since TensorBoard keeps sums beside the bins.

    Raises:
        DependencyError: TensorBoard is not there.
        FormatError: not an event file, or one without scalars.
    """
    try:
        from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
        from tensorboard.util.tensor_util import make_ndarray
    except ImportError as error:
        raise DependencyError(
            "tensorboard, which reads event files",
            f"{type(error).__name__}: {error}",
            "pip install 'repscope[training]'",
        ) from error
    series: dict[str, tuple[list[float], list[float]]] = {}
    plugins: dict[str, str] = {}

    def add(name: str, step: int, value: float) -> None:
        steps, values = series.setdefault(name, ([], []))
        steps.append(step)
        values.append(value)

    with _Heard() as heard:
        try:
            for event in LegacyEventFileLoader(str(path)).Load():
                for one in event.summary.value:
                    kind, tag = one.WhichOneof("value"), one.tag
                    # Only the first event of a tag says what it is.
                    plugin = plugins.setdefault(tag, one.metadata.plugin_data.plugin_name)
                    if kind == "simple_value":
                        add(tag, event.step, one.simple_value)
                    elif kind == "tensor" and plugin == "scalars":
                        add(tag, event.step, float(make_ndarray(one.tensor).reshape(-1)[0]))
                    elif kind == "histo" and is_gradient(tag) and one.histo.num > 0:
                        add(f"{tag}/rms", event.step, math.sqrt(one.histo.sum_squares / one.histo.num))
                        add(f"{tag}/max", event.step, max(abs(one.histo.min), abs(one.histo.max)))
        except Exception as error:
            raise FormatError(
                f"an event file of TensorBoard at {path}", first_line(error), "copy it again"
            ) from error
    if not series:
        raise FormatError(
            f"scalars in the event file {path}",
            "an empty or damaged file" if heard.cut else "none",
            "give an event file whose run logged scalars",
        )
    notes = []
    if heard.damaged:
        notes.append(f"{path.name}: damaged within; only what is before the damage was read")
    elif heard.cut:
        notes.append(f"{path.name}: the file ends within an event; what is before was read")
    return [
        Series(run, name, np.array(steps, np.float64), np.array(values, np.float64))
        for name, (steps, values) in series.items()
    ], notes


class _Heard(logging.Handler):
    """Whether TensorBoard's reader met a cut record, which it only logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.cut = self.damaged = False
        self._logger = logging.getLogger("tensorboard")

    def __enter__(self) -> _Heard:
        self._level, self._propagate = self._logger.level, self._logger.propagate
        self._logger.setLevel(logging.DEBUG)
        self._logger.propagate = False
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)
        self._logger.propagate = self._propagate

    def emit(self, record: logging.LogRecord) -> None:
        """Look at what it says."""
        text = record.getMessage()
        self.damaged |= "crc32" in text
        self.cut |= "runcated" in text or "DataLoss" in text or "orrupt" in text
