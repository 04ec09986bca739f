"""``repscope run``: a recipe, finished steps skipped."""
