"""Bridges: transforms fitted towards a reference."""

from __future__ import annotations

from repscope.transform import bridges

__all__ = ["bridges"]
