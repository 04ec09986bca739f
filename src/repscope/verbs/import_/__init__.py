"""The verb ``import``."""
