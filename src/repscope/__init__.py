"""Repscope: how did my representations change, and is the change real?"""

__version__ = "0.1.0"
