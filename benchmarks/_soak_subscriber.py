"""A subscriber in a process of its own: a webhook receiver that writes down each event that it is given."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

from groundplan.lib.processes import end_with_supervisor


def receiver(out: IO[str]) -> type[BaseHTTPRequestHandler]:
    """The handler that writes into a file: one line an event, on the disk before it says yes."""

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            data = event.get("data") or {}
            print(event["id"], event["type"], event["subject"], data.get("task") or "-", file=out, flush=True)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Receiver


def main(file: Path, said: Path) -> None:
    """Take in events until SIGTERM."""
    end_with_supervisor()
    with file.open("a", encoding="utf-8") as out:
        server = ThreadingHTTPServer(("127.0.0.1", 0), receiver(out))
        said.write_text(f"http://127.0.0.1:{server.server_port}/")
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
