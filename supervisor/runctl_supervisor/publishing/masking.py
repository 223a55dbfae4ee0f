"""Keeps secrets out of what the supervisor passes on of the trainer's output: the published log and its last lines.

Only the value as it is, or one of its lines, is recognised; what a script derives from it (base64, a URL, half of it) is
not. Each byte becomes one `*`, so offsets in the log stay what they are.
"""

import os
import re

from .. import limits


class SecretMask:
    """Knows nothing until it is told values; safe to use from several threads."""

    def __init__(self):
        self._words = ()
        self._pattern = None

    def learn(self, values):
        """Masks these values from now on, and each of their lines."""
        words = set()
        for value in values:
            words.update(_masked_words(value))
        self._words = tuple(sorted(words, key=len, reverse=True))
        self._pattern = re.compile(b"|".join(re.escape(word) for word in self._words)) if words else None

    @property
    def longest_bytes(self):
        return len(self._words[0]) if self._words else 0

    def masked(self, content):
        """The bytes with every secret in them made unreadable, at the same length."""
        if self._pattern is None:
            return content
        return self._pattern.sub(lambda match: b"*" * len(match.group()), content)

    def settled_bytes(self, content):
        """How much of the bytes can be passed on: the end may be the beginning of a secret that is still written."""
        if self._pattern is None:
            return len(content)
        matched = 0
        for match in self._pattern.finditer(content):
            matched = match.end()
        longest = max((_begun_bytes(content, word) for word in self._words), default=0)
        return max(matched, len(content) - longest)


def _masked_words(value):
    # Whoever masked "1" or "true" would make the log unreadable.
    whole = os.fsencode(value)
    # Stripped: a secret that begins with a line end would hold back the end of every line.
    candidates = [whole.strip(), *whole.splitlines()]
    return [word for word in candidates if len(word) >= limits.MASKED_MIN_BYTES]


def _begun_bytes(content, word):
    for length in range(min(len(word) - 1, len(content)), 0, -1):
        if content.endswith(word[:length]):
            return length
    return 0
