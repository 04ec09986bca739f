"""``python -m repscope``."""

from repscope.cli.entry import main

main()
