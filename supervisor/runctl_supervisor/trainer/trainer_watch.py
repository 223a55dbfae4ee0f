"""One trainer from its first instruction to its end: asked to end when an order says so, and remembered how it ended."""

import os
import signal
import time

from .. import limits
from ..files import remove
from ..journal import log
from ..processes.exit_status import UNKNOWN_EXIT
from ..processes.memory import MemoryKills
from ..processes.process_trainer import is_group_alive, reap_orphans
from ..processes.tree import kill_all, training_processes


class TrainerWatch:
    """`trainer` is None until there is one; `waker` knows whether the machine went down."""

    def __init__(self, paths, waker, trainer=None):
        self._paths, self._waker = paths, waker
        self._memory_kills = MemoryKills()
        self._is_signalled = False
        self._was_killed = False
        self._cause_at_end = None
        self.trainer = trainer
        # None while it lives.
        self.exit_status = None
        self.ended_at_seconds = None

    @property
    def is_running(self):
        return self.trainer is not None and self.exit_status is None

    def look(self, order):
        """Takes in whether it has ended. `order` is what was asked of it until now: that is the cause, nothing later is."""
        reap_orphans(self.trainer)
        self._poll(order)

    def follow_memory(self):
        """Notes where the kernel counts for it, as long as it lives."""
        if self.is_running and self.trainer.identity is not None:
            self._memory_kills.follow(self.trainer.identity.pid)

    def obey(self, order):
        """Asks it to save and exit, and kills its group at the end of its time. True when it was asked just now."""
        if order is None:
            return False
        if time.monotonic() >= order.kill_at:
            self._was_killed = True
            self.trainer.kill_group()
            return False
        if self._is_signalled:
            return False
        self._is_signalled = True
        log("the trainer is asked to save and exit: %s" % order.cause)
        self.trainer.signal(signal.SIGTERM)
        return True

    def has_ended(self, order):
        """Whether it has, and all of its group where that may still save."""
        self._poll(order)
        if self.exit_status is None:
            return False
        self.ended_at_seconds = self.trainer.ended_at_seconds or time.time()
        # A shell dies of its SIGTERM at once; the training that it started gets the time to save.
        is_draining = self._is_signalled and self.trainer.was_shell and not self._was_killed
        return not (is_draining and is_group_alive(self.trainer.identity))

    def clear_away(self):
        """After its end: ends what it forked and left behind, in its group or elsewhere, and lets go of its pid."""
        log("the trainer ended: %s" % (self.exit_status,))
        self.trainer.kill_group()
        ancestors = {os.getpid(), *self.trainer.ancestor_pids}
        if not kill_all(lambda: training_processes(self._paths.checkpoints, ancestors)):
            log("some processes of the trainer do not die")
        reap_orphans(self.trainer)
        self.trainer.reap()
        remove(self._paths.trainer_pid)

    def note_never_began(self, cause):
        """The attempt was asked to end before there was a trainer."""
        self.exit_status, self._cause_at_end = UNKNOWN_EXIT, cause

    @property
    def is_end_unexplained(self):
        """Nobody asked it to end and nobody saw how it did: there is no result that could be proven."""
        return self.exit_status is UNKNOWN_EXIT and self._cause_at_end is None

    @property
    def stop_cause(self):
        """Why it ended: what was asked of it before, or that its machine went down and took it along."""
        if self._cause_at_end is not None:
            return self._cause_at_end
        went_down_at = self._waker.went_down_at
        is_taken_along = went_down_at is not None and went_down_at - self.ended_at_seconds < limits.GOING_DOWN_SECONDS
        return "interruption" if is_taken_along else "own-accord"

    @property
    def ran_out_of_memory(self):
        """Killed by somebody other than us, while the kernel or the engine killed something for want of memory."""
        was_killed = self.exit_status.signal_name == "SIGKILL" or self.exit_status.exit_code == 137
        if not was_killed or self._was_killed:
            return False
        return self._memory_kills.count() > 0 or (self.trainer is not None and self.trainer.was_out_of_memory)

    def _poll(self, order):
        if self.exit_status is None:
            self.exit_status = self.trainer.poll()
            if self.exit_status is not None and order is not None:
                self._cause_at_end = order.cause
