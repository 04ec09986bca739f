"""Pickles read without executing anything."""
