"""Inside one model: what it attends to."""
