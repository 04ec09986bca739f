"""``repscope layers``: a model's modules, and what can be captured."""
