"""Bridges that are trained by gradient descent."""
