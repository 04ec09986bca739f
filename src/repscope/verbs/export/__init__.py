"""The verb ``export``."""
