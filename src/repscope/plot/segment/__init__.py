"""Figures of segmentation."""
