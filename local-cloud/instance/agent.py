"""The SSM agent of a machine: takes commands from `ssm/inbox`, at most five at a time, and reports into `ssm/state`.

How amazon-ssm-agent 3.3 does it: https://github.com/aws/amazon-ssm-agent (agent/appconfig/constants.go and
agent/framework/processor).
"""

import os
import selectors
import time

import files
from command import Command

RUNNING_LIMIT = 5
QUEUE_LIMIT = 5


class Agent:
    def __init__(self, folder, selector):
        self._ssm = os.path.join(folder, "ssm")
        self._orchestration = os.path.join(
            folder, "var/lib/amazon/ssm", os.environ["AWS_SSM_INSTANCE_ID"], "document/orchestration"
        )
        self._selector = selector
        self._running = {}
        self._queue = []
        self.wants_reboot = False

    def recover(self):
        """After a boot: what was running is lost, unless it asked for the reboot; what was queued is run."""
        for command_id in self._inbox():
            state = self._state(command_id)
            if state is not None and state["state"] == "running":
                self._finish(command_id, _lost(state))
            elif state is not None and state["state"] == "done":
                self._leave_inbox(command_id)
        self.look_at_inbox()

    def look_at_inbox(self):
        for command_id in self._inbox():
            is_cancelled = os.path.exists(os.path.join(self._ssm, "cancel", command_id))
            if command_id in self._running:
                if is_cancelled:
                    self._running[command_id].stop("cancelled")
                continue
            if is_cancelled:
                self._queue = [spec for spec in self._queue if spec["commandId"] != command_id]
                self._finish(command_id, _never_ran("Cancelled", "Cancelled"))
                continue
            if any(spec["commandId"] == command_id for spec in self._queue):
                continue
            # A full agent refuses the message; it stays in the inbox and is offered again.
            if len(self._running) + len(self._queue) < RUNNING_LIMIT + QUEUE_LIMIT:
                self._accept(command_id)
        self.start_queued()

    def _accept(self, command_id):
        spec = files.read_json(os.path.join(self._ssm, "inbox", command_id + ".json"))
        if spec is None:
            return
        # A command that was accepted before a reboot runs after it, however late that is.
        if self._state(command_id) is None and time.time() > spec["deliverBy"]:
            self._finish(command_id, _never_ran("TimedOut", "DeliveryTimedOut"))
            return
        self._queue.append(spec)
        self._write_state(command_id, {"state": "queued", "acceptedAt": time.time()})

    def start_queued(self):
        while self._queue and len(self._running) < RUNNING_LIMIT:
            spec = self._queue.pop(0)
            command_id = spec["commandId"]
            folder = os.path.join(
                self._orchestration, command_id, "awsrunShellScript", "0.awsrunShellScript"
            )
            command = Command(spec, folder)
            self._running[command_id] = command
            self._write_state(command_id, {"state": "running", "startedAt": command.started_at})
            for descriptor in command.copies:
                self._selector.register(descriptor, selectors.EVENT_READ, command)

    def copy_output(self, descriptor):
        command = self._selector.get_key(descriptor).data
        if not command.copy(descriptor):
            self._selector.unregister(descriptor)
        self._finish_if_over(command)

    def note_exits(self, ended):
        for command in list(self._running.values()):
            if command.pid in ended:
                command.wait_status = ended[command.pid]
                self._finish_if_over(command)

    def enforce_deadlines(self):
        for command in self._running.values():
            if time.monotonic() >= command.deadline:
                command.stop("timed-out")

    def seconds_to_next_deadline(self):
        """None when nothing runs that could time out: the loop then sleeps until it is woken."""
        waiting = [c.deadline for c in self._running.values() if c.stopped_as is None]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _finish_if_over(self, command):
        if not command.is_over or command.command_id not in self._running:
            return
        del self._running[command.command_id]
        if command.wants_reboot:
            # The script runs again after the boot, as if it had only been queued.
            self._write_state(command.command_id, {"state": "queued", "acceptedAt": time.time()})
            self.wants_reboot = True
            return
        self._finish(command.command_id, command.result())
        self.look_at_inbox()

    def _finish(self, command_id, state):
        self._write_state(command_id, state)
        self._leave_inbox(command_id)

    def _inbox(self):
        """Returns the ids in the order of arrival."""
        with os.scandir(os.path.join(self._ssm, "inbox")) as entries:
            messages = [entry for entry in entries if entry.name.endswith(".json")]
        messages.sort(key=lambda entry: entry.stat().st_mtime_ns)
        return [entry.name[: -len(".json")] for entry in messages]

    def _leave_inbox(self, command_id):
        os.unlink(os.path.join(self._ssm, "inbox", command_id + ".json"))

    def _state(self, command_id):
        return files.read_json(os.path.join(self._ssm, "state", command_id + ".json"))

    def _write_state(self, command_id, state):
        files.write_json(os.path.join(self._ssm, "state", command_id + ".json"), state)


def _never_ran(status, details):
    return {"state": "done", "status": status, "statusDetails": details, "responseCode": -1}


def _lost(state):
    return {
        "state": "done",
        "status": "Failed",
        "statusDetails": "Failed",
        "responseCode": -1,
        "startedAt": state["startedAt"],
        "endedAt": time.time(),
        "stderrNote": "document process failed unexpectedly: document worker exited, "
        "check [ssm-document-worker]/[ssm-session-worker] log for crash reason",
    }
