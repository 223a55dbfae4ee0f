"""Appends the trainer's log to the bucket: one object per chunk, named by its byte offset."""

from .. import limits
from ..files import read_json, write_json
from ..journal import log
from .persistent import PersistentThread


class LogPublisher(PersistentThread):
    """Publishes what is new every few seconds; after `finish` the rest, then it ends."""

    def __init__(self, paths, request, storage, mask):
        super().__init__("log-publisher")
        self._path = paths.training_log
        self._state_path = paths.log_publication
        self._prefix = request.log_prefix
        self._storage = storage
        self._mask = mask
        self._is_finishing = False
        self._has_more = False
        state = read_json(self._state_path) or {}
        self._offset = state.get("offset", 0)
        # Where a chunk ends that another supervisor may have published already.
        self._end = state.get("end")

    def finish(self, timeout_seconds):
        """Gives the rest of the log this long; what was not published then stays on the instance."""
        self._is_finishing = True
        self._wake_up()
        self.join(timeout_seconds)

    def _pass(self):
        is_last_look = self._is_finishing
        self._has_more = self._publish_chunk(is_last_look)
        return is_last_look and not self._has_more

    def _note_failure(self, error):
        log("publishing the log: %s: %s" % (type(error).__name__, error))
        return True

    def _pause_seconds(self, failures):
        if failures == 0 and (self._has_more or self._is_finishing):
            return 0
        return limits.LOG_RETRY_AT_END_SECONDS if self._is_finishing else limits.LOG_PUBLISH_SECONDS

    def _publish_chunk(self, is_last_look=False):
        """True when there is more than one chunk holds."""
        size = limits.LOG_CHUNK_MAX_BYTES if self._end is None else self._end - self._offset
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                chunk = file.read(size)
        except FileNotFoundError:
            return False
        is_full = len(chunk) == size
        if self._end is None and not is_last_look:
            # A secret that is half written would not be recognised in either half.
            chunk = chunk[: self._mask.settled_bytes(chunk)]
        if not chunk:
            return False
        # The end is noted first: a chunk that was read must never change, or its readers would miss what was added.
        self._end = self._offset + len(chunk)
        self._note({"offset": self._offset, "end": self._end})
        self._storage.put("%s%012d.log" % (self._prefix, self._offset), self._mask.masked(chunk))
        self._offset, self._end = self._end, None
        self._note({"offset": self._offset})
        return is_full

    def _note(self, state):
        try:
            write_json(self._state_path, state)
        except OSError as error:
            # A full disk. That the log says so matters more than what another supervisor would have to know.
            log("log-publication.json cannot be written: %s" % error)
