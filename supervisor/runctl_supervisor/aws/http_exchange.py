"""One HTTP request and its answer, without proxies, redirects or hidden retries."""

import http.client
import urllib.parse
from dataclasses import dataclass

from ..limits import STORAGE_BODY_MAX_BYTES

_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class HttpReply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class FileSlice:
    """A part of a file as a request body, read block by block."""

    def __init__(self, path, offset_bytes, size_bytes):
        self.path = path
        self.offset_bytes = offset_bytes
        self.size_bytes = size_bytes

    def blocks(self):
        """The bytes; raises ValueError when the file has become shorter."""
        remaining = self.size_bytes
        with open(self.path, "rb") as file:
            file.seek(self.offset_bytes)
            while remaining > 0:
                block = file.read(min(_BLOCK_BYTES, remaining))
                if not block:
                    raise ValueError("%s became shorter while it was read" % self.path)
                remaining -= len(block)
                yield block


def exchange(origin, method, target, headers, body=None, sink=None, timeout_seconds=20.0):
    """Sends the request; the body of a 200, or of a range, goes to `sink(block)` if there is one.

    Raises OSError or HTTPException.
    """
    connection = _connect(origin, timeout_seconds)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if isinstance(body, FileSlice):
            connection.putheader("Content-Length", str(body.size_bytes))
            connection.endheaders()
            for block in body.blocks():
                connection.send(block)
        else:
            if body is not None or method in ("PUT", "POST"):
                connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body or None)
        reply = connection.getresponse()
        if sink is not None and reply.status in (200, 206):
            _drain(reply, sink)
            return HttpReply(reply.status, reply.headers, b"")
        return HttpReply(reply.status, reply.headers, reply.read(STORAGE_BODY_MAX_BYTES))
    finally:
        connection.close()


def _connect(origin, timeout_seconds):
    parts = urllib.parse.urlsplit(origin)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=timeout_seconds, blocksize=_BLOCK_BYTES)


def _drain(reply, sink):
    # read() raises IncompleteRead when the connection ends before the announced length.
    while True:
        block = reply.read(_BLOCK_BYTES)
        if not block:
            break
        sink(block)
    if reply.length:
        raise http.client.IncompleteRead(b"", reply.length)
