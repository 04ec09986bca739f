"""A run from items to committed shards, which continues after a kill."""
