"""Publishes checkpoints as they appear, beside the training, so that a sudden death loses one interval at most."""

import os
import time

from .. import limits
from ..aws.storage import ConditionLost, StorageError
from ..journal import log
from .checkpoints import CheckpointWatcher, read_checkpoint, step_of
from .persistent import PersistentThread
from .publication import CheckpointChanged, Fenced, Publication
from .published_so_far import PublishedSoFar


class CheckpointPublisher(PersistentThread):
    """Looks, publishes the newest, looks again. Errors are retried for as long as the attempt lives.

    `last_step()` is the step that a checkpoint without a number in its name has; `on_change()` wakes the main loop.
    """

    def __init__(self, paths, request, storage, last_step, on_change):
        super().__init__("checkpoint-publisher", on_change)
        self._paths = paths
        self._request = request
        self._storage = storage
        self._last_step = last_step
        # It must be followed from before the trainer's first checkpoint.
        os.makedirs(paths.checkpoints, exist_ok=True)
        self._watcher = CheckpointWatcher(paths.checkpoints)
        self._published = PublishedSoFar(paths.publications)
        self._current = None
        self._end = None
        self._is_hurried = False
        self.checkpoint = self._published.checkpoint
        self.warning = None
        # When the last look began that published the newest there was, or found nothing new.
        self.settled_look_at = 0.0

    def inherit(self, name):
        """Before the trainer starts: this checkpoint is published already."""
        found = read_checkpoint(self._paths.checkpoints, name)
        if found is not None:
            self._published.inherit(found)

    def hurry(self):
        """Time is short: look at once, and retry without long pauses."""
        self._is_hurried = True
        self._wake_up()

    def finish(self, ended_at_seconds, was_killed):
        """The trainer has ended: publish what is there, then end. `is_finished` tells when."""
        self._end = (ended_at_seconds, was_killed)
        self.hurry()

    def _pass(self):
        end, look_at = self._end, time.monotonic()
        is_nothing_new = self._publish_newest(end)
        self.settled_look_at = look_at
        return is_nothing_new and end is not None

    def _publish_newest(self, end):
        """True when there was nothing (more) to publish at this look."""
        found = self._watcher.look() if end is None else self._watcher.look_after_exit(*end)
        steps = {each: step_of(each.name, self._last_step()) for each in found}
        newer = [each for each in found if self._published.is_newer(each, steps[each])]
        if not newer:
            self._current = None
            return True
        newest = max(newer, key=lambda each: (steps[each], each.modified_ns))
        if self._current is None or self._current.found != newest:
            self._current = Publication(
                self._storage, self._request, newest, steps[newest], self._paths.checkpoints
            )
        began = time.monotonic()
        checkpoint = self._current.publish()
        self._published.record(newest, steps[newest], checkpoint)
        self.checkpoint = checkpoint
        self.warning = None
        log("published %s as %s in %.1f s" % (newest.name, checkpoint["prefix"], time.monotonic() - began))
        self._on_change()
        return False

    def _note_failure(self, error):
        log("publishing: %s: %s" % (type(error).__name__, error))
        if isinstance(error, Fenced):
            self.warning = "Nothing more is published: %s." % error
            return False
        if isinstance(error, CheckpointChanged):
            # Not a failure of the storage: the next look decides anew whether it is complete.
            self._current = None
        elif isinstance(error, (StorageError, ConditionLost)):
            self.warning = "The newest checkpoint is not published yet (%s); trying again." % error
        else:
            self.warning = "Publishing failed (%s: %s); trying again." % (type(error).__name__, error)
            self._current = None
        self._on_change()
        return True

    def _pause_seconds(self, failures):
        if self._end is not None and failures == 0:
            # Something was published after the end: look at once whether there is more.
            return 0
        longest = limits.HURRIED_LOOK_SECONDS if self._is_hurried else limits.PUBLISHING_RETRY_MAX_SECONDS
        return min(limits.CHECKPOINT_LOOK_SECONDS * 2 ** min(failures, 6), longest)
