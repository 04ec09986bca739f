"""Files of the older pipelines."""
