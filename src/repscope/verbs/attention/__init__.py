"""``repscope attention``: what each head of a model looks at."""
