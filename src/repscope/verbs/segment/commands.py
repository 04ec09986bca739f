"""``rs.segment``: the commands of ``repscope segment``, under the same names."""

from repscope.verbs.segment.compare import compare
from repscope.verbs.segment.train import train

__all__ = ["compare", "train"]
