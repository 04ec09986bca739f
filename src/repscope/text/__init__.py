"""Numbers, tables and safe text for every surface that shows words."""
