"""Tells which names were renamed into a folder: what arrives by rename arrives whole.

Uses inotify, which the standard library does not offer. https://man7.org/linux/man-pages/man7/inotify.7.html
"""

import ctypes
import os
import struct

_IN_MODIFY, _IN_MOVED_FROM, _IN_MOVED_TO, _IN_CREATE, _IN_DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
_IN_CLOEXEC, _IN_NONBLOCK = 0o2000000, 0o4000
_EVENT = struct.Struct("iIII")
_READ_BYTES = 64 * 1024


class Arrivals:
    """Follows one folder. Without inotify nothing ever counts as renamed, and the second look decides."""

    def __init__(self, directory):
        self._names = set()
        self._descriptor = _watch(directory)

    def names(self):
        """Names that were renamed into the folder, and not written to under that name since."""
        while self._descriptor is not None:
            try:
                events = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                break
            self._apply(events)
        return self._names

    def _apply(self, events):
        offset = 0
        while offset < len(events):
            _, mask, _, name_bytes = _EVENT.unpack_from(events, offset)
            offset += _EVENT.size
            name = os.fsdecode(events[offset : offset + name_bytes].rstrip(b"\0"))
            offset += name_bytes
            if mask & _IN_MOVED_TO:
                self._names.add(name)
            else:
                self._names.discard(name)


def _watch(directory):
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = libc.inotify_init1(_IN_CLOEXEC | _IN_NONBLOCK)
        mask = _IN_MODIFY | _IN_MOVED_FROM | _IN_MOVED_TO | _IN_CREATE | _IN_DELETE
        if descriptor < 0 or libc.inotify_add_watch(descriptor, os.fsencode(directory), mask) < 0:
            return None
        return descriptor
    except (OSError, AttributeError):
        return None
