"""Builds the second city in an installation of its own, with its profile and time zone, and prints its figures."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path


def main(data: str) -> None:
    """Run in a temporary state; one JSON object on standard output: ``figures`` and ``faults``."""
    folder = Path(tempfile.mkdtemp(prefix="groundplan-second-"))
    os.environ |= {
        "GROUNDPLAN_STATE": str(folder),
        "GROUNDPLAN_MODE": "demo",
        "GROUNDPLAN_PROFILE": "us-boston",
        "GROUNDPLAN_TIME_ZONE": "America/New_York",
        "GROUNDPLAN_CITY": "波士顿市 | City of Boston",
        "PGOPTIONS": "-c synchronous_commit=off",
    }
    for name in ("DATABASE_URL", "GROUNDPLAN_OWNER_DATABASE_URL", "GROUNDPLAN_CLOCK"):
        os.environ.pop(name, None)
    from groundplan.cli import context

    try:
        context.setup_django()
        from groundplan.demo.abroad import second_city

        figures, faults = second_city.run(Path(data), tell)
    finally:
        context.discard_state(folder)
    sys.stdout.write(json.dumps({"figures": figures, "faults": faults}) + "\n")


def tell(text: str) -> None:
    """Say on standard error what is being done."""
    sys.stderr.write(f"  {text}\n")


if __name__ == "__main__":
    main(sys.argv[1])
