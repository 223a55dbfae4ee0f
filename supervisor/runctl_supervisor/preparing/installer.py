"""Runs the programs that install, with their output in the training's log; all of them end when nobody waits any more."""

import os
import signal
import subprocess
import threading
import time

from .. import limits
from ..preparation_failure import Cancelled, PreparationFailure
from ..texts import last_bytes, last_lines_of_file


class Installer:
    """One program at a time, each in a process group of its own; `cancel` ends it and all that come after it."""

    def __init__(self, training_log, environment):
        self._training_log = training_log
        self._log_path = training_log.path
        self._environment = environment
        self._cancelled = threading.Event()
        self._deadline = time.monotonic() + limits.INSTALLATION_MAX_SECONDS

    def cancel(self):
        self._cancelled.set()

    def tell(self, sentence):
        """One line of ours in the log."""
        self._training_log.append_own(sentence)

    def run(self, command, directory, what, **more_environment):
        """Runs a command to its end. Raises PreparationFailure with the last lines that it printed."""
        self._check()
        try:
            with open(self._log_path, "ab") as log:
                first_byte = log.tell()
                process = subprocess.Popen(
                    command,
                    cwd=directory,
                    env={**self._environment, **more_environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise PreparationFailure("dependencies-failed", "%s: %s" % (what, error)) from error
        try:
            exit_code = self._await_end(process)
        finally:
            _kill_group(process)
        if exit_code is None:
            self._fail(what, "did not end within %d minutes" % (limits.INSTALLATION_MAX_SECONDS // 60), first_byte)
        if exit_code != 0:
            self._fail(what, "failed with exit code %d" % exit_code, first_byte)

    def _await_end(self, process):
        while True:
            self._check()
            try:
                return process.wait(limits.INSTALLER_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() > self._deadline:
                    return None

    def _check(self):
        if self._cancelled.is_set():
            raise Cancelled()

    def _fail(self, what, how, first_byte):
        head = "%s %s:\n" % (what, how)
        room = limits.MESSAGE_MAX_BYTES - len(head.encode())
        printed = last_bytes(last_lines_of_file(self._log_path, room, first_byte=first_byte), room)
        raise PreparationFailure("dependencies-failed", head + printed)


def _kill_group(process):
    """What the program left behind goes with it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nothing left, or nothing but zombies.
        pass
    process.wait()
