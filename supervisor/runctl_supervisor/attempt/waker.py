"""Lets the main loop sleep and still act at once: on signals, and on what other threads have to say."""

import os
import select
import signal
import time


class Waker:
    """One for the process, made in its main thread: it takes over the signals that mean something to a supervisor."""

    def __init__(self):
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        # Seconds since the epoch; None while the machine stays up.
        self.went_down_at = None
        # A handler must exist for the signal to wake us; Python then writes its number into the pipe.
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        # Handlers that do nothing, not SIG_IGN: the trainer would inherit that.
        for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGTERM, self._note_going_down)

    @property
    def is_machine_going_down(self):
        return self.went_down_at is not None

    def wake(self):
        """From any thread."""
        try:
            os.write(self._write, b"\0")
        except BlockingIOError:
            # The pipe is full of reasons to wake up already.
            pass

    def wait(self, timeout_seconds):
        """Returns when somebody wakes it, or after the time."""
        try:
            if select.select([self._read], [], [], timeout_seconds)[0]:
                os.read(self._read, 4096)
        except (InterruptedError, BlockingIOError):
            pass

    def _note_going_down(self, _number, _frame):
        # Nobody of ours sends SIGTERM to a supervisor: the machine shuts down.
        self.went_down_at = time.time()
