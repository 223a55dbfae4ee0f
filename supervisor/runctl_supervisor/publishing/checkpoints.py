"""Finds complete checkpoints in RUNCTL_CHECKPOINT_DIR; the rule is in docs/supervisor-protocol.md."""

import os
import re
import stat
import time
from dataclasses import dataclass
from typing import Tuple

from ..limits import CHECKPOINT_STABLE_SECONDS
from .arrivals import Arrivals

_TEMPORARY_SUFFIXES = (".tmp", ".part")
_DONE_SUFFIX = ".done"
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]*$")


@dataclass(frozen=True)
class FoundFile:
    path: str
    size_bytes: int
    modified_ns: int
    inode: int


@dataclass(frozen=True)
class FoundCheckpoint:
    """A file or folder as it was at one look; equal looks mean that nothing changed in between."""

    name: str
    is_folder: bool
    files: Tuple[FoundFile, ...]

    @property
    def modified_ns(self):
        return max(file.modified_ns for file in self.files)


def step_of(name, last_reported_step):
    """The last number in the name, not counting an extension such as `.h5`; else the step last reported."""
    numbers = re.findall(r"\d+", _EXTENSION.sub("", name)) or re.findall(r"\d+", name)
    return int(numbers[-1]) if numbers else (last_reported_step or 0)


class CheckpointWatcher:
    """Remembers what it saw, so that it can tell what stopped changing."""

    def __init__(self, directory):
        self._directory = directory
        self._first_seen_seconds = {}
        self._arrivals = Arrivals(directory)
        # What arrived by rename, as it was when it was first seen after that.
        self._arrived = {}

    def look(self):
        """All complete checkpoints at this moment."""
        seen, now = self._seen_now(), time.monotonic()
        self._first_seen_seconds = {found: self._first_seen_seconds.get(found, now) for found in seen}
        return [found for found in seen if self._is_complete(found, now)]

    def look_after_exit(self, ended_at_seconds, was_killed):
        """All complete checkpoints once nothing writes any more.

        A trainer that a signal killed may have been in the middle of one: what it touched in its last second counts
        only if it was renamed into place or has its `.done`.
        """
        limit_ns = int((ended_at_seconds - CHECKPOINT_STABLE_SECONDS) * 1e9)
        seen, never = self._seen_now(), float("-inf")
        return [
            found
            for found in seen
            if not was_killed or found.modified_ns < limit_ns or self._is_complete(found, never)
        ]

    def _is_complete(self, found, now):
        if self._arrived.get(found.name) == found:
            return True
        if os.path.exists(os.path.join(self._directory, found.name) + _DONE_SUFFIX):
            return True
        return now - self._first_seen_seconds.get(found, now) >= CHECKPOINT_STABLE_SECONDS

    def _seen_now(self):
        try:
            names = sorted(os.listdir(self._directory))
        except FileNotFoundError:
            return []
        # Asked after the listing: a name that is not listed yet must not be taken for one that was looked at.
        renamed = self._arrivals.names()
        found = [read_checkpoint(self._directory, name) for name in names if not _is_temporary(name)]
        seen = [each for each in found if each is not None]
        self._arrived = {each.name: self._arrived.get(each.name, each) for each in seen if each.name in renamed}
        return seen


def _is_temporary(name):
    return name.startswith(".") or name.endswith((*_TEMPORARY_SUFFIXES, _DONE_SUFFIX))


def read_checkpoint(directory, name):
    """The checkpoint as it is now; None for what cannot be one: a link, nothing in it, something temporary in it."""
    top = os.path.join(directory, name)
    try:
        mode = os.lstat(top).st_mode
        if stat.S_ISREG(mode):
            files = [_found_file(top, name)]
        elif stat.S_ISDIR(mode):
            files = list(_files_in_folder(top))
        else:
            # `latest -> checkpoint-000120` would be the same checkpoint twice.
            return None
    except OSError:
        # The trainer removes old checkpoints while we look.
        return None
    if not any(file.size_bytes for file in files) or any(
        part.endswith(_TEMPORARY_SUFFIXES) for file in files for part in file.path.split("/")
    ):
        return None
    return FoundCheckpoint(name, stat.S_ISDIR(mode), tuple(files))


def _files_in_folder(top):
    def fail(error):
        raise error

    for folder, folders, names in os.walk(top, onerror=fail):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.stat(path).st_mode):
                yield _found_file(path, os.path.relpath(path, top))


def _found_file(path, relative_path):
    status = os.stat(path)
    return FoundFile(relative_path, status.st_size, status.st_mtime_ns, status.st_ino)
