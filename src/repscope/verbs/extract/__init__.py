"""``repscope extract``: what a model's modules take and give, as sets."""
