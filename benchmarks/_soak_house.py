"""The installation under test: the same supervisor, web processes and worker as ``groundplan up``, on a fast clock."""

from __future__ import annotations

import sys
from pathlib import Path

from groundplan.cli import context
from groundplan.cli.supervisor import serve


def main(said: Path) -> None:
    """Serve until SIGTERM; the address stands in a file once there is one."""
    context.setup_django()
    serve(port=0, workers=2, on_ready=lambda address: said.write_text(address) and None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
