"""The verbs that compose the rooms."""
