"""The verb ``project``."""
