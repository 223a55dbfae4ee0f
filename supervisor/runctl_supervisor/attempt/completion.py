"""Notices that the script says it is done although its process lives: a stable marker file, or a line in its log."""

import os
import time

from ..limits import MARKER_STABLE_SECONDS


class CompletionWatcher:
    """Remembers since when the marker has not changed; `started_at_seconds` (since the epoch) is when the trainer began."""

    def __init__(self, marker_path, started_at_seconds):
        self._marker_path = marker_path
        self._started_at_seconds = started_at_seconds
        self._started_at_monotonic = time.monotonic() - (time.time() - started_at_seconds)
        self._state = None
        self._unchanged_since = 0.0
        self.completed_at = None

    def look(self, has_pattern_line):
        """Since when (monotonic seconds) the script has been done; None while it is not."""
        now = time.monotonic()
        state = self._marker_state()
        if state != self._state:
            self._state, self._unchanged_since = state, now
        is_stable = state is not None and now - self._unchanged_since >= MARKER_STABLE_SECONDS
        if self.completed_at is None and (is_stable or has_pattern_line):
            self.completed_at = now
        return self.completed_at

    def has_marker_after_end(self):
        """Nothing writes any more, so a marker that is there is stable."""
        return self._marker_state() is not None

    def _marker_state(self):
        try:
            status = os.stat(self._marker_path)
        except OSError:
            return None
        # Older ones were removed before the start, but a script may bring one back. One second of tolerance for file
        # systems that keep whole seconds.
        if status.st_mtime < self._earliest_start_seconds() - 1:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _earliest_start_seconds(self):
        """The start by the clock as it was then, or as it is now: it may have been set in between, either way."""
        by_todays_clock = time.time() - (time.monotonic() - self._started_at_monotonic)
        return min(self._started_at_seconds, by_todays_clock)
