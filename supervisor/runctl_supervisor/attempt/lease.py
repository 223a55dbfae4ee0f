"""The lease: the control plane renews it with its polls; once nobody does, the supervisor saves and shuts down."""

import os
import time

from ..instants import instant
from ..journal import log


def renew_lease(paths):
    """What `status` does. The supervisor sees that the file was touched and counts from then, by a clock that cannot be set.

    Nothing is written, so that a full disk does not let the lease run out.
    """
    os.close(os.open(paths.lease, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
    os.utime(paths.lease)


class Lease:
    """Counts from the supervisor's start, and from each renewal that it sees."""

    def __init__(self, paths, lease_seconds):
        self._path = paths.lease
        if not os.path.exists(self._path):
            _make_file(paths)
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


def _make_file(paths):
    """Now, since a disk that is full later may have no room for a new name."""
    try:
        renew_lease(paths)
    except OSError as error:
        log("lease.json cannot be made: %s" % error)
