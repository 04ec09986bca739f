"""``python -m repscope.cli``."""

from repscope.cli.main import app

app()
