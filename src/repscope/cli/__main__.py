"""``python -m repscope.cli``."""

from repscope.cli.entry import main

main()
