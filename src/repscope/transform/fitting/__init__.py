"""Training a network: one loop for all methods, with checkpoints that it resumes from exactly."""

from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.loop import train
from repscope.transform.fitting.options import TrainOptions
from repscope.transform.fitting.records import Objective, Trained
from repscope.transform.fitting.rows import Batch, Prepared, TrainingRows
from repscope.transform.fitting.split import hold_out

__all__ = [
    "Batch",
    "Draws",
    "Objective",
    "Prepared",
    "TrainOptions",
    "Trained",
    "TrainingRows",
    "hold_out",
    "train",
]
