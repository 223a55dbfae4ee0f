"""New lines of a growing file, in bounded memory."""

import os
import re

from . import limits


class FileTail:
    """What is too much for one look is skipped, oldest first, unless `may_skip` is False: then it is read by the next ones."""

    def __init__(self, path, may_skip=True):
        self._path = path
        self._may_skip = may_skip
        self._offset = 0
        self._rest = b""
        # Whether the last look left something for the next.
        self.is_behind = False

    def skip_to(self, offset):
        """Begins at this byte."""
        self._offset = offset

    def begin_to_skip(self):
        """There is no time for all of it: from now on it may skip."""
        self._may_skip = True

    def new_lines(self):
        """The lines that were finished since the last look, without their ends; a carriage return ends one, too."""
        is_cut = False
        try:
            with open(self._path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size < self._offset:
                    # Truncated by the script: its new content begins at the start.
                    self._offset, self._rest = 0, b""
                if self._may_skip and size - self._offset > limits.TAIL_READ_MAX_BYTES and self._offset > 0:
                    self._offset, self._rest, is_cut = size - limits.TAIL_READ_MAX_BYTES, b"", True
                file.seek(self._offset)
                block = file.read(limits.TAIL_READ_MAX_BYTES)
        except OSError:
            return []
        self._offset += len(block)
        self.is_behind = self._offset < size
        *lines, self._rest = re.split(b"[\r\n]+", self._rest + block)
        self._rest = self._rest[-limits.LINE_MAX_CHARACTERS :]
        if is_cut:
            # What is left of a line may look like another: `12/500 [00:10` without its first digit.
            lines = lines[1:]
        return [line[: limits.LINE_MAX_CHARACTERS].decode("utf-8", "replace") for line in lines if line]

    def last_line(self):
        """The line that the trainer did not finish before it ended."""
        rest, self._rest = self._rest, b""
        return [rest[: limits.LINE_MAX_CHARACTERS].decode("utf-8", "replace")] if rest else []
