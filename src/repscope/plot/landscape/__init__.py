"""Figures of loss landscapes."""
