"""From `start` to a published result, with real processes and a real wire."""

import json
import os
import subprocess
import unittest

from .scripts import TRAINER
from .support.instance import SupervisorTest, attempt, wait_until


class LifecycleTest(SupervisorTest):
    def test_a_training_runs_to_its_end_and_its_checkpoints_are_published(self):
        self.start(TRAINER, scriptArgs=["20", "5", "0.02"])
        report = self.wait_for_state("ended")
        result = report["result"]
        self.assertEqual((result["exitCode"], result["signal"], result["stopCause"]), (0, None, "own-accord"))
        self.assertIn("done", result["lastLogLines"])
        self.assertEqual(report["progress"]["step"], 20)
        self.assertEqual(report["progress"]["totalSteps"], 20)
        self.assertEqual(report["firstStep"], 1)
        latest = self.latest()
        self.assertEqual((latest["fence"], latest["checkpoint"]["step"]), (1, 20))
        self.assertEqual(report["checkpoint"], latest["checkpoint"])
        manifest = self.cloud.json(latest["checkpoint"]["prefix"] + "manifest.json")
        self.assertEqual([file["path"] for file in manifest["files"]], ["state.json"])
        self.assertEqual(self.cloud.json(latest["checkpoint"]["prefix"] + "state.json"), {"step": 20})
        self.assertFalse(os.path.exists(self.instance.path("training.pid")))
        logs = b"".join(self.cloud.objects[key] for key in self.cloud.keys("runs/r1/logs/1/"))
        self.assertEqual(logs.decode(), self.instance.read("training.log"))
        self.assertEqual(self.cloud.unsigned_requests, [])
        wait_until(lambda: not self.instance.processes(), "the supervisor has left")

    def test_the_next_attempt_resumes_from_the_published_checkpoint(self):
        self.start(TRAINER, scriptArgs=["1000", "5", "0.02"])
        wait_until(lambda: (self.latest() or {}).get("checkpoint"), "a first checkpoint")
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=10, cause="interruption"))
        step = answer["checkpoint"]["step"]
        self.assertEqual(answer["report"]["result"]["stopCause"], "interruption")
        self.assertEqual(self.latest()["checkpoint"], answer["checkpoint"])
        self.instance.verb("clean-up", attempt())
        resume = {"step": step, "prefix": answer["checkpoint"]["prefix"]}
        args = [str(step + 3), "5", "0.01"]
        self.start(TRAINER, scriptArgs=args, attempt_number=2, resumeFrom=resume)
        report = self.wait_for_state("ended")
        self.assertEqual(report["firstStep"], step + 1)
        self.assertIn("resumed at %d" % step, self.instance.read("training.log"))
        self.assertEqual(self.latest()["checkpoint"]["step"], step + 3)
        self.assertEqual(self.latest()["fence"], 2)

    def test_clean_up_leaves_logs_and_last_words_only(self):
        self.start(TRAINER, scriptArgs=["1000", "5", "0.05"])
        self.wait_for_state("training")
        removed = self.instance.verb("clean-up", attempt())["removed"]
        self.assertIn("training.pid", removed)
        self.assertIn("lock", removed)
        kept = {"request.json", "report.json", "training.log", "supervisor.log", "publications.json"}
        kept |= {"progress.jsonl", "log-publication.json", "result.json"}
        self.assertLessEqual(set(os.listdir(self.instance.path())), kept)
        self.assertEqual(self.instance.processes(), [])
        self.assertEqual(self.instance.verb("clean-up", attempt())["removed"], [])
        self.assertEqual(self.instance.verb("clean-up", attempt(2))["removed"], [])

    def test_the_trainer_knows_its_run_and_its_folders(self):
        script = """
import json, os, signal, sys
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "signals are as a script expects them"
print(json.dumps({k: v for k, v in os.environ.items() if k.startswith(("RUNCTL_", "MY"))}))
print(sys.argv[1:], os.getcwd())
"""
        self.start(script, scriptArgs=["--epochs", "3", "a b"], environment={"MY_VALUE": "x y"})
        self.wait_for_state("ended")
        first, second = self.instance.read("training.log").splitlines()
        seen = json.loads(first)
        self.assertEqual((seen["RUNCTL_RUN_ID"], seen["RUNCTL_ATTEMPT"], seen["MY_VALUE"]), ("r1", "1", "x y"))
        self.assertEqual(seen["RUNCTL_CHECKPOINT_DIR"], self.instance.path("checkpoints"))
        self.assertNotIn("RUNCTL_RESUME_FROM", seen)
        self.assertEqual(second, "['--epochs', '3', 'a b'] " + self.instance.path("code"))

    def test_what_is_no_python_script_is_executed(self):
        self.start({"run.sh": "#!/bin/sh\necho from a shell; exit 3\n"})
        report = self.wait_for_state("ended")
        self.assertEqual(report["result"]["exitCode"], 3)
        self.assertIn("from a shell", report["result"]["lastLogLines"])

    def test_start_returns_although_its_output_is_a_pipe_that_the_daemon_could_hold(self):
        request = self.request({"train.py": TRAINER}, scriptArgs=["1000", "100", "0.05"])
        process = self.instance.start_verb("start", request)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail("the daemon keeps the pipe of the command open")


if __name__ == "__main__":
    unittest.main()
