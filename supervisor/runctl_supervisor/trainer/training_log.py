"""training.log: what the trainer says, and now and then a line of ours.

A process writes into the file by itself. A container's output comes through its engine, which gives all of it again to
whoever asks, so what is in the file says how much of it was written: its size less our own bytes. Those are counted in
a file beside it, before and after they are written, so that a supervisor that was killed at any point leaves no doubt.
"""

import os
import threading

from ..files import read_json, write_json


class TrainingLog:
    """The only writer of the file beside a trainer that is a process; safe to use from several threads."""

    def __init__(self, paths):
        self.path = paths.training_log
        self._count_path = paths.container_log
        self._lock = threading.Lock()

    def append_own(self, *lines):
        """Lines for people, told apart from the trainer's by their beginning."""
        content = "".join("runctl: %s\n" % line for line in lines).encode("utf-8", "replace")
        with self._lock:
            counted = read_json(self._count_path)
            if counted is None:
                self._append(content)
                return
            own_bytes, at = counted["ownBytes"], self._size()
            write_json(self._count_path, {"ownBytes": own_bytes, "pending": {"at": at, "bytes": len(content)}})
            self._append(content)
            write_json(self._count_path, {"ownBytes": own_bytes + len(content)})

    def count_output_from_here(self):
        """A container is about to begin: what the file holds now is ours."""
        with self._lock:
            write_json(self._count_path, {"ownBytes": self._size()})

    def output_bytes(self):
        """How much of the container's output the file has."""
        with self._lock:
            counted = read_json(self._count_path) or {"ownBytes": 0}
            pending = counted.get("pending")
            own_bytes = counted["ownBytes"]
            if pending is not None:
                # Its writer was killed, and nobody has written since: what grew is what it had written.
                own_bytes += min(pending["bytes"], self._size() - pending["at"])
                write_json(self._count_path, {"ownBytes": own_bytes})
            return self._size() - own_bytes

    def append_output(self, content):
        with self._lock:
            self._append(content)

    def _append(self, content):
        with open(self.path, "ab") as file:
            file.write(content)

    def _size(self):
        try:
            return os.path.getsize(self.path)
        except FileNotFoundError:
            return 0
