"""HTTP over plain sockets, so that a benchmark measures the server and not its own client."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Open connections to one server, used again and again.

    Args:
        address: of the server.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.free: deque[Connection] = deque()

    async def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any], float]:
        """Send one request; status, the JSON of the answer, and the seconds of a Retry-After.

        Raises:
            OSError: the server hung up.
            asyncio.IncompleteReadError: the same.
        """
        while self.free:
            reader, writer = self.free.pop()
            if not reader.at_eof() and not writer.is_closing():
                break
        else:
            reader, writer = await asyncio.open_connection(self.host, self.port)
        content = json.dumps(body, ensure_ascii=False).encode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        answer = await reader.readexactly(int(length[1]) if length else 0)
        again = re.search(rb"retry-after: (\d+)", head)
        self.free.append((reader, writer))
        return int(head.split(b" ", 2)[1]), json.loads(answer or b"{}"), float(again[1]) if again else 0.0
