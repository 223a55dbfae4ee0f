"""publications.json: what this attempt has published, kept on disk for a supervisor that takes over."""

import hashlib

from ..files import read_json, write_json
from ..journal import log


class PublishedSoFar:
    """The newest checkpoint that is in the bucket, and what was there before the trainer began."""

    def __init__(self, path):
        self._path = path
        content = read_json(path) or {}
        self.checkpoint = content.get("checkpoint")
        self._fingerprint = content.get("fingerprint")
        self._order = tuple(content.get("order") or (-1, -1))
        self._inherited = content.get("inherited")

    def is_newer(self, found, step):
        """Whether a found checkpoint should be published after what was."""
        is_known = _fingerprint(found) in (self._fingerprint, self._inherited)
        return (step, found.modified_ns) > self._order and not is_known

    def inherit(self, found):
        """What an earlier attempt has published lies here, too; it is news again only when it is changed."""
        self._inherited = _fingerprint(found)
        self._write()

    def record(self, found, step, checkpoint):
        self.checkpoint = checkpoint
        self._fingerprint = _fingerprint(found)
        self._order = (step, found.modified_ns)
        self._write()

    def _write(self):
        content = {
            "checkpoint": self.checkpoint,
            "fingerprint": self._fingerprint,
            "order": list(self._order),
            "inherited": self._inherited,
        }
        try:
            write_json(self._path, content)
        except OSError as error:
            # A full disk: the checkpoint is in the bucket all the same. Only a supervisor that takes over would not know,
            # and publish it a second time.
            log("publications.json cannot be written: %s" % error)


def _fingerprint(found):
    return hashlib.sha256(repr(found).encode("utf-8", "replace")).hexdigest()
