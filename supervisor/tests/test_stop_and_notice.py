"""Ways to end a trainer: notice, stop, force, lease; and trainers that do not want to end."""

import os
import signal
import time
import unittest

from .scripts import IGNORES_SIGTERM, TRAINER
from .support.instance import SupervisorTest, attempt, wait_until

FOREVER = ["100000", "1000000", "0.02"]


class NoticeTest(SupervisorTest):
    def test_the_supervisor_hears_a_notice_alone_saves_and_publishes(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        self.wait_for_log("step 5/")
        self.cloud.interrupt(120)
        began = time.monotonic()
        self.wait_for_log("stopped")
        self.assertLess(time.monotonic() - began, 2.0)
        report = self.wait_for_state("ended")
        self.assertEqual((report["result"]["stopCause"], report["result"]["exitCode"]), ("interruption", 0))
        self.assertEqual(report["notice"]["action"], "terminate")
        self.assertEqual(self.latest()["checkpoint"]["step"], report["progress"]["step"])
        self.assertIn('"terminate"', self.instance.read("notice.json"))

    def test_a_trainer_that_ignores_the_signal_is_killed_in_time_to_publish_what_is_there(self):
        script = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
folder = os.environ["RUNCTL_CHECKPOINT_DIR"]
open(folder + "/step-3.pt.tmp", "w").write("x" * 100)
os.rename(folder + "/step-3.pt.tmp", folder + "/step-3.pt")
open(folder + "/step-9.pt.tmp", "w").write("half")
print("ready", flush=True)
while True: time.sleep(1)
"""
        self.start(script)
        self.wait_for_log("ready")
        self.cloud.interrupt(3)
        began = time.monotonic()
        report = self.wait_for_state("ended")
        self.assertLess(time.monotonic() - began, 3.5)
        self.assertEqual((report["result"]["signal"], report["result"]["stopCause"]), ("SIGKILL", "interruption"))
        self.assertEqual(self.latest()["checkpoint"]["step"], 3)
        self.assertEqual([key for key in self.cloud.keys("runs/r1/checkpoints/9")], [])

    def test_half_a_checkpoint_at_the_moment_of_the_kill_is_not_published(self):
        script = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
folder = os.environ["RUNCTL_CHECKPOINT_DIR"]
print("ready", flush=True)
with open(folder + "/step-5.pt", "w") as file:
    while True:
        file.write("x" * 10000); file.flush(); time.sleep(0.05)
"""
        self.start(script)
        self.wait_for_log("ready")
        self.cloud.interrupt(3)
        report = self.wait_for_state("ended")
        self.assertIsNone(report["checkpoint"])
        self.assertEqual(self.cloud.keys("runs/r1/checkpoints/"), [])

    def test_a_notice_before_the_trainer_has_begun_ends_the_attempt_without_it(self):
        self.cloud.storage_fault = (503, "SlowDown")
        self.start(TRAINER, scriptArgs=FOREVER)
        self.assertEqual(self.wait_for_state("preparing")["state"], "preparing")
        self.cloud.interrupt(120)
        report = self.wait_for_state("ended")
        self.assertEqual(report["result"]["stopCause"], "interruption")
        self.assertEqual((report["result"]["exitCode"], report["trainer"]), (None, None))

    def test_a_metadata_service_that_fails_or_forgets_tokens_is_survived(self):
        self.cloud.is_metadata_down = True
        self.start(TRAINER, scriptArgs=FOREVER)
        self.wait_for_state("preparing")
        self.cloud.is_metadata_down = False
        self.wait_for_log("step 2/")
        self.cloud.tokens = {token: False for token in self.cloud.tokens}
        self.cloud.interrupt(60)
        self.assertEqual(self.wait_for_state("ended")["result"]["stopCause"], "interruption")

    def test_storage_that_is_away_during_the_notice_gets_the_checkpoint_when_it_is_back(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        self.wait_for_log("step 5/")
        self.cloud.storage_fault = (503, "SlowDown")
        self.cloud.interrupt(30)
        self.wait_for_log("stopped")
        wait_until(lambda: "not published yet" in str(self.instance.written_report()["warnings"]), "a warning")
        self.cloud.storage_fault = None
        report = self.wait_for_state("ended")
        self.assertEqual(self.latest()["checkpoint"], report["checkpoint"])
        self.assertEqual(report["warnings"], [])


class StopTest(SupervisorTest):
    def test_save_and_stop_kills_the_whole_group_at_its_timeout(self):
        script = """
import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "600"]); subprocess.Popen(["setsid", "sleep", "601"])
print("ready", flush=True); time.sleep(600)
"""
        self.start(script)
        self.wait_for_log("ready")
        wait_until(lambda: len(self.instance.processes()) == 5, "three, and supervisor and witness")
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=0.5, cause="stop"))
        result = answer["report"]["result"]
        self.assertEqual((result["signal"], result["stopCause"], answer["checkpoint"]), ("SIGKILL", "stop", None))
        wait_until(lambda: not self.instance.processes(), "nothing is left")

    def test_two_callers_of_save_and_stop_get_the_same_checkpoint(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        self.wait_for_log("step 5/")
        ask = attempt(timeoutSeconds=10, cause="interruption")
        verbs = [self.instance.start_verb("save-and-stop", ask) for _ in range(2)]
        answers = [self.instance.answer_of(verb) for verb in verbs]
        self.assertEqual(answers[0]["checkpoint"], answers[1]["checkpoint"])
        self.assertEqual(self.instance.verb("save-and-stop", ask)["checkpoint"], answers[0]["checkpoint"])

    def test_stop_by_force_does_not_wait_and_cuts_a_gentle_stop_short(self):
        self.start(IGNORES_SIGTERM)
        self.wait_for_log("ready")
        gentle = self.instance.start_verb("save-and-stop", attempt(timeoutSeconds=60, cause="stop"))
        wait_until(lambda: self.instance.written_report()["state"] == "saving", "the gentle stop")
        report = self.instance.verb("stop", attempt())["report"]
        self.assertEqual((report["result"]["signal"], report["result"]["stopCause"]), ("SIGKILL", "force-stop"))
        self.assertEqual(self.instance.answer_of(gentle)["report"]["result"], report["result"])

    def test_a_shell_script_passes_the_wish_to_save_on(self):
        files = {"run.sh": "#!/bin/sh\npython3 train.py 100000 1000000 0.02\necho never\n", "train.py": TRAINER}
        self.start(files)
        self.wait_for_log("step 5/")
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=10, cause="interruption"))
        self.assertIn("stopped", self.instance.read("training.log"))
        self.assertNotIn("never", self.instance.read("training.log"))
        self.assertEqual(answer["checkpoint"]["step"], answer["report"]["progress"]["step"])

    def test_save_publishes_and_lets_train_on(self):
        self.start(TRAINER, scriptArgs=["100000", "20", "0.02"])
        wait_until(lambda: self.latest(), "a first checkpoint")
        answer = self.instance.verb("save", attempt(timeoutSeconds=5))
        self.assertEqual(answer["checkpoint"]["step"] % 20, 0)
        self.assertEqual(self.instance.report()["state"], "training")

    def test_save_asks_a_trainer_that_knows_the_signal(self):
        script = TRAINER.replace("def save", "signal.signal(signal.SIGUSR1, lambda *_: save())\ndef save", 1)
        self.start(script, scriptArgs=FOREVER, checkpointSignal="SIGUSR1")
        self.wait_for_log("step 5/")
        answer = self.instance.verb("save", attempt(timeoutSeconds=5))
        self.assertGreaterEqual(answer["checkpoint"]["step"], 5)
        self.assertEqual(answer["report"]["state"], "training")

    def test_what_is_asked_after_the_trainers_own_end_does_not_change_how_it_ended(self):
        self.start(TRAINER, scriptArgs=["3", "1", "0.2"])
        self.wait_for_log("step 1/")
        # While its last checkpoint cannot be published, there is time for a stop and a notice to come too late.
        self.cloud.storage_fault = (503, "SlowDown")
        self.wait_for_log("done")
        wait_until(lambda: self.instance.written_report()["state"] == "saving", "its end")
        late = self.instance.start_verb("save-and-stop", attempt(timeoutSeconds=10, cause="stop"))
        self.cloud.interrupt(60)
        wait_until(lambda: self.instance.written_report()["notice"], "the notice")
        self.cloud.storage_fault = None
        result = self.instance.answer_of(late)["report"]["result"]
        self.assertEqual((result["stopCause"], result["exitCode"]), ("own-accord", 0))
        self.assertEqual(self.latest()["checkpoint"]["step"], 3)

    def test_a_machine_that_shuts_down_is_an_interruption_not_a_completion(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        self.wait_for_log("step 5/")
        report = self.instance.report()
        # As an init system does it: everybody gets the signal at once.
        os.kill(report["supervisor"]["pid"], signal.SIGTERM)
        os.kill(report["trainer"]["pid"], signal.SIGTERM)
        report = self.wait_for_state("ended")
        self.assertEqual(report["result"]["stopCause"], "interruption")
        self.assertEqual(self.latest()["checkpoint"]["step"], report["progress"]["step"])


class LeaseTest(SupervisorTest):
    def test_a_lease_that_nobody_renews_saves_publishes_and_shuts_the_machine_down(self):
        self.start(TRAINER, scriptArgs=FOREVER, leaseSeconds=2, mayShutDown=True)
        self.wait_for_log("step 5/")
        report = self.wait_for_state("ended")
        self.assertEqual(report["result"]["stopCause"], "lease-expired")
        self.assertEqual(self.latest()["checkpoint"], report["checkpoint"])
        note = os.path.join(self.instance.root, "was-shut-down")
        wait_until(lambda: os.path.exists(note), "shutdown -h now")
        with open(note, encoding="ascii") as file:
            self.assertEqual(file.read(), "-h now\n")

    def test_status_renews_the_lease(self):
        self.start(TRAINER, scriptArgs=FOREVER, leaseSeconds=600)
        self.wait_for_log("step 1/")
        before = self.instance.report()["leaseExpiresAt"]
        answered = self.instance.verb("status", {"renewLease": True})["report"]["leaseExpiresAt"]
        self.assertGreater(answered, before)
        wait_until(lambda: self.instance.report()["leaseExpiresAt"] > before, "the supervisor to count from the renewal")

    def test_an_ended_attempt_still_ends_its_machine_and_gives_way_to_the_next(self):
        self.start(TRAINER, scriptArgs=["2", "1", "0"], mayShutDown=True)
        first = self.wait_for_state("ended")
        self.start(TRAINER, scriptArgs=["2", "1", "0"], attempt_number=2, leaseSeconds=1, mayShutDown=True)
        self.assertNotEqual(self.wait_for_state("ended")["supervisor"], first["supervisor"])
        wait_until(lambda: os.path.exists(os.path.join(self.instance.root, "was-shut-down")), "shutdown")


class LeftBehindTest(SupervisorTest):
    def test_what_the_trainer_forked_ends_with_it(self):
        self.start('import subprocess; subprocess.Popen(["setsid", "sleep", "600"])')
        self.wait_for_state("ended")
        wait_until(lambda: not self.instance.processes(), "nothing is left")


if __name__ == "__main__":
    unittest.main()
