"""The exclusion: one supervisor, and so one trainer, per instance.

The kernel drops a flock with the last process that holds it, so a lock whose owner is dead is no lock. The file also
says who holds it, for people and for the verbs that find it taken.
"""

import fcntl
import json
import os

from ..processes.identity import boot_id, identity_from_json, identity_to_json


class TrainingLock:
    """Held as long as its descriptor is open in this process or in one forked from it."""

    def __init__(self, descriptor, path):
        self.descriptor = descriptor
        self._path = path

    def write_owner(self, run_id, attempt_number, supervisor):
        owner = {
            "runId": run_id,
            "attemptNumber": attempt_number,
            "supervisor": identity_to_json(supervisor),
        }
        content = json.dumps(owner).encode()
        # In this order it takes no new room where there was an owner before.
        os.pwrite(self.descriptor, content, 0)
        os.ftruncate(self.descriptor, len(content))

    def release(self):
        os.close(self.descriptor)

    def remove_and_release(self):
        """Takes the file away while it is held, so that whoever waits for it notices and takes a new one."""
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass
        self.release()


def try_lock(path):
    """The lock, or None when somebody holds it."""
    # A lock that was removed between open and flock locks nothing; a handful of turns outlasts any clean-up.
    for _ in range(10):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        if _is_file_of(descriptor, path):
            return TrainingLock(descriptor, path)
        os.close(descriptor)
    return None


def read_lock_owner(path):
    """(runId, attemptNumber, supervisor) as the last owner wrote it; None while there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            owner = json.load(file)
        return owner["runId"], owner["attemptNumber"], identity_from_json(owner["supervisor"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def describe_takeover(owner):
    """What a person should know when the lock is taken although an earlier owner never gave it back; None if none did."""
    if owner is None:
        return None
    run_id, attempt_number, supervisor = owner
    if supervisor is not None and supervisor.boot_id != boot_id():
        why = "the instance was rebooted since"
    else:
        why = "its supervisor (PID %s) lives no more" % (supervisor.pid if supervisor else "unknown")
    return "The lock left by attempt %s of run %s was taken over: %s." % (attempt_number, run_id, why)


def _is_file_of(descriptor, path):
    held = os.fstat(descriptor)
    try:
        named = os.stat(path)
    except FileNotFoundError:
        return False
    return (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)
