"""The known-answer suite that ships: simulated studies and the verdicts that are right for them."""

from repscope.testing.pairs import PairedModalities, paired_modalities
from repscope.testing.studies import CONDITIONS, SimulatedStudy, simulate

__all__ = ["CONDITIONS", "PairedModalities", "SimulatedStudy", "paired_modalities", "simulate"]
