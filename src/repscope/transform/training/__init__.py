"""Training a network: one loop for all methods, with checkpoints that it resumes from exactly."""

from repscope.transform.training.draws import Draws
from repscope.transform.training.loop import train
from repscope.transform.training.options import TrainOptions
from repscope.transform.training.records import Objective, Progress, Trained
from repscope.transform.training.rows import Batch, Prepared, TrainingRows
from repscope.transform.training.split import hold_out

__all__ = [
    "Batch",
    "Draws",
    "Objective",
    "Prepared",
    "Progress",
    "TrainOptions",
    "Trained",
    "TrainingRows",
    "hold_out",
    "train",
]
