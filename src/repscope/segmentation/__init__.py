"""Segmentation on frozen features, with and without a quantiser: data, training, runs, metrics."""
