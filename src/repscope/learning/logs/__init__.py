"""Training logs as people have them: series of values by step."""
