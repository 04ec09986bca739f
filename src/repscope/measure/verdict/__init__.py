"""One word and its reasons, by rules that are fixed before the data are seen."""
