"""Copies a container's output into training.log as it comes: each byte once and in order, whoever was killed meanwhile.

The engine keeps the whole output and gives it from its beginning. How much of it is in the file already is known from
the file itself (trainer/training_log.py), so a copy that ended anywhere, by whatever cause, goes on exactly there.
"""

import struct
import threading
import time

from .. import limits
from ..journal import log
from .engine import EngineAway, EngineRefusal, container_path

# Before each piece: a byte for the stream, three of nothing, the length.
# https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
_HEADER = struct.Struct(">BxxxI")


class ContainerLog(threading.Thread):
    """Follows the output until `finish`."""

    def __init__(self, engine, name, training_log):
        super().__init__(name="container-log", daemon=True)
        self._engine = engine
        self._name = name
        self._training_log = training_log
        self._reply = None
        self._is_finishing = threading.Event()

    def run(self):
        while not self._is_finishing.is_set():
            try:
                self._copy(follow=True)
            except (EngineAway, EngineRefusal, OSError) as error:
                if not self._is_finishing.is_set():
                    log("the container's output: %s" % error)
            # The engine ends the stream when the container ends, or when it is stopped itself.
            self._is_finishing.wait(limits.CONTAINER_LOG_PAUSE_SECONDS)

    def finish(self):
        """The container has ended: copies what there still is. Gives up on an engine that does not answer in time."""
        self._is_finishing.set()
        reply = self._reply
        if reply is not None:
            reply.cut()
        self.join(limits.CONTAINER_LOG_END_SECONDS)
        deadline = time.monotonic() + limits.CONTAINER_LOG_END_SECONDS
        while time.monotonic() < deadline:
            try:
                self._copy(follow=False)
                return
            except (EngineAway, OSError) as error:
                log("the end of the container's output: %s" % error)
                time.sleep(limits.CONTAINER_LOG_PAUSE_SECONDS)
            except EngineRefusal as refusal:
                log("the end of the container's output is lost: %s" % refusal)
                return

    def _copy(self, follow):
        """Appends what the file does not have yet; with `follow` until the container ends."""
        query = {"stdout": 1, "stderr": 1, "follow": int(follow)}
        path = container_path(self._name, "logs")
        to_skip = self._training_log.output_bytes()
        silence_seconds = limits.CONTAINER_LOG_SILENCE_SECONDS if follow else None
        with self._engine.open("GET", path, query, silence_seconds=silence_seconds) as reply:
            self._reply = reply if follow else None
            for piece in _pieces(reply):
                if self._is_finishing.is_set() and follow:
                    return
                new = piece[to_skip:]
                to_skip = max(0, to_skip - len(piece))
                if new:
                    self._training_log.append_output(new)


def _pieces(reply):
    """The content of a multiplexed stream, both of its streams as the engine has ordered them, read by read."""
    rest = b""
    left_bytes = 0
    while True:
        some = reply.read_some()
        if not some:
            return
        buffer, at, contents = rest + some, 0, []
        while at < len(buffer):
            if left_bytes == 0:
                if len(buffer) - at < _HEADER.size:
                    break
                _, left_bytes = _HEADER.unpack_from(buffer, at)
                at += _HEADER.size
            content = buffer[at : at + left_bytes]
            at += len(content)
            left_bytes -= len(content)
            contents.append(content)
        rest = buffer[at:]
        yield b"".join(contents)
