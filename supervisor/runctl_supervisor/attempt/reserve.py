"""A little room on the disk that is kept for the supervisor's own words.

A script that fills the disk, as one does whose checkpoints have grown, would otherwise make its own end untellable: no
result, no end of the log, no way to be stopped.
"""

import os

from .. import limits
from ..files import remove
from ..journal import log


def keep_reserve(paths):
    """Takes the room, in bytes that are really there. Without it everything works but on a full disk."""
    try:
        descriptor = os.open(paths.reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, limits.RESERVE_BYTES)
        finally:
            os.close(descriptor)
    except OSError as error:
        log("no room is kept on the disk: %s" % error)


def give_some_room(paths):
    """Gives half of it back, while a trainer may still take what it gets; False when none is left."""
    try:
        half_bytes = os.path.getsize(paths.reserve) // 2
        os.truncate(paths.reserve, half_bytes)
        return half_bytes > 0
    except OSError:
        return False


def give_all_room(paths):
    """Nothing of the training takes any more."""
    remove(paths.reserve)
