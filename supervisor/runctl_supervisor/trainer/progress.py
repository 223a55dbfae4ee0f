"""Reads the trainer's progress from its own file, or from the common forms of log lines."""

import json
import math
import os
import re
import time
from collections import deque

from .. import limits
from ..file_tail import FileTail
from ..instants import instant
from ..patterns import compile_pattern, find_match
from ..texts import printable
from .losses import LossCurve

_NUMBER = r"(\d+)"
_REAL = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_STEP = re.compile(
    r"\b(?:global[_ ]?step|steps?|iteration|iter)\b[\s:=#\[\"']*%s(?:\s*(?:/|of)\s*%s)?" % (_NUMBER, _NUMBER),
    re.IGNORECASE,
)
# `[12/500]`, and tqdm's `12/500 [00:10<06:40`.
_BRACKETS = re.compile(r"\[\s*%s\s*/\s*%s\s*\]|\b%s/%s \[\d" % ((_NUMBER,) * 4))
_LOSS = re.compile(r"\b(?:train[_ ]?|training[_ ]?)?loss\b[\s:=\"']*%s" % _REAL, re.IGNORECASE)


def parse_log_line(line):
    """(step, total or None, loss or None), or None for a line without a step."""
    match = _STEP.search(line) or _BRACKETS.search(line)
    if match is None:
        return None
    numbers = [int(group[:15]) for group in match.groups() if group is not None]
    loss = _LOSS.search(line)
    return numbers[0], (numbers[1] if len(numbers) > 1 else None), (_finite(loss.group(1)) if loss else None)


def parse_progress_line(line):
    """The same from a line of RUNCTL_PROGRESS_FILE."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    step = _whole(value.get("step"))
    return None if step is None else (step, _whole(value.get("totalSteps")), _finite(value.get("loss")))


class ProgressReader:
    """The newest progress, the first step of this attempt, and the rate over the last minute."""

    def __init__(self, paths, known_first_step, log_pattern):
        self._file = FileTail(paths.progress)
        self._log_path = paths.training_log
        self._log = FileTail(paths.training_log, may_skip=log_pattern is None)
        self._has_file = False
        self._samples = deque()
        self._pattern, self.warning = _compiled(log_pattern), None
        self.first_step = known_first_step
        self.newest = None
        self.losses = LossCurve()
        self.has_pattern_line = False

    def skip_log(self, offset=None):
        """Leaves out the log's beginning, by default all that there is by now; returns where reading begins."""
        if offset is None:
            offset = os.path.getsize(self._log_path) if os.path.exists(self._log_path) else 0
        self._log.skip_to(offset)
        return offset

    def read(self):
        """True when something new was reported."""
        return self._take_in(self._file.new_lines(), self._log.new_lines())

    def read_rest(self):
        """The trainer has ended: all that was not read yet, or as much as there is time for and then the end of it."""
        deadline = time.monotonic() + limits.FINAL_READ_SECONDS
        self.read()
        while self._log.is_behind and time.monotonic() < deadline:
            self.read()
        self._log.begin_to_skip()
        self.read()
        self._take_in(self._file.last_line(), self._log.last_line())

    def _take_in(self, file_lines, log_lines):
        reported = [each for each in map(parse_progress_line, file_lines) if each is not None]
        self._has_file = self._has_file or bool(reported)
        if not self._has_file:
            reported = [each for each in map(parse_log_line, log_lines) if each is not None]
        if self._pattern is not None and not self.has_pattern_line:
            self.has_pattern_line = any(self._matches(line) for line in log_lines)
        if reported:
            self._note(reported)
        return bool(reported)

    def _note(self, reported):
        now = time.monotonic()
        if self.first_step is None:
            self.first_step = reported[0][0]
        for reported_step, _, reported_loss in reported:
            self.losses.add(reported_step, reported_loss)
        step, total, loss = reported[-1]
        if loss is None:
            # Some scripts print step and loss on lines of their own.
            loss = next((each[2] for each in reversed(reported) if each[2] is not None), None)
        if self._samples and step < self._samples[-1][1]:
            self._samples.clear()
        if not self._samples or now - self._samples[-1][0] >= limits.PROGRESS_SAMPLE_SECONDS:
            self._samples.append((now, step))
        while now - self._samples[0][0] > limits.PROGRESS_WINDOW_SECONDS and len(self._samples) > 2:
            self._samples.popleft()
        before = self.newest or {}
        self.newest = {
            "step": step,
            "totalSteps": total if total is not None else before.get("totalSteps"),
            "loss": loss if loss is not None else before.get("loss"),
            "stepsPerSecond": self._rate(now, step),
            "at": instant(),
        }

    def _rate(self, now, step):
        first_at, first_step = self._samples[0]
        if step <= first_step or now - first_at < limits.PROGRESS_SAMPLE_SECONDS:
            return None
        return round((step - first_step) / (now - first_at), 3)

    def _matches(self, line):
        if self._pattern is None:
            return False
        try:
            # Without colours: the codes end in letters, which would make one word of themselves and the text.
            return find_match(self._pattern, printable(line), limits.LOG_PATTERN_SECONDS) is not None
        except TimeoutError:
            self._pattern = None
            self.warning = "The log pattern takes too long to match and is no longer looked for."
            return False


def _compiled(text):
    # One that is no regular expression has ended the preparation already.
    try:
        return None if text is None else compile_pattern(text)
    except ValueError:
        return None


def _whole(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return int(value) if abs(value) < 1e15 else None


def _finite(value):
    """JSON has no NaN and no infinity, so a loss that is one is left out."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
