"""Event files of TensorBoard, through TensorBoard's own reader."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from repscope.errors import DependencyError, FormatError
from repscope.learning.logs.series import Series


def read_events(path: Path, run: str) -> tuple[list[Series], list[str]]:
    """Every scalar of an event file, in the order of writing. Nothing is thinned out or purged.

    Raises:
        DependencyError: TensorBoard is not there.
        FormatError: not an event file, or one without scalars.
    """
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        from tensorboard.util.tensor_util import make_ndarray
    except ImportError as error:
        raise DependencyError(
            "tensorboard, which reads event files",
            f"{type(error).__name__}: {error}",
            "pip install 'repscope[training]'",
        ) from error
    kept = {"scalars": 0, "tensors": 0, "images": 1, "audio": 1, "histograms": 1, "compressedHistograms": 1}
    with _Heard() as heard:
        # Without purging: what a restart wrote again is part of the log.
        events = EventAccumulator(str(path), size_guidance=kept, purge_orphaned_data=False)
        try:
            events.Reload()
        except Exception as error:
            raise FormatError(
                f"an event file of TensorBoard at {path}", str(error), "copy it again"
            ) from error
    found = []
    for name in events.Tags()["scalars"]:
        logged = events.Scalars(name)
        found.append(
            Series(
                run,
                name,
                np.array([one.step for one in logged], np.float64),
                np.array([one.value for one in logged], np.float64),
            )
        )
    for name in events.Tags()["tensors"]:
        if events.SummaryMetadata(name).plugin_data.plugin_name != "scalars":
            continue
        tensors = events.Tensors(name)
        values = [float(make_ndarray(one.tensor_proto).reshape(-1)[0]) for one in tensors]
        found.append(Series(run, name, np.array([one.step for one in tensors], np.float64), np.array(values)))
    if not found:
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
    return found, notes


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
