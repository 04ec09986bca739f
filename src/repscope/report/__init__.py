"""One document model for every report, lowered to a page, to plain text and to CSV."""
