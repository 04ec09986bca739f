"""The tour: a real dual encoder, trained here, and two transforms of which one is honest."""

from repscope.verbs.demo.tour import Tour, run_demo

__all__ = ["Tour", "run_demo"]
