"""What all measures share: rows, groups, estimates, resampling, controls."""
