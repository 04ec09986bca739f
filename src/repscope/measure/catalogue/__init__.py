"""Every measure by name: what it is, and the table of all."""
