"""The lease: the control plane renews it with its polls; once nobody does, the supervisor saves and shuts down."""

import os
import time

from .files import write_json
from .instants import instant


def renew_lease(paths):
    """What `status` does. The supervisor sees the new file and counts from then, by a clock that cannot be set."""
    write_json(paths.lease, {"renewedAt": instant()})


class Lease:
    def __init__(self, paths, lease_seconds):
        self._path = paths.lease
        self._lease_seconds = lease_seconds
        self._seen = self._file_state()
        self._expires_at = time.monotonic() + lease_seconds

    def look(self):
        """Takes a renewal into account; True once the lease has expired."""
        state = self._file_state()
        if state != self._seen:
            self._seen = state
            self._expires_at = time.monotonic() + self._lease_seconds
        return time.monotonic() >= self._expires_at

    def expires_at(self):
        return instant(time.time() + self._expires_at - time.monotonic())

    def _file_state(self):
        try:
            status = os.stat(self._path)
            return status.st_mtime_ns, status.st_ino
        except OSError:
            return None
