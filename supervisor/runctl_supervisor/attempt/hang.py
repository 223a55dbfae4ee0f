"""Notices a trainer that hangs: no progress and nothing new in its log for as long as the user allows."""

import os
import time

from .. import limits
from ..journal import log
from ..processes.stacks import StackDump
from ..processes.tree import training_processes


class HangWatcher:
    """Says for how long the trainer has been quiet, once that is too long and its stacks are in the log."""

    def __init__(self, paths, trainer, timeout_seconds, training_log):
        self._paths = paths
        self._trainer = trainer
        self._timeout_seconds = timeout_seconds
        self._training_log = training_log
        self._seen = None
        self._active_at = time.monotonic()
        self._dump = None
        self.quiet_seconds = None

    def look(self):
        """Seconds without a sign of life, once it counts as hung and its stacks are saved; None before."""
        if self._timeout_seconds is None or self.quiet_seconds is not None:
            return self.quiet_seconds
        if self._dump is None:
            self._watch()
        elif self._dump.is_complete():
            self.quiet_seconds = self._timeout_seconds
        return self.quiet_seconds

    def _watch(self):
        now = time.monotonic()
        seen = tuple(_state_of(path) for path in (self._paths.training_log, self._paths.progress))
        if seen != self._seen:
            self._seen, self._active_at = seen, now
        if now - self._active_at < self._timeout_seconds:
            return
        headline = "hung: no progress and no log for %g s; this is what its processes do" % self._timeout_seconds
        log(headline)
        try:
            self._dump = StackDump(self._training_log, headline, self._processes())
        except OSError as error:
            log("the stacks cannot be written: %s" % error)
            self.quiet_seconds = self._timeout_seconds

    def _processes(self):
        if self._trainer.identity is None:
            # A container that has ended while its engine is away.
            return []
        pid = self._trainer.identity.pid
        children = training_processes(self._paths.checkpoints, {pid})
        others = [each for each in children if each.pid != pid]
        # The trainer itself last: the end of the log is what people see first.
        return [*others[: limits.STACKS_PROCESSES_MAX_COUNT], self._trainer.identity]


def _state_of(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
