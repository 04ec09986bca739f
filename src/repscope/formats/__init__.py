"""Other people's files, read without trusting them."""

from repscope.formats.incoming import Incoming, Reading, ReadOptions
from repscope.formats.read import read_sets
from repscope.formats.unpickle import load_pickle

__all__ = ["Incoming", "ReadOptions", "Reading", "load_pickle", "read_sets"]
