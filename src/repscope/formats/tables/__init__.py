"""CSV, JSONL, Parquet and Arrow tables, read and written."""
