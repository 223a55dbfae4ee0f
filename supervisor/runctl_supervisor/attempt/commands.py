"""How verbs reach the supervisor: small files, and a signal that wakes it.

The files outlive both, so a supervisor that is killed and replaced still does what was asked.
"""

import signal
import time

from ..files import read_json, write_json
from ..journal import log
from ..processes.identity import send_signal
from .reserve import give_some_room
from .stopping import StopCommand


def ask_to_stop(paths, supervisor, cause, timeout_seconds):
    """Asks for the end of the trainer; joins what is under way, except that force always counts."""
    before = read_json(paths.stop_request)
    if before is None or (cause == "force-stop" and before.get("cause") != "force-stop"):
        _write_request(paths, paths.stop_request, {"cause": cause, "timeoutSeconds": timeout_seconds})
    send_signal(supervisor, signal.SIGUSR1)


def ask_to_save(paths, supervisor, token, timeout_seconds):
    """Asks for a checkpoint; the answer has the token."""
    _write_request(paths, paths.save_request, {"token": token, "timeoutSeconds": timeout_seconds})
    send_signal(supervisor, signal.SIGUSR1)


def _write_request(paths, path, content):
    try:
        write_json(path, content)
    except OSError:
        # A trainer that has filled the disk is to be stopped all the more.
        if not give_some_room(paths):
            raise
        write_json(path, content)


class StopInbox:
    """The supervisor's side of `ask_to_stop`."""

    def __init__(self, path):
        self._path = path
        self._command = None

    def look(self):
        content = read_json(self._path)
        if content is None:
            return self._command
        cause, timeout_seconds = content.get("cause"), content.get("timeoutSeconds", 0)
        if self._command is None or self._command.cause != cause:
            log("asked to stop: %s, within %s s" % (cause, timeout_seconds))
            self._command = StopCommand(cause, timeout_seconds, time.monotonic())
        return self._command


class SaveInbox:
    """The supervisor's side of `ask_to_save`: signals the trainer if so configured, answers once it is published."""

    def __init__(self, paths, checkpoint_signal):
        self._paths = paths
        self._signal_number = _signal_number(checkpoint_signal)
        self._token = None
        self._received_at = 0.0
        self._timeout_seconds = 0.0
        self._prefix_before = None
        self.is_waiting = False

    def look(self, trainer, publisher):
        content = read_json(self._paths.save_request)
        if content is not None and content.get("token") != self._token:
            self._token = content.get("token")
            self._received_at = time.monotonic()
            self._timeout_seconds = content.get("timeoutSeconds", 0)
            self._prefix_before = _prefix(publisher)
            self.is_waiting = True
            if self._signal_number is not None and trainer is not None:
                trainer.signal(self._signal_number)
        if self.is_waiting and self._is_answered(publisher):
            self.is_waiting = False
            self._answer(publisher.checkpoint)

    def _answer(self, checkpoint):
        try:
            write_json(self._paths.save_reply, {"token": self._token, "checkpoint": checkpoint})
        except OSError as error:
            # A full disk: who asked gives up at its timeout.
            log("save-reply.json cannot be written: %s" % error)

    def _is_answered(self, publisher):
        if publisher.is_finished or time.monotonic() - self._received_at > self._timeout_seconds:
            return True
        if self._signal_number is not None:
            return _prefix(publisher) != self._prefix_before
        return publisher.settled_look_at > self._received_at


def _prefix(publisher):
    return publisher.checkpoint["prefix"] if publisher.checkpoint else None


def _signal_number(name):
    try:
        return signal.Signals[name] if name else None
    except KeyError:
        log("checkpointSignal %s is no signal" % name)
        return None
