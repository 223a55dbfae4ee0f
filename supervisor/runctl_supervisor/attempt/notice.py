"""Hears the interruption notice from the instance's own metadata service, without the control plane.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

import threading
import time

from .. import limits
from ..aws.metadata import MetadataUnreachable
from ..instants import instant, instant_seconds
from ..journal import log

_NOTICE_PATH = "/latest/meta-data/spot/instance-action"


class NoticeListener(threading.Thread):
    """Polls until it has heard a notice. An On-Demand instance never has one: 404 for ever."""

    def __init__(self, metadata, poll_seconds, on_notice):
        super().__init__(name="notice-listener", daemon=True)
        self._metadata = metadata
        self._poll_seconds = poll_seconds
        self._on_notice = on_notice
        self._answered_at = time.monotonic()
        self.notice = None

    @property
    def warning(self):
        silent_seconds = time.monotonic() - self._answered_at
        if self.notice is None and silent_seconds > limits.METADATA_SILENCE_WARNING_SECONDS:
            return "The metadata service does not answer, so an interruption notice would not be heard."
        return None

    def run(self):
        while self.notice is None:
            began = time.monotonic()
            try:
                found = self._metadata.get_json(_NOTICE_PATH)
                self._answered_at = time.monotonic()
                if found is not None:
                    self._note(found)
                    return
            except MetadataUnreachable as error:
                if self.warning:
                    log("metadata service: %s" % error)
            except Exception as error:  # a listener that dies would make the next notice unheard
                log("metadata service: %s: %s" % (type(error).__name__, error))
            time.sleep(max(0.05, self._poll_seconds - (time.monotonic() - began)))

    def _note(self, found):
        seconds = instant_seconds(found.get("time"))
        self.notice = {
            "action": str(found.get("action") or "terminate")[:40],
            # A notice without a readable time is one all the same.
            "time": instant(seconds) if seconds is not None else instant(time.time() + limits.ASSUMED_NOTICE_SECONDS),
            "seenAt": instant(),
        }
        self._on_notice()


def notice_seconds(notice):
    """How much time the notice gave when it was first seen."""
    given = (instant_seconds(notice["time"]) or 0) - (instant_seconds(notice["seenAt"]) or 0)
    # A time that has passed while the instance lives means that one of the clocks is wrong.
    return given if given > 0 else limits.ASSUMED_NOTICE_SECONDS
