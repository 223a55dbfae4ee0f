"""The trainer in a container: made, started, found again, and taken away, all by its name.

Its end is known to the engine, whoever watched: a supervisor that takes over tells its true exit code.
"""

import signal
import time

from .. import limits
from ..instants import instant_seconds
from ..journal import log
from ..processes.exit_status import UNKNOWN_EXIT, ExitStatus
from ..processes.identity import identity_of, is_alive, send_signal
from .engine import EngineAway, EngineRefusal, container_path
from .output import ContainerLog


class ContainerTrainer:
    """A container that was started. Its process 1 is the trainer's identity on this machine."""

    # Its init passes signals on, and around a shell there is one more (request.py).
    was_shell = False
    # What runs in it descends from the engine, not from us.
    ancestor_pids = ()

    def __init__(self, engine, name, training_log, identity=None, warnings=()):
        """`identity` is what a supervisor before us has noted, for an engine that does not answer now."""
        self._engine = engine
        self._name = name
        self._warnings = list(warnings)
        self._exit_status = None
        self._away_since = None
        # What the engine says; the kernel's own counters are looked at for every kind of trainer.
        self.was_out_of_memory = False
        self.identity = identity
        # When it ended, as the engine saw it: whoever takes it over may look much later. Seconds since the epoch.
        self.ended_at_seconds = None
        self._started_at = None
        try:
            state = self._inspect() or {}
            self._started_at = instant_seconds(state.get("StartedAt"))
            # Process 0: it has ended before anybody could look.
            self.identity = identity_of(state["Pid"]) if state.get("Pid") else identity
        except EngineAway as error:
            log("the container is not looked at yet: %s" % error)
        self._log = ContainerLog(engine, name, training_log)
        self._log.start()

    @property
    def warning(self):
        return " ".join(self._warnings) or None

    def environment_values(self, names):
        """What it was given under these names; the engine knows it also of a container that has ended."""
        try:
            found = self._engine.get(container_path(self._name, "json")) or {}
        except EngineAway as error:
            log("the container's environment: %s" % error)
            found = {}
        pairs = [pair.partition("=") for pair in (found.get("Config") or {}).get("Env") or []]
        return [value for name, _, value in pairs if name in names]

    def started_at_seconds(self):
        return self._started_at or time.time()

    def poll(self):
        """How it ended, as its engine saw it; None before. The process is looked at, which costs nothing."""
        if self._exit_status is None and not is_alive(self.identity):
            self._exit_status = self._ask_how_it_ended()
        return self._exit_status

    def signal(self, signal_number):
        self._send(signal_number)

    def kill_group(self):
        """Ends everything in the container."""
        if self._exit_status is None:
            self._send(signal.SIGKILL)

    def reap(self):
        """The output that has not been copied yet."""
        self._log.finish()

    def _send(self, signal_number):
        query = {"signal": signal.Signals(signal_number).name}
        try:
            self._engine.call("POST", container_path(self._name, "kill"), query)
        except EngineRefusal as refusal:
            # It has ended: the next look tells.
            log("the container got no %s: %s" % (query["signal"], refusal))
        except EngineAway as error:
            log("the engine passes no signal on: %s" % error)
            if self.identity is not None:
                send_signal(self.identity, signal_number)

    def _ask_how_it_ended(self):
        try:
            state = self._inspect()
        except EngineAway as error:
            return self._bear_absence(error)
        if state is None:
            log("somebody removed the container")
            return UNKNOWN_EXIT
        if state["Running"]:
            # The engine is about to notice its end; or somebody has started it again, and that is the trainer now.
            self.identity = identity_of(state["Pid"]) if state["Pid"] else self.identity
            return None
        self.was_out_of_memory = state["OOMKilled"]
        finished_at_seconds = instant_seconds(state.get("FinishedAt"))
        # An engine that does not know says that it was in the year 1.
        self.ended_at_seconds = finished_at_seconds if (finished_at_seconds or 0) > 0 else None
        if self._away_since is not None:
            # An engine that stops sends its containers the signal that means: save and exit. Exit 0 is then no success.
            log("the engine was away when the container ended, so its exit code proves nothing")
            return UNKNOWN_EXIT
        return exit_status_of(state["ExitCode"])

    def _bear_absence(self, error):
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            log("the container has ended, but %s" % error)
        return UNKNOWN_EXIT if now - self._away_since > limits.ENGINE_ABSENCE_SECONDS else None

    def _inspect(self):
        found = self._engine.get(container_path(self._name, "json"))
        return None if found is None else found["State"]


def exit_status_of(code):
    """An engine has one number for both ways to end: 128 and the signal's number stand for a signal."""
    try:
        return ExitStatus(None, signal.Signals(code - 128).name)
    except ValueError:
        return ExitStatus(code, None)
