"""``python -m groundplan.cli``."""

from groundplan.cli import main

main(prog_name="groundplan")
