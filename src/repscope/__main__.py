"""``python -m repscope``."""

from repscope.cli.main import app

app(prog_name="repscope")
