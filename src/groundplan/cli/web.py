"""One web process: uvicorn on the socket that the supervisor opened."""

from __future__ import annotations

import resource
import socket
import sys

import uvicorn

from groundplan.lib import environment
from groundplan.lib.processes import end_with_supervisor

SWITCH_S = 0.001


def main(descriptor: int) -> None:
    """Serve until SIGTERM; open streams get a few seconds to end."""
    end_with_supervisor()
    # Most threads want the interpreter for a moment between two answers of the database; they should not wait long.
    sys.setswitchinterval(SWITCH_S)
    # Streams and slow clients cost a descriptor each; the usual 1,024 would be the first thing to run out.
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    config = uvicorn.Config(
        "groundplan.config.asgi:application",
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="on",
        backlog=2048,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        proxy_headers=True,
        forwarded_allow_ips=environment.read("GROUNDPLAN_PROXIES"),
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
