"""A disk that is full, a storage that is away, slow or cut off, and a clock that is wrong."""

import json
import os
import signal
import subprocess
import time
import unittest

from .scripts import TRAINER
from .support.cloud import CUT
from .support.instance import SupervisorTest, attempt, wait_until

# Saves a first checkpoint, then fills the disk with a second one, as a model that has grown does.
FILLS_THE_DISK = """
import os, sys, time
folder = os.environ["RUNCTL_CHECKPOINT_DIR"]
def save(step, size):
    path = os.path.join(folder, "step_%d.pt" % step)
    with open(path + ".tmp", "wb") as file:
        for _ in range(size // 1024):
            file.write(bytes(1024))
    os.rename(path + ".tmp", path)
save(1, 4096)
print("step 1/2", flush=True)
while not os.path.exists(os.path.join(folder, "..", "..", "go-on")):
    time.sleep(0.05)
try:
    save(2, 1 << 30)
except OSError as error:
    print("cannot save:", error, flush=True)
    THEN
"""


class FullDiskTest(SupervisorTest):
    """On a file system of a few megabytes."""

    def mount(self, folder):
        os.makedirs(folder)
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            self.skipTest("a file system of its own needs root")
        # Before the folder is removed: cleanups run last first.
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=False)
        self.addCleanup(self.instance.end_processes)

    def start_and_fill(self, then):
        self.mount(self.instance.path())
        self.start(FILLS_THE_DISK.replace("THEN", then))
        wait_until(lambda: (self.latest() or {}).get("checkpoint"), "the first checkpoint")
        open(os.path.join(self.instance.root, "go-on"), "w").close()

    def test_a_trainer_that_fills_it_is_told_to_have_failed_and_why(self):
        self.start_and_fill("raise")
        report = self.wait_for_state("ended")
        self.assertEqual((report["result"]["exitCode"], report["result"]["stopCause"]), (1, "own-accord"))
        self.assertIn("No space left on device", report["result"]["lastLogLines"])
        self.assertEqual(report["checkpoint"]["step"], 1)
        self.assertEqual(self.instance.report()["state"], "ended")
        self.assertIn("No space left on device", self.published_log())

    def test_a_trainer_that_goes_on_can_be_watched_and_stopped(self):
        self.start_and_fill("time.sleep(600)")
        wait_until(lambda: self.free_bytes() == 0, "the disk to be full")
        answer = self.instance.verb("status", {"renewLease": True})
        self.assertTrue(answer["ok"], answer)
        wait_until(lambda: "No space left on device" in self.published_log(), "the log in the bucket")
        answer = self.instance.verb("stop", attempt())
        self.assertTrue(answer["ok"], answer)
        self.assertEqual(answer["report"]["result"]["stopCause"], "force-stop")
        self.assertEqual(answer["report"]["checkpoint"]["step"], 1)
        self.assertIn("checkpoints", self.instance.verb("clean-up", attempt())["removed"])

    def test_a_supervisor_that_is_killed_on_it_is_replaced(self):
        self.start_and_fill("time.sleep(600)")
        wait_until(lambda: self.free_bytes() == 0, "the disk to be full")
        before = self.instance.report()
        os.kill(before["supervisor"]["pid"], signal.SIGKILL)
        wait_until(lambda: before["supervisor"]["pid"] not in self.instance.processes(), "its death")
        self.assertEqual(self.instance.report()["trainer"], before["trainer"])
        pid = json.loads(self.instance.read("lock"))["supervisor"]["pid"]
        self.assertNotEqual(pid, before["supervisor"]["pid"])
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 1, "a second")
        self.assertIn(pid, self.instance.processes())
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=5, cause="stop"))
        self.assertTrue(answer["ok"], answer)
        self.assertEqual(answer["report"]["result"]["stopCause"], "stop")

    def test_data_that_does_not_fit_is_told_at_once(self):
        self.mount(os.path.join(self.instance.root, "data"))
        self.cloud.objects["set/big"] = bytes(12 * 1024 * 1024)
        self.start("", data={"inputUri": "s3://test-bucket/set", "outputUri": None})
        failure = self.wait_for_state("ended")["preparationFailure"]
        self.assertEqual(failure["code"], "data-failed")
        self.assertIn("No space left on device", failure["message"])

    def test_code_that_does_not_fit_is_told_at_once_although_nothing_else_fits_either(self):
        self.mount(self.instance.path())
        self.start({"train.py": "", "weights": os.urandom(12 * 1024 * 1024)})
        failure = self.wait_for_state("ended")["preparationFailure"]
        self.assertIn("No space left on device", failure["message"])

    def published_log(self):
        return b"".join(self.cloud.objects[key] for key in self.cloud.keys("runs/r1/logs/1/")).decode()

    def free_bytes(self):
        found = os.statvfs(self.instance.path())
        return found.f_bavail * found.f_frsize


class StorageAwayTest(SupervisorTest):
    def test_a_storage_that_cuts_every_connection_costs_the_trainer_nothing_and_gets_the_newest_when_it_is_back(self):
        self.start(TRAINER, scriptArgs=["100000", "20", "0.02"])
        wait_until(lambda: (self.latest() or {}).get("checkpoint"), "a first checkpoint")
        first = self.latest()["checkpoint"]["step"]
        tries = []
        self.cloud.storage_fault = lambda method, key: tries.append(key) or CUT
        self.wait_for_log("step %d/" % (first + 200))
        self.assertEqual(self.latest()["checkpoint"]["step"], first)
        self.assertIn("not published yet", str(self.instance.written_report()["warnings"]))
        self.assertIn(len(tries), range(3, 60), "asked again, but not without pause")
        self.cloud.storage_fault = None
        wait_until(lambda: self.latest()["checkpoint"]["step"] > first + 200, "the newest checkpoint", 30)

    def test_outputs_that_are_refused_at_the_end_are_asked_for_at_a_walking_pace(self):
        tries = []

        def refuse(method, key):
            if method != "PUT" or not key.startswith("results/"):
                return None
            tries.append(key)
            return (403, "AccessDenied")

        self.cloud.storage_fault = refuse
        script = 'import os; open(os.environ["RUNCTL_OUTPUT_DIR"] + "/x", "w").write("x")'
        data = {"inputUri": None, "outputUri": "s3://test-bucket/results"}
        self.start(script, data=data, outputIndexKey="runs/r1/outputs.json")
        wait_until(lambda: tries, "the first try")
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 4, "four seconds")
        self.assertIn(len(tries), range(2, 8))
        self.cloud.storage_fault = None
        self.assertIsNone(self.wait_for_state("ended")["result"]["warning"])
        self.assertEqual(self.cloud.objects["results/x"], b"x")


if __name__ == "__main__":
    unittest.main()
