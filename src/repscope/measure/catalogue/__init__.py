"""Every measure by name: formula, direction, bounds, paper."""
