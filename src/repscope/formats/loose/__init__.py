"""Vectors that come in pieces: items one by one, batches, lists, axes of length one."""
