"""One Run Command script while it runs, with the semantics of amazon-ssm-agent's AWS-RunShellScript."""

import os
import shlex
import signal
import time

import process_tree

COPY_BYTES = 65536
# Exit codes to which the agent gives a meaning of its own.
EXIT_REBOOT = 194
EXIT_STOPPED = 137
EXIT_SUCCESS = 168
EXIT_FAILURE = 169


class Command:
    """A script in a process group of its own. It is over once it has exited AND both pipes have reached their end."""

    def __init__(self, spec, folder):
        self.spec = spec
        self.folder = folder
        self.command_id = spec["commandId"]
        self.stopped_as = None
        self.wait_status = None
        self.started_at = time.time()
        self.deadline = time.monotonic() + spec["executionTimeoutSeconds"]
        os.makedirs(folder, exist_ok=True)
        script = os.path.join(folder, "_script.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write("\n".join(spec["commands"]) + "\n")
        os.chmod(script, 0o700)
        self.copies = {}
        writing = []
        for name in ("stdout", "stderr"):
            reads, writes = os.pipe()
            os.set_blocking(reads, False)
            file = os.open(os.path.join(folder, name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            self.copies[reads] = file
            writing.append(writes)
        self.pid = self._fork(script, writing)
        for descriptor in writing:
            os.close(descriptor)

    def _fork(self, script, writing):
        pid = os.fork()
        if pid > 0:
            return pid
        try:
            process_tree.reset_signals()
            os.setpgid(0, 0)
            directory = self.spec.get("workingDirectory") or ""
            os.chdir(directory if os.path.isabs(directory) else os.environ["HOME"])
            null = os.open(os.devnull, os.O_RDONLY)
            for target, source in ((0, null), (1, writing[0]), (2, writing[1])):
                os.dup2(source, target)
            environment = dict(os.environ, SSM_COMMAND_ID=self.command_id)
            os.execvpe("sh", ["sh", "-c", shlex.quote(script)], environment)
        except OSError as error:
            os.write(writing[1], ("%s\n" % error).encode())
        finally:
            os._exit(1)

    def copy(self, descriptor):
        """Copies what there is; returns False once the pipe has ended."""
        try:
            read = os.read(descriptor, COPY_BYTES)
        except BlockingIOError:
            return True
        if read:
            os.write(self.copies[descriptor], read)
            return True
        os.close(self.copies.pop(descriptor))
        os.close(descriptor)
        return False

    def stop(self, how):
        """SIGKILL to the process group, without a SIGTERM before it; processes that left the group live on."""
        if self.stopped_as is None:
            self.stopped_as = how
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    @property
    def is_over(self):
        return self.wait_status is not None and not self.copies

    @property
    def wants_reboot(self):
        return self.stopped_as is None and self._exit_code() == EXIT_REBOOT

    def _exit_code(self):
        return os.WEXITSTATUS(self.wait_status) if os.WIFEXITED(self.wait_status) else -1

    def result(self):
        """Returns the fields of the finished state file."""
        code = self._exit_code()
        notes = {}
        if self.stopped_as == "cancelled":
            status, details, code = "Cancelled", "Cancelled", EXIT_STOPPED
        elif self.stopped_as == "timed-out" or code == EXIT_STOPPED:
            status, details, code = "TimedOut", "ExecutionTimedOut", EXIT_STOPPED
        elif code == EXIT_SUCCESS:
            status, details = "Success", "Success"
            notes = {"dropsStderr": True, "stdoutNote": _step_note(code, "Succeeded")}
        elif code == EXIT_FAILURE:
            status, details = "Failed", "Failed"
            notes = {"stdoutNote": _step_note(code, "Failed")}
        elif code == 0:
            status, details = "Success", "Success"
        else:
            status, details = "Failed", "Failed"
            said = "signal: killed by signal" if code == -1 else "exit status %d" % code
            notes = {"stderrNote": "failed to run commands: %s" % said}
        return dict(
            notes,
            state="done",
            status=status,
            statusDetails=details,
            responseCode=code,
            startedAt=self.started_at,
            endedAt=time.time(),
        )


def _step_note(code, verdict):
    return (
        "Step exited with code %d. Therefore, marking step as %s. "
        "Further document steps will be skipped." % (code, verdict)
    )
