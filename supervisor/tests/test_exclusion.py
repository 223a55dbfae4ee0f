"""One training per instance, whatever comes at the same time and whoever was killed before."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from runctl_supervisor.processes.identity import identity_of, is_alive
from runctl_supervisor.verbs.lock import read_lock_owner, try_lock

from .scripts import TRAINER
from .support.instance import SupervisorTest, attempt, wait_until

FOREVER = ["100000", "1000", "0.05"]
SUPERVISOR_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Prints how the trainer of a supervisor ended that did not come to let it begin, as the witness of both sees it.
DIES_BEFORE_GO = """
import os, sys
from runctl_supervisor.processes.exit_status import exit_status_of
from runctl_supervisor.processes.process_trainer import become_subreaper, start_trainer
become_subreaper()
supervisor = os.fork()
if supervisor == 0:
    start_trainer(["echo", "began"], "/", dict(os.environ), sys.argv[1], lambda identity: os._exit(0))
os.waitpid(supervisor, 0)
print(exit_status_of(os.waitid(os.P_ALL, 0, os.WEXITED)))
"""
COUNTED = 'import os\nopen(os.path.join(os.environ["RUNCTL_ROOT"], "starts"), "a").write("x")\n' + TRAINER


class ExclusionTest(SupervisorTest):
    def test_of_many_starts_at_the_same_moment_exactly_one_starts_a_trainer(self):
        requests = [self.request({"train.py": COUNTED}, number, scriptArgs=FOREVER) for number in (1, 2, 1, 2, 1, 2)]
        verbs = [self.instance.start_verb("start", request) for request in requests]
        answers = [self.instance.answer_of(verb) for verb in verbs]
        self.wait_for_state("training")
        report = self.instance.report()
        for request, answer in zip(requests, answers):
            self.assertTrue(answer["ok"], answer)
            if request["attemptNumber"] == report["attemptNumber"]:
                self.assertEqual(answer["started"]["supervisor"], report["supervisor"])
            else:
                self.assertEqual(answer["alreadyRunning"]["attemptNumber"], report["attemptNumber"])
        wait_until(lambda: os.path.exists(os.path.join(self.instance.root, "starts")), "the trainer")
        self.wait_for_log("step 3/")
        with open(os.path.join(self.instance.root, "starts"), encoding="ascii") as file:
            self.assertEqual(file.read(), "x")

    def test_a_start_repeated_by_its_caller_starts_nothing_new(self):
        request = self.start(TRAINER, scriptArgs=FOREVER)
        report = self.wait_for_state("training")
        again = self.instance.verb("start", request)
        self.assertEqual(again["started"]["supervisor"], report["supervisor"])
        self.assertEqual(self.instance.report()["trainer"], report["trainer"])

    def test_a_start_repeated_after_the_end_starts_nothing_new(self):
        request = self.start(TRAINER, scriptArgs=["2", "1", "0"])
        before = self.wait_for_state("ended")
        self.assertEqual(self.instance.report(), before)
        self.assertIn("started", self.instance.verb("start", request))
        self.assertEqual(self.instance.report(), before)

    def test_another_run_is_told_who_trains_here(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        report = self.wait_for_state("training")
        other = self.request({"train.py": TRAINER}, runId="r2", scriptArgs=FOREVER)
        running = self.instance.verb("start", other)["alreadyRunning"]
        self.assertEqual((running["pid"], running["runId"]), (report["trainer"]["pid"], "r1"))
        self.assertLess(abs(time.time() - _seconds(running["since"])), 60)

    def test_a_lock_whose_owner_is_dead_is_no_lock(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        report = self.wait_for_state("training")
        os.kill(report["supervisor"]["pid"], signal.SIGKILL)
        os.kill(report["trainer"]["pid"], signal.SIGKILL)
        wait_until(lambda: not self.instance.processes(), "both are dead")
        self.assertEqual(self.instance.report()["state"], "gone")
        self.start(TRAINER, attempt_number=2, scriptArgs=FOREVER)
        self.assertEqual(self.wait_for_state("training")["attemptNumber"], 2)
        pid = report["supervisor"]["pid"]
        self.expect_takeover("attempt 1 of run r1 was taken over: its supervisor (PID %d) lives no more." % pid)

    def test_a_lock_from_before_a_reboot_is_no_lock_whoever_has_its_pid_now(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        report = self.wait_for_state("training")
        for part in ("supervisor", "trainer"):
            os.kill(report[part]["pid"], signal.SIGKILL)
        wait_until(lambda: not self.instance.processes(), "both are dead")
        # Its number belongs to a process that lives, as after a reboot; the number alone says nothing.
        lock = json.loads(self.instance.read("lock"))
        own = identity_of(os.getpid())
        lock["supervisor"].update(pid=own.pid, startTime=own.start_time)
        with open(self.instance.path("lock"), "w", encoding="utf-8") as file:
            json.dump(lock, file)
        self.instance.reboot()
        self.start(TRAINER, runId="r2", scriptArgs=FOREVER)
        self.assertEqual(self.wait_for_state("training")["runId"], "r2")
        self.expect_takeover("attempt 1 of run r1 was taken over: the instance was rebooted since.")

    def test_a_lock_that_was_given_back_leaves_nothing_to_take_over(self):
        self.start(TRAINER, scriptArgs=["2", "1", "0"])
        self.wait_for_state("ended")
        self.assertIn("lock", self.instance.verb("clean-up", attempt())["removed"])
        self.start(TRAINER, runId="r2", scriptArgs=FOREVER)
        self.assertEqual(self.wait_for_state("training")["warnings"], [])
        self.assertNotIn("taken over", self.instance.read("training.log") + self.instance.read("supervisor.log"))

    def expect_takeover(self, words):
        sentence = "The lock left by %s" % words
        self.assertEqual(self.instance.report()["warnings"], [sentence])
        self.assertIn(" %s\n" % sentence, self.instance.read("supervisor.log"))
        self.assertTrue(self.instance.read("training.log").startswith("runctl: %s\n" % sentence))

    def test_of_two_runs_that_start_at_the_same_moment_one_wins_and_the_other_leaves_no_trace(self):
        requests = {run: self.request({"train.py": COUNTED}, runId=run, scriptArgs=FOREVER) for run in ("r1", "r2")}
        verbs = {run: self.instance.start_verb("start", request) for run, request in requests.items()}
        answers = {run: self.instance.answer_of(verb) for run, verb in verbs.items()}
        winner, loser = sorted(answers, key=lambda run: "alreadyRunning" in answers[run])
        self.assertIn("started", answers[winner])
        before = self.wait_for_state("training")
        self.wait_for_log("step 2/")
        running = self.instance.verb("start", requests[loser])["alreadyRunning"]
        self.assertEqual((running["pid"], running["runId"]), (before["trainer"]["pid"], winner))
        kept = {name: self.instance.read(name) for name in ("lock", "training.pid", "request.json", "code/train.py")}
        for verb, more in (("clean-up", {}), ("stop", {}), ("save-and-stop", {"cause": "stop", "timeoutSeconds": 1})):
            answer = self.instance.verb(verb, {"runId": loser, "attemptNumber": 1, **more})
            self.assertEqual(answer.get("removed", []), [])
        self.assertEqual({name: self.instance.read(name) for name in kept}, kept)
        after = self.instance.report()
        self.assertEqual((after["state"], after["trainer"]), ("training", before["trainer"]))
        with open(os.path.join(self.instance.root, "starts"), encoding="ascii") as file:
            self.assertEqual(file.read(), "x")

    def test_a_run_of_the_same_name_of_another_control_plane_is_another_run(self):
        request = self.start(TRAINER, claim="here", scriptArgs=FOREVER)
        before = self.wait_for_state("training")
        elsewhere = attempt(claim="elsewhere")
        running = self.instance.verb("start", {**request, "claim": "elsewhere"})["alreadyRunning"]
        self.assertEqual(running["pid"], before["trainer"]["pid"])
        self.assertEqual(self.instance.verb("clean-up", elsewhere)["removed"], [])
        for verb in ("stop", "save", "save-and-stop"):
            answer = self.instance.verb(verb, {**elsewhere, "cause": "stop", "timeoutSeconds": 1})
            self.assertEqual(answer["error"]["code"], "not-this-attempt")
        self.assertIn("started", self.instance.verb("start", request))
        self.assertEqual(self.instance.report()["trainer"], before["trainer"])
        self.assertEqual(self.instance.verb("stop", attempt(claim="here"))["report"]["state"], "ended")

    def test_an_earlier_attempt_leaves_nothing_that_counts(self):
        script = 'open("training_complete.txt", "w").write("x"); print("step 7/7")\n'
        self.start(script)
        self.assertTrue(self.wait_for_state("ended")["result"]["hasMarker"])
        self.start("", attempt_number=2)
        report = self.wait_for_state("ended")
        self.assertEqual((report["result"]["hasMarker"], report["progress"], report["firstStep"]), (False, None, None))

    def test_a_verb_for_another_attempt_is_refused(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        for verb in ("save", "save-and-stop", "stop"):
            answer = self.instance.verb(verb, attempt(2, timeoutSeconds=1, cause="stop"))
            self.assertEqual(answer["error"]["code"], "not-this-attempt")
        self.assertEqual(self.wait_for_state("training")["attemptNumber"], 1)

    def test_after_a_reboot_a_process_with_the_same_number_is_another_process(self):
        self.start(TRAINER, scriptArgs=FOREVER)
        report = self.wait_for_state("training")
        os.kill(report["supervisor"]["pid"], signal.SIGKILL)
        self.instance.reboot()
        self.assertEqual(self.instance.report()["state"], "gone")
        os.kill(report["trainer"]["pid"], 0)


class AdoptionTest(SupervisorTest):
    """kill -9 of the supervisor while its trainer lives."""

    def kill_supervisor(self, args, with_witness=False):
        self.start(TRAINER, scriptArgs=args)
        wait_until(lambda: (self.instance.written_report() or {}).get("checkpoint"), "a first checkpoint")
        report = self.instance.report()
        if with_witness:
            os.kill(_parent(report["supervisor"]), signal.SIGKILL)
        os.kill(report["supervisor"]["pid"], signal.SIGKILL)
        wait_until(lambda: not _alive(report["supervisor"]), "the supervisor is dead")
        return report

    def test_status_takes_the_trainer_up_again_and_what_it_saves_is_published(self):
        before = self.kill_supervisor(["100000", "5", "0.03"])
        after = self.instance.report()
        self.assertEqual((after["state"], after["trainer"]), ("training", before["trainer"]))
        self.assertNotEqual(after["supervisor"], before["supervisor"])
        self.assertTrue(_alive(after["supervisor"]))
        later_step = before["checkpoint"]["step"] + 10
        wait_until(lambda: self.instance.written_report()["checkpoint"]["step"] >= later_step, "new checkpoints")
        manifests = [key for key in self.cloud.keys("runs/") if key.endswith("manifest.json")]
        steps = [key.split("/")[3].split("-")[0] for key in manifests]
        self.assertEqual(len(steps), len(set(steps)), "no checkpoint was published twice")

    def test_many_looks_at_once_make_one_supervisor_and_start_doubles_nothing(self):
        before = self.kill_supervisor(["100000", "5", "0.03"])
        request = json.loads(self.instance.read("request.json"))
        verbs = [self.instance.start_verb("status") for _ in range(3)]
        verbs += [self.instance.start_verb("start", request) for _ in range(3)]
        for verb in verbs:
            self.assertTrue(self.instance.answer_of(verb)["ok"])
        report = self.instance.report()
        self.assertEqual(report["trainer"], before["trainer"])
        one_each = {report[part]["pid"] for part in ("supervisor", "trainer")}
        witnesses = {_parent(report[part]) for part in ("supervisor", "trainer")}
        self.assertEqual(set(self.instance.processes()), one_each | witnesses)

    def test_save_and_stop_still_saves(self):
        before = self.kill_supervisor(
            ["100000", "20", "0.03"]
        )
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=10, cause="interruption"))
        result = answer["report"]["result"]
        self.assertEqual((result["stopCause"], result["exitCode"], result["signal"]), ("interruption", 0, None))
        self.assertGreater(answer["checkpoint"]["step"], before["checkpoint"]["step"])
        self.assertIn("stopped", self.instance.read("training.log"))
        wait_until(lambda: not self.instance.processes(), "nothing is left")

    def test_how_the_trainer_ends_is_seen_although_its_supervisor_was_killed(self):
        before = self.kill_supervisor(["100000", "20", "0.03"])
        self.assertEqual(self.instance.report()["state"], "training")
        os.kill(before["trainer"]["pid"], signal.SIGTERM)
        report = self.wait_for_state("gone", "ended")
        self.assertEqual((report["result"]["exitCode"], report["result"]["stopCause"]), (0, "own-accord"))
        wait_until(lambda: not self.instance.processes(), "nothing is left")

    def test_an_end_that_nobody_saw_is_no_result_but_what_it_saved_is_published(self):
        before = self.kill_supervisor(["100000", "20", "0.03"], with_witness=True)
        self.assertEqual(self.instance.report()["state"], "training")
        # What was saved while nobody looked could be half of something; from here on everything is seen to arrive.
        saved = before["checkpoint"]["step"]
        wait_until(lambda: self.instance.written_report()["checkpoint"]["step"] > saved, "a checkpoint of its own")
        # Somebody else ends the trainer; it saves and exits with 0, which only a parent could see.
        os.kill(before["trainer"]["pid"], signal.SIGTERM)
        report = self.wait_for_state("gone", "ended")
        self.assertEqual((report["state"], report["result"]), ("gone", None))
        self.assertEqual(self.latest()["checkpoint"]["step"], report["progress"]["step"])
        self.assertEqual(self.instance.read("result.json"), "")

    def end_without_supervisor(self, last_words):
        """A trainer that waits until its supervisor is dead; the report of before."""
        script = """
import os, signal, time
print("began", flush=True)
while not os.path.exists(os.environ["RUNCTL_CHECKPOINT_DIR"] + "/../enough"):
    time.sleep(0.05)
open("training_complete.txt", "w").write("x")
"""
        self.start(script + last_words)
        before = self.wait_for_state("training")
        self.wait_for_log("began")
        os.kill(before["supervisor"]["pid"], signal.SIGKILL)
        wait_until(lambda: not _alive(before["supervisor"]), "the supervisor is dead")
        open(self.instance.path("enough"), "w").close()
        wait_until(lambda: not self.instance.processes(), "the trainer has ended")
        return before

    def test_an_exit_while_there_was_no_supervisor_at_all_becomes_the_result(self):
        self.end_without_supervisor("os._exit(3)")
        self.instance.verb("status")
        result = self.wait_for_state("ended")["result"]
        self.assertEqual((result["exitCode"], result["hasMarker"], result["stopCause"]), (3, True, "own-accord"))

    def test_a_kill_while_there_was_no_supervisor_at_all_is_no_result_whatever_the_script_has_left(self):
        before = self.end_without_supervisor("os.kill(os.getpid(), signal.SIGKILL)")
        for _ in range(2):
            report = self.instance.report()
            self.assertEqual((report["state"], report["result"]), ("gone", None))
        self.assertEqual(self.instance.processes(), [])
        request = json.loads(self.instance.read("request.json"))
        self.assertEqual(self.instance.verb("start", request)["started"]["supervisor"], before["supervisor"])
        self.assertEqual(self.instance.processes(), [], "each attempt gets one trainer")
        self.start("print('again')", attempt_number=2)
        self.assertEqual(self.wait_for_state("ended")["result"]["exitCode"], 0)

    def test_a_script_that_never_began_has_no_exit_code(self):
        """A supervisor that is killed after it has noted its trainer, and before it lets it begin."""
        log = os.path.join(self.instance.root, "never.log")
        ended = subprocess.run([sys.executable, "-c", DIES_BEFORE_GO, log], cwd=SUPERVISOR_FOLDER, stdout=subprocess.PIPE, check=True)
        self.assertEqual(ended.stdout, b"ExitStatus(exit_code=None, signal_name='SIGKILL')\n")
        with open(log, encoding="utf-8") as file:
            self.assertEqual(file.read(), "")

    def test_another_attempt_is_told_that_the_trainer_lives(self):
        before = self.kill_supervisor(["100000", "5", "0.03"])
        other = self.request({"train.py": TRAINER}, 2, scriptArgs=["5", "5", "0"])
        self.assertEqual(self.instance.verb("start", other)["alreadyRunning"]["pid"], before["trainer"]["pid"])

    def test_clean_up_ends_the_trainer_and_what_it_forked_although_nobody_supervises_it(self):
        script = """
import os, subprocess, time
subprocess.Popen(["setsid", "sleep", "600"])
subprocess.Popen(["sh", "-c", "setsid sleep 601 & exit"])
print("forked", flush=True); time.sleep(600)
"""
        self.start(script)
        self.wait_for_log("forked")
        wait_until(lambda: len(self.instance.processes()) == 5, "all of them, and supervisor and witness")
        os.kill(self.instance.report()["supervisor"]["pid"], signal.SIGKILL)
        self.assertIn("trainer", self.instance.verb("clean-up", attempt())["removed"])
        wait_until(lambda: not self.instance.processes(), "nothing is left")


class LockTest(unittest.TestCase):
    def test_an_owner_with_a_shorter_name_replaces_one_with_a_longer_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path, own = os.path.join(folder, "lock"), identity_of(os.getpid())
            lock = try_lock(path)
            for run_id in ("a-run-with-a-long-name", "r1"):
                lock.write_owner(run_id, 1, own)
                self.assertEqual(read_lock_owner(path), (run_id, 1, own))
            self.assertIsNone(try_lock(path))
            lock.release()


class IdentityTest(unittest.TestCase):
    def test_a_process_is_told_by_start_time_and_boot_not_by_number(self):
        child = subprocess.Popen(["sleep", "60"])
        try:
            identity = identity_of(child.pid)
            self.assertTrue(is_alive(identity))
            self.assertFalse(is_alive(identity._replace(start_time="1")))
            self.assertFalse(is_alive(identity._replace(boot_id="another")))
        finally:
            child.kill()
        wait_until(lambda: not is_alive(identity), "a zombie is not alive")
        child.wait()
        self.assertFalse(is_alive(identity))


def _parent(identity):
    with open("/proc/%d/stat" % identity["pid"], encoding="utf-8") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def _alive(identity):
    stat = "/proc/%d/stat" % identity["pid"]
    try:
        with open(stat, encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return fields[0] not in "ZX" and fields[19] == identity["startTime"]
    except OSError:
        return False


def _seconds(instant):
    from runctl_supervisor.instants import instant_seconds

    return instant_seconds(instant)


if __name__ == "__main__":
    unittest.main()
