"""Finds in the last lines of a failed trainer's log what is known to explain such an end.

Which patterns there are and what they mean is decided by the control plane (domain/failure-patterns.ts); they are
looked for here because the log is here, and because a pattern that takes too long can be stopped here.
"""

import time

from .. import limits
from ..patterns import compile_pattern, find_match
from ..texts import first_bytes, last_lines_of_file, printable


def find_known_failure(log_path, groups, mask=None, first_byte=0):
    """{"reason", "isRetried"} of the first group that explains anything, or None; and a warning or None.

    In a group the line nearest to the end counts: what a script survived earlier in its log is not why it ended.
    """
    text = last_lines_of_file(log_path, limits.FAILURE_LOG_MAX_BYTES, mask, first_byte)
    lines = [line[: limits.LINE_MAX_CHARACTERS] for line in text.split("\n")][-limits.FAILURE_LOG_MAX_LINES :]
    search = _Search()
    for group in groups:
        rows = [(compile_pattern(row["pattern"]), row) for row in group]
        for line in reversed(lines):
            for pattern, row in rows:
                match = search.find(pattern, line)
                if match is not None:
                    return _failure(row, match), search.warning
    return None, search.warning


class _Search:
    """Looks for patterns, and leaves out those that take too long: the result of the training waits for it."""

    def __init__(self):
        self._slow = set()
        self._ends_at = time.monotonic() + limits.FAILURE_SEARCH_SECONDS
        self.warning = None

    def find(self, pattern, line):
        seconds_left = self._ends_at - time.monotonic()
        if pattern in self._slow or seconds_left <= 0:
            return None
        try:
            return find_match(pattern, line, min(limits.FAILURE_PATTERN_SECONDS, seconds_left))
        except TimeoutError:
            self._slow.add(pattern)
            self.warning = "A failure pattern takes too long to match and was left out: %s" % pattern.pattern
            return None


def _failure(row, match):
    # The reason may quote what was found: `ImportError: No module named 'x'` says more than `import error`.
    reason = row["reason"].replace("{match}", printable(match).strip())
    return {"reason": first_bytes(reason, limits.REASON_MAX_BYTES), "isRetried": row["isRetried"]}
