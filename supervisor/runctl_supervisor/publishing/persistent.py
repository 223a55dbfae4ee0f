"""A thread that carries something to the bucket beside the training: it repeats its passes, whatever goes wrong in them."""

import threading


class PersistentThread(threading.Thread):
    """Repeats `_pass` until that says it was the last one. A pass that raises is repeated after a pause.

    For subclasses: `_pass() -> bool`, `_pause_seconds(failures)` (how many passes have failed in a row; 0 for no pause
    at all), `_note_failure(error) -> bool` (whether repeating can help), and `_begin()` for what has to be done in the
    thread, once. Whoever changes what the next pass has to do calls `_wake_up` afterwards.
    """

    def __init__(self, name, on_change=lambda: None):
        super().__init__(name=name, daemon=True)
        self._on_change = on_change
        self._wake = threading.Event()
        self.is_finished = False

    def run(self):
        self._begin()
        failures = 0
        while True:
            try:
                if self._pass():
                    break
                failures = 0
            except Exception as error:  # the training must not suffer from whatever goes wrong here
                failures += 1
                if not self._note_failure(error):
                    break
            seconds = self._pause_seconds(failures)
            if seconds > 0:
                self._wake.wait(seconds)
                # Cleared before the next pass looks at what it has to do, so that nothing said meanwhile is missed.
                self._wake.clear()
        self.is_finished = True
        self._on_change()

    def _begin(self):
        """What the first pass needs."""

    def _wake_up(self):
        self._wake.set()
