"""``repscope masks``: what a sampler of masks really hides."""
