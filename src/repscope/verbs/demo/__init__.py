"""The tour: a real dual encoder, trained here, and two transforms of which one is honest."""
