"""``repscope segment``: train heads on frozen features, and compare two runs."""
