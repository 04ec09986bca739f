"""The verb ``extract``."""
