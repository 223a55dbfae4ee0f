"""The container engine of this instance, over its own HTTP interface: no program in between, and no command line that
would show a password to `ps`.

https://docs.docker.com/reference/api/engine/ (Podman serves the same interface.)
"""

import http.client
import json
import os
import shutil
import socket
from urllib.parse import quote, urlencode, urlsplit

from .. import limits

_DEFAULT_ADDRESS = "unix:///var/run/docker.sock"


class EngineAway(Exception):
    """Nothing answers at the engine's address: it is not installed, starts, or was stopped."""


class EngineRefusal(Exception):
    """The engine answered, and said no."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def is_engine_installed():
    """Whether an engine may answer some day: one is named, or its program is here."""
    return bool(os.environ.get("DOCKER_HOST")) or any(shutil.which(name) for name in ("dockerd", "podman"))


class Engine:
    """Requests to the engine that DOCKER_HOST names, or to the one of this machine."""

    def __init__(self):
        self._address = os.environ.get("DOCKER_HOST") or _DEFAULT_ADDRESS

    def get(self, path, query=None):
        """The JSON answer; None when there is no such thing."""
        try:
            return self.call("GET", path, query)
        except EngineRefusal as refusal:
            if refusal.status == 404:
                return None
            raise

    def call(self, method, path, query=None, body=None):
        """The JSON answer of one request, None for an empty one; raises EngineAway and EngineRefusal."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        with self.open(method, path, query, headers, content) as reply:
            text = reply.read()
        try:
            return json.loads(text) if text.strip() else None
        except ValueError as error:
            raise EngineAway("%s %s: the answer is no JSON" % (method, path)) from error

    def open(self, method, path, query=None, headers=None, content=None, silence_seconds=None):
        """A reply to read from bit by bit; `silence_seconds` bounds the wait for the next bit."""
        timeout_seconds = silence_seconds or limits.ENGINE_TIMEOUT_SECONDS
        target = path + ("?" + urlencode(query) if query else "")
        try:
            connection = _connect(self._address, timeout_seconds)
            try:
                connection.request(method, target, content, {"Host": "engine", **(headers or {})})
                reply = EngineReply(connection)
                if reply.status < 400:
                    return reply
                raise EngineRefusal(reply.status, _message(reply.read()))
            except BaseException:
                connection.close()
                raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineAway("no container engine answers at %s: %s" % (self._address, error)) from error


class EngineReply:
    """A reply under way; closing it ends the connection, and with it what the engine does for it."""

    def __init__(self, connection):
        self._connection = connection
        # http.client lets go of the socket when the reply says that it is the last one.
        self._socket = connection.sock
        self._response = connection.getresponse()
        self.status = self._response.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._response.close()
        self._connection.close()

    def read(self):
        try:
            return self._response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineAway(str(error)) from error

    def read_some(self):
        """What has come, at least one byte; empty at the end."""
        try:
            return self._response.read1(limits.ENGINE_READ_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineAway(str(error)) from error

    def cut(self):
        """From any thread: ends a read that waits."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            # It has ended by itself.
            pass


def container_path(name, *more):
    """The path of a container, or of something of it."""
    return "/".join(["/containers", quote(name, safe=""), *more])


def image_path(image, *more):
    return "/".join(["/images", quote(image, safe="/:@"), *more])


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout_seconds):
        super().__init__("engine", timeout=timeout_seconds)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connect(address, timeout_seconds):
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path, timeout_seconds)
    if parts.scheme in ("tcp", "http") and parts.hostname:
        return http.client.HTTPConnection(parts.hostname, parts.port or 2375, timeout=timeout_seconds)
    raise ValueError("expected unix:///path or tcp://host:port in DOCKER_HOST")


def _message(body):
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace").strip() or "no reason given"
