"""The report of a comparison: one page, one text, the numbers as JSON, CSV and Parquet."""
