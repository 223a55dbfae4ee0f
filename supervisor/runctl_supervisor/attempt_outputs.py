"""The outputs of an attempt as its phases see them: also when the run has none."""

import time

from .ending import last_moment_for_outputs
from .journal import log
from .outputs import OutputPublisher


class AttemptOutputs:
    """Uploads while the trainer lives; `finish` awaits the rest, as long as there is time."""

    def __init__(self, paths, request, storage, open_bucket, on_change):
        self._publisher = None
        if request.output_uri is not None:
            self._publisher = OutputPublisher(paths, request, storage, open_bucket, on_change)
        self._has_begun = False

    def start(self):
        if self._publisher is not None:
            self._publisher.start()
            self._has_begun = True

    @property
    def warning(self):
        # Before the trainer there is nothing to upload, and nothing to warn of.
        return self._publisher.warning if self._has_begun else None

    def finish(self, ended_at, situation, wait):
        """`situation()` gives (cause of the end, when the notice is over); `wait()` looks at everything else meanwhile."""
        if not self._has_begun:
            return
        _, notice_ends_at = situation()
        # Within a notice, the time is for uploading.
        self._publisher.finish(verifies=notice_ends_at is None)
        while self._publisher.is_alive():
            cause, notice_ends_at = situation()
            last_success_at = self._publisher.last_success_at
            if time.monotonic() > last_moment_for_outputs(ended_at, cause, notice_ends_at, last_success_at):
                log("not all outputs could be uploaded in time")
                self._publisher.give_up()
                return
            wait()
