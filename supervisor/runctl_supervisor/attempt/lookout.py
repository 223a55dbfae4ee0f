"""Every reason why a trainer may have to end, looked at in one place; `stopping.decide_stop` says what follows."""

import os
import time

from ..files import write_json
from ..journal import log
from .commands import StopInbox
from .completion import CompletionWatcher
from .hang import HangWatcher
from .lease import Lease
from .notice import NoticeListener, notice_seconds
from .stopping import Situation, decide_stop


class Lookout:
    """Hears notices, verbs, the machine's end and the lease's; `watch` adds what a trainer itself may show.

    `order` is the StopOrder that holds, or None; one that is under way is never taken back.
    """

    def __init__(self, paths, request, metadata, waker):
        self._paths, self._request, self._waker = paths, request, waker
        self._lease = Lease(paths, request.lease_seconds)
        self._stops = StopInbox(paths.stop_request)
        self._notices = NoticeListener(metadata, request.notice_poll_seconds, waker.wake)
        self._completion = None
        self._hang = None
        self._completed_at = None
        # In monotonic seconds; None without a notice.
        self.notice_ends_at = None
        self.order = None

    def start(self):
        """Begins to listen for notices: also before there is a trainer."""
        self._notices.start()

    def watch(self, trainer, training_log):
        """The trainer is there: from now on it may say that it is done, or hang."""
        marker_path = os.path.join(self._paths.code, self._request.marker_name)
        self._completion = CompletionWatcher(marker_path, trainer.started_at_seconds())
        self._hang = HangWatcher(self._paths, trainer, self._request.hang_timeout_seconds, training_log)

    @property
    def cause(self):
        """Why the trainer has to end; None while it has not."""
        return None if self.order is None else self.order.cause

    @property
    def notice(self):
        return self._notices.notice

    @property
    def warning(self):
        return self._notices.warning

    @property
    def quiet_seconds(self):
        """For how long a trainer that hung was quiet; None for one that did not."""
        return None if self._hang is None else self._hang.quiet_seconds

    def lease_expires_at(self):
        return self._lease.expires_at()

    def is_lease_expired(self):
        return self._lease.look()

    def has_marker_after_end(self):
        return self._completion is not None and self._completion.has_marker_after_end()

    def look(self, has_pattern_line, has_trainer_ended):
        """Takes in what is new and decides anew."""
        is_lease_expired = self._lease.look()
        if self._completion is not None:
            self._completed_at = self._completion.look(has_pattern_line)
        self._take_in_notice()
        self.order = decide_stop(
            self.order,
            Situation(
                now=time.monotonic(),
                save_timeout_seconds=self._request.save_timeout_seconds,
                command=self._stops.look(),
                notice_seconds_left=self._notice_seconds_left(),
                is_machine_going_down=self._waker.is_machine_going_down,
                is_lease_expired=is_lease_expired,
                completed_at=self._completed_at,
                completion_grace_seconds=self._request.completion_grace_seconds,
                quiet_seconds=self._look_for_hang(has_trainer_ended),
            ),
        )

    def _take_in_notice(self):
        if self.notice is None or self.notice_ends_at is not None:
            return
        log("interruption notice: %s" % self.notice)
        self.notice_ends_at = time.monotonic() + notice_seconds(self.notice)
        try:
            write_json(self._paths.notice, self.notice)
        except OSError as error:
            # A full disk: the signal tells the trainer all the same.
            log("notice.json cannot be written: %s" % error)

    def _notice_seconds_left(self):
        return None if self.notice_ends_at is None else max(0.0, self.notice_ends_at - time.monotonic())

    def _look_for_hang(self, has_trainer_ended):
        """A trainer that is done, is being ended or has ended may be quiet."""
        if self._hang is None or has_trainer_ended:
            return None
        is_excused = self.order is not None or self._completed_at is not None
        return self._hang.quiet_seconds if is_excused else self._hang.look()
