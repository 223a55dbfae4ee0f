"""An instance of the tests: a root folder of its own, the packed supervisor, and verbs called as SSM would."""

import base64
import functools
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import zipfile

from .cloud import BUCKET, TestCloud

_SUPERVISOR_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def wait_until(condition, what, seconds=20.0):
    """The first true value of the condition; fails the test when it does not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.03)
    raise AssertionError("waited %g s in vain: %s" % (seconds, what))


class Instance:
    """One machine. `reboot` changes its boot id; `close` ends all of its processes."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.root = tempfile.mkdtemp(prefix="runctl-test-")
        # What a verb is run by; nothing where it runs as this process does.
        self.runner = []
        self.archive = os.path.join(self.root, "supervisor.pyz")
        with open(self.archive, "wb") as file:
            file.write(_packed())
        self._boot_id_file = os.path.join(self.root, "boot-id")
        self.reboot()
        self.environment = {
            "PATH": os.path.join(self.root, "bin") + ":" + os.environ["PATH"],
            "RUNCTL_ROOT": self.root,
            "RUNCTL_BOOT_ID_FILE": self._boot_id_file,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": cloud.origin,
            "AWS_ENDPOINT_URL": cloud.origin,
        }
        # The `shutdown` of this machine leaves a note.
        os.mkdir(os.path.join(self.root, "bin"))
        shutdown = os.path.join(self.root, "bin", "shutdown")
        with open(shutdown, "w", encoding="ascii") as file:
            file.write('#!/bin/sh\necho "$@" >"%s/was-shut-down"\n' % self.root)
        os.chmod(shutdown, 0o755)

    def reboot(self):
        with open(self._boot_id_file, "w", encoding="ascii") as file:
            file.write("boot-%s\n" % time.monotonic_ns())

    def path(self, *names):
        return os.path.join(self.root, "training", *names)

    def start_verb(self, verb, request=None, nonce="n1"):
        """The verb as a process, for calls that overlap."""
        arguments = [*self.runner, sys.executable, self.archive, verb, "--nonce", nonce]
        if request is not None:
            arguments += ["--request", base64.b64encode(json.dumps(request).encode()).decode()]
        return subprocess.Popen(
            arguments, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def answer_of(self, process, nonce="n1"):
        """The one line of JSON; checks what holds for every answer."""
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, (process.returncode, errors)
        assert output.endswith(b"\n") and output.count(b"\n") == 1, (output, errors)
        assert len(output) <= 2400, len(output)
        answer = json.loads(output)
        assert answer["nonce"] == nonce, answer
        return answer

    def verb(self, verb, request=None):
        return self.answer_of(self.start_verb(verb, request))

    def report(self):
        return self.verb("status")["report"]

    def written_report(self):
        """What the supervisor wrote last, without a verb: for waiting, which would start many processes otherwise."""
        try:
            return json.loads(self.read("report.json"))
        except ValueError:
            return None

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def processes(self):
        """Pids of everything that runs in this instance's environment."""
        marker = b"RUNCTL_ROOT=" + self.root.encode()
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open("/proc/%s/environ" % name, "rb") as file:
                        if marker in file.read().split(b"\0"):
                            found.append(int(name))
                except OSError:
                    continue
        return found

    def close(self):
        self.end_processes()
        shutil.rmtree(self.root, ignore_errors=True)

    def end_processes(self):
        for _ in range(100):
            processes = self.processes()
            if not processes:
                break
            for pid in processes:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)


class SupervisorTest(unittest.TestCase):
    """A test with a cloud and one instance; nothing of either outlives it."""

    maxDiff = None

    def setUp(self):
        self.cloud = self.make_cloud()
        self.addCleanup(self.cloud.close)
        self.instance = Instance(self.cloud)
        self.addCleanup(self.instance.close)

    def make_cloud(self):
        return TestCloud()

    def request(self, files, attempt_number=1, **changes):
        """A StartRequest; `files` (name → text) become the staged code, the first is the script."""
        archive = _archive(files)
        sha256 = hashlib.sha256(archive).hexdigest()
        self.cloud.objects["code/%s.tar.gz" % sha256] = archive
        request = {
            "version": 1,
            "runId": "r1",
            "attemptNumber": attempt_number,
            "region": "us-east-1",
            "bucket": BUCKET,
            "code": {"key": "code/%s.tar.gz" % sha256, "sha256": sha256},
            "script": next(iter(files)),
            "scriptArgs": [],
            "environment": {},
            "resumeFrom": None,
            "checkpointPrefix": "runs/r1/checkpoints/",
            "latestKey": "runs/r1/checkpoints/latest.json",
            "logPrefix": "runs/r1/logs/%d/" % attempt_number,
            "saveTimeoutSeconds": 10,
            "leaseSeconds": 600,
            "mayShutDown": False,
            "noticePollSeconds": 0.2,
            "markerName": "training_complete.txt",
            "completionGraceSeconds": 0.3,
            "logPattern": None,
            "checkpointSignal": None,
        }
        return {**request, **changes}

    def start(self, files, **changes):
        if isinstance(files, str):
            files = {"train.py": files}
        request = self.request(files, **changes)
        answer = self.instance.verb("start", request)
        self.assertTrue(answer["ok"], answer)
        self.assertIn("started", answer)
        return request

    def wait_for_state(self, *states, seconds=20.0):
        """The first report that was written in one of the states."""

        def report_in_state():
            report = self.instance.written_report()
            return report if report and report["state"] in states else None

        try:
            return wait_until(report_in_state, "state %s" % (states,), seconds)
        except AssertionError:
            raise AssertionError(
                "never %s: %s\n%s" % (states, self.instance.report(), self.instance.read("supervisor.log"))
            ) from None

    def wait_for_log(self, text):
        wait_until(lambda: text in self.instance.read("training.log"), "log line %r" % text)

    def latest(self):
        return self.cloud.json("runs/r1/checkpoints/latest.json")


def attempt(number=1, **more):
    return {"runId": "r1", "attemptNumber": number, **more}


def _archive(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            content = text if isinstance(text, bytes) else text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755
            # Newer than anything the test makes, so that age alone cannot tell what came with the code.
            member.mtime = int(time.time()) + 3600
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@functools.lru_cache(maxsize=None)
def _packed():
    """The archive as the worker packs it: `__main__.py` and the package, no tests."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(os.path.join(_SUPERVISOR_FOLDER, "__main__.py"), "__main__.py")
        for folder, _, names in os.walk(os.path.join(_SUPERVISOR_FOLDER, "runctl_supervisor")):
            for path in (os.path.join(folder, name) for name in names if name.endswith(".py")):
                archive.write(path, os.path.relpath(path, _SUPERVISOR_FOLDER))
    return buffer.getvalue()
