"""Other people's files, read without trusting them."""

from repscope.formats.incoming import Incoming, Reading, ReadOptions
from repscope.formats.pickles.load import load_pickle
from repscope.formats.read import read_sets

__all__ = ["Incoming", "ReadOptions", "Reading", "load_pickle", "read_sets"]
