"""``repscope training``: curves, restarts, collapse, momentum and gradients from logs."""
