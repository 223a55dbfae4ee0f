"""A training in a container is supervised as one without, on a real engine."""

import json
import os
import signal
import time
import unittest

from runctl_supervisor.processes.identity import identity_of, read_stat

from .scripts import IGNORES_SIGTERM, TRAINER
from .support.cloud import TestCloud
from .support.engine import engine, engine_apart, engine_to_end, network_of
from .support.instance import SupervisorTest, attempt, wait_until

FOREVER = ["100000", "5", "0.03"]
# Talks on both streams until it is told that it is enough.
TALKER = '''
import os, sys, time
number = 0
while not os.path.exists(os.environ["RUNCTL_CHECKPOINT_DIR"] + "/../enough"):
    print("line", number, flush=True, file=sys.stderr if number % 3 == 0 else sys.stdout)
    number += 1
    time.sleep(0.002)
print("last", number, flush=True)
sys.exit(3)
'''
HUNGRY = '''
import os, time
while not os.path.exists(os.environ["RUNCTL_CHECKPOINT_DIR"] + "/../limited"):
    time.sleep(0.05)
hoard = bytearray(500_000_000)
'''
# A shell that does not pass signals on, around a training that takes its time to save.
SHELL = "#!/bin/sh\necho begins\npython3 train.py 100000 1000 0.02\necho never\n"
SLOW_SAVER = TRAINER.replace("save()\nprint(", "time.sleep(1)\nsave()\nprint(")


WRITES_IN_PLACE = '''
import os, time
with open(os.environ["RUNCTL_CHECKPOINT_DIR"] + "/step-5.pt", "w") as file:
    print("begins", flush=True)
    while True:
        file.write("x" * 10000); file.flush(); time.sleep(0.02)
'''
# Uses each folder of the contract; a second attempt finds what the first has left.
LEAVES_THINGS = '''
import json, os
folder, outputs = os.environ["RUNCTL_CHECKPOINT_DIR"], os.environ["RUNCTL_OUTPUT_DIR"]
step, resume = 0, os.environ.get("RUNCTL_RESUME_FROM")
if resume is not None:
    step = json.load(open(os.path.join(resume, "state.json")))["step"]
    assert open(os.path.join(outputs, "deep", "score.txt")).read() == "read: a fact"
    assert os.path.isdir(os.path.join("checkpoints", os.path.basename(resume)))
fact = open(os.path.join(os.environ["RUNCTL_DATA_DIR"], "facts.txt")).read()
os.makedirs(os.path.join(outputs, "deep"), exist_ok=True)
with open(os.path.join(outputs, "deep", "score.txt"), "w") as file:
    file.write("read: " + fact)
name = os.path.join(folder, "checkpoint-%d" % (step + 1))
os.mkdir(name + ".tmp")
with open(os.path.join(name + ".tmp", "state.json"), "w") as file:
    json.dump({"step": step + 1}, file)
os.rename(name + ".tmp", name)
assert not os.path.exists(os.environ["RUNCTL_NOTICE_FILE"])
with open(os.environ["RUNCTL_PROGRESS_FILE"], "a") as file:
    file.write(json.dumps({"step": step + 1}) + "\\n")
'''
# The handler runs in Python's own time, so the stacks of both threads have to come from elsewhere.
STUCK_IN_C_AND_PYTHON = '''
import ctypes, os, signal, threading, time
def asked(*_):
    print("asked to end", flush=True)
    os._exit(7)
def stuck_in_c():
    ctypes.CDLL(None).sleep(600)
def stuck_in_python():
    time.sleep(600)
signal.signal(signal.SIGTERM, asked)
threading.Thread(target=stuck_in_c, daemon=True).start()
print("stuck", flush=True)
stuck_in_python()
'''


# Asks the metadata service for the instance's role, as any SDK does.
ASKER = '''
import sys, urllib.request
def ask(path, method="GET", **headers):
    request = urllib.request.Request("http://169.254.169.254" + path, method=method, headers=headers)
    return urllib.request.urlopen(request, timeout=20).read().decode()
try:
    token = ask("/latest/api/token", "PUT", **{"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    print(ask("/latest/meta-data/iam/security-credentials/test-role", **{"X-aws-ec2-metadata-token": token}))
except OSError as error:
    print("nobody:", error)
print("default route:", any(line.split()[1] == "00000000" for line in open("/proc/net/route")))
'''


class ContainerTest(SupervisorTest):
    find_engine = staticmethod(engine)

    def setUp(self):
        self.engine = self.find_engine()
        super().setUp()
        self.instance.environment["DOCKER_HOST"] = self.engine.address
        self.addCleanup(self.remove_containers)

    def remove_containers(self):
        self.instance.close()
        for name in self.containers():
            # What a supervisor that was killed had asked for may be under way.
            wait_until(lambda: not self.engine.can("inspect", name) or self.engine.can("rm", "--force", name), name)

    def containers(self):
        return self.engine.names(self.instance.path())

    def container(self):
        """The name of the one that there is: tests share an engine, so it may have more to it than run and attempt."""
        (name,) = wait_until(self.containers, "a container")
        return name

    def start_in_container(self, files, keep="nothing", metadata="blocked", **changes):
        container = {"image": self.engine.image, "metadata": metadata, "keep": keep}
        return self.start(files, container=container, **changes)

    def ended(self):
        return self.wait_for_state("ended")["result"]

    def kill_supervisor(self):
        report = self.instance.report()
        os.kill(report["supervisor"]["pid"], signal.SIGKILL)
        wait_until(lambda: not _is_running(report["supervisor"]), "the supervisor is dead")
        return report


class ContainerLifeTest(ContainerTest):
    def test_a_training_runs_to_its_end_and_leaves_no_container(self):
        self.start_in_container(TRAINER, runId="named", scriptArgs=["20", "5", "0.05"])
        report = self.wait_for_state("training")
        self.assertEqual(self.containers(), ["runctl-named-1"])
        self.assertEqual(self.engine.inspect("runctl-named-1", "{{.State.Pid}}"), str(report["trainer"]["pid"]))
        identity = json.loads(self.instance.read("training.pid"))
        self.assertEqual(identity["startTime"], identity_of(identity["pid"]).start_time)
        result = self.ended()
        self.assertEqual((result["exitCode"], result["signal"], result["stopCause"]), (0, None, "own-accord"))
        self.assertEqual(self.latest()["checkpoint"]["step"], 20)
        self.assertIn("step 20/20", self.published_log())
        self.assertFalse(os.path.exists(self.instance.path("training.pid")))
        wait_until(lambda: not self.containers(), "no container is left")
        wait_until(lambda: not self.instance.processes(), "the supervisor has left")
        # It was here before: it is the user's.
        self.engine.inspect(self.engine.image, "{{.Id}}")

    def published_log(self):
        return b"".join(self.cloud.objects[key] for key in self.cloud.keys("runs/r1/logs/1/")).decode()

    def test_its_exit_code_is_the_one_of_the_script(self):
        self.start_in_container("import sys; print('bad'); sys.exit(3)")
        result = self.ended()
        self.assertEqual((result["exitCode"], result["signal"], result["lastLogLines"]), (3, None, "bad"))

    def test_its_death_by_a_signal_is_told_as_one(self):
        self.start_in_container("import os; os.kill(os.getpid(), 11)")
        result = self.ended()
        self.assertEqual((result["exitCode"], result["signal"]), (None, "SIGSEGV"))

    def test_a_notice_reaches_the_script_as_SIGTERM_and_what_it_saves_is_published(self):
        self.start_in_container(TRAINER, scriptArgs=["100000", "100000", "0.02"])
        self.wait_for_log("step 3/")
        self.cloud.interrupt(30)
        result = self.ended()
        self.assertEqual((result["exitCode"], result["stopCause"]), (0, "interruption"))
        self.assertGreaterEqual(self.latest()["checkpoint"]["step"], 3)

    def test_a_script_without_a_handler_ends_at_SIGTERM_at_once(self):
        self.start_in_container("import time; print('begins', flush=True); time.sleep(600)")
        self.wait_for_log("begins")
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=60, cause="stop"))
        self.assertEqual(answer["report"]["result"]["signal"], "SIGTERM")

    def test_it_has_secrets_and_data_and_what_is_told_of_it_has_none_of_the_former(self):
        self.cloud.parameters["/key"] = "a-secret-of-the-test"
        self.cloud.objects["data/facts.txt"] = b"a fact"
        script = (
            "import os\nprint(os.environ['KEY'], open(os.environ['RUNCTL_DATA_DIR'] + '/facts.txt').read())\n"
            "raise SystemExit(os.environ['KEY'] != 'a-secret-of-the-test')"
        )
        data = {"inputUri": "s3://test-bucket/data", "outputUri": None}
        self.start_in_container(script, secrets={"KEY": "ssm:/key"}, data=data)
        result = self.ended()
        told = result["lastLogLines"].splitlines()[-1]
        self.assertEqual((result["exitCode"], told), (0, "*" * len("a-secret-of-the-test") + " a fact"))

    def test_the_folders_of_its_contract_are_there_inside_and_what_it_leaves_in_them_is_published(self):
        self.cloud.objects["data/facts.txt"] = b"a fact"
        data = {"inputUri": "s3://test-bucket/data", "outputUri": "s3://test-bucket/results"}
        index = "runs/r1/outputs.json"
        self.start_in_container(LEAVES_THINGS, data=data, outputIndexKey=index)
        self.assertEqual(self.ended()["exitCode"], 0, self.instance.read("training.log"))
        self.assertEqual(self.cloud.objects["results/deep/score.txt"], b"read: a fact")
        checkpoint = self.latest()["checkpoint"]
        self.assertEqual(self.cloud.json(checkpoint["prefix"] + "state.json"), {"step": 1})
        self.instance.verb("clean-up", attempt())
        resume = {"step": 1, "prefix": checkpoint["prefix"]}
        self.start_in_container(
            LEAVES_THINGS, data=data, outputIndexKey=index, resumeFrom=resume, attempt_number=2
        )
        self.assertEqual(self.ended()["exitCode"], 0, self.instance.read("training.log"))
        self.assertEqual(self.latest()["checkpoint"]["step"], 2)

    def test_one_that_hangs_shows_its_stacks_before_it_is_asked_to_end(self):
        self.start_in_container(STUCK_IN_C_AND_PYTHON, hangTimeoutSeconds=1)
        result = self.ended()
        self.assertEqual((result["stopCause"], result["quietSeconds"], result["exitCode"]), ("hung", 1, 7))
        log = self.instance.read("training.log")
        for function in ("stuck_in_python", "stuck_in_c"):
            self.assertLess(log.index("in %s\n" % function), log.index("asked to end"))
        wait_until(lambda: not self.containers(), "no container is left")

    def test_a_lease_that_nobody_renews_ends_it(self):
        self.start_in_container(TRAINER, scriptArgs=FOREVER, leaseSeconds=1)
        self.assertEqual(self.ended()["stopCause"], "lease-expired")
        wait_until(lambda: not self.containers(), "no container is left")

    def test_stop_ends_a_script_that_ignores_SIGTERM(self):
        self.start_in_container(IGNORES_SIGTERM)
        self.wait_for_log("ready")
        answer = self.instance.verb("stop", attempt())
        result = answer["report"]["result"]
        self.assertEqual((result["signal"], result["stopCause"]), ("SIGKILL", "force-stop"))
        wait_until(lambda: not self.containers(), "no container is left")

    def test_what_a_shell_script_started_may_save_before_its_container_ends(self):
        files = {"train.sh": SHELL, "train.py": SLOW_SAVER}
        self.start_in_container(files)
        self.wait_for_log("step 3/")
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=30, cause="interruption"))
        self.assertGreaterEqual(answer["checkpoint"]["step"], 3)
        self.assertEqual(answer["report"]["result"]["signal"], "SIGTERM")
        self.assertIn("stopped", self.instance.read("training.log"))

    def test_a_container_that_ran_out_of_memory_is_told_so(self):
        self.start_in_container(HUNGRY)
        self.wait_for_state("training")
        self.engine.docker("update", "--memory", "60m", "--memory-swap", "60m", self.container())
        open(self.instance.path("limited"), "w").close()
        result = self.ended()
        self.assertEqual((result["signal"], result["isOutOfMemory"]), ("SIGKILL", True))

    def test_what_is_to_stay_stays_and_does_not_disturb_the_next_attempt(self):
        self.start_in_container("print('once')", keep="container-and-image")
        self.ended()
        first = self.container()
        self.instance.verb("clean-up", attempt())
        self.start_in_container("print('again')", attempt_number=2)
        self.assertEqual(self.ended()["lastLogLines"], "again")
        wait_until(lambda: self.containers() == [first], "only the first container is left")
        self.assertEqual(self.engine.docker("logs", first), "once")

    def test_somebody_elses_container_of_that_name_is_left_alone(self):
        self.engine.docker("create", "--name", "runctl-theirs-1", self.engine.image, "true")
        self.addCleanup(self.engine.docker, "rm", "runctl-theirs-1")
        self.start_in_container("print('ours')", runId="theirs")
        self.assertEqual(self.ended()["lastLogLines"], "ours")
        self.engine.inspect("runctl-theirs-1", "{{.Id}}")


class ContainerTakeOverTest(ContainerTest):
    """kill -9 of the supervisor: the engine knows what the kernel would have told a parent only."""

    def test_the_true_exit_code_is_told_and_no_line_is_lost_or_doubled(self):
        self.start_in_container(TALKER)
        for line in (20, 200):
            self.wait_for_log("line %d\n" % line)
            before = self.kill_supervisor()
            after = self.instance.report()
            self.assertEqual((after["state"], after["trainer"]), ("training", before["trainer"]))
        self.wait_for_log("line 400\n")
        self.say_enough()
        result = self.ended()
        self.assertEqual((result["exitCode"], result["stopCause"]), (3, "own-accord"))
        self.assert_whole_log()

    def test_an_end_that_nobody_watched_is_told_all_the_same(self):
        self.start_in_container(TALKER)
        self.wait_for_log("line 5\n")
        self.kill_supervisor()
        name = self.container()
        self.say_enough()
        wait_until(lambda: self.engine.inspect(name, "{{.State.Running}}") == "false", "its end")
        self.instance.verb("status")
        self.assertEqual(self.ended()["exitCode"], 3)
        self.assert_whole_log()
        wait_until(lambda: not self.containers(), "no container is left")

    def test_a_lack_of_memory_that_nobody_watched_is_told_by_the_engine(self):
        self.start_in_container(HUNGRY)
        self.wait_for_state("training")
        name = self.container()
        self.kill_supervisor()
        self.engine.docker("update", "--memory", "60m", "--memory-swap", "60m", name)
        open(self.instance.path("limited"), "w").close()
        wait_until(lambda: self.engine.inspect(name, "{{.State.Running}}") == "false", "its end")
        # The control group is gone by now, and what the whole machine counts has a beginning after it.
        self.instance.verb("status")
        result = self.ended()
        self.assertEqual((result["signal"], result["isOutOfMemory"]), ("SIGKILL", True))

    def test_half_a_checkpoint_of_a_container_that_was_killed_unwatched_is_not_published_however_late_somebody_looks(self):
        self.start_in_container(WRITES_IN_PLACE)
        self.wait_for_log("begins")
        self.kill_supervisor()
        name = self.container()
        self.engine.docker("kill", name)
        killed_at = time.monotonic()
        wait_until(lambda: time.monotonic() - killed_at > 2.5, "longer than a checkpoint has to be stable")
        self.instance.verb("status")
        result = self.ended()
        self.assertEqual((result["signal"], self.instance.report()["checkpoint"]), ("SIGKILL", None))
        self.assertEqual(self.cloud.keys("runs/r1/checkpoints/"), [])

    def say_enough(self):
        open(self.instance.path("enough"), "w").close()

    def assert_whole_log(self):
        """Each line once, and in order within its stream: between two streams the engine keeps no order."""
        *lines, last = self.instance.read("training.log").splitlines()
        numbers = [int(line.split()[1]) for line in lines]
        self.assertEqual(sorted(numbers), list(range(len(numbers))))
        for is_error in (True, False):
            stream = [number for number in numbers if (number % 3 == 0) == is_error]
            self.assertEqual(stream, sorted(stream))
        self.assertEqual(last, "last %d" % len(lines))

    def test_clean_up_after_a_killed_supervisor_leaves_nothing(self):
        self.start_in_container(IGNORES_SIGTERM)
        self.wait_for_log("ready")
        self.kill_supervisor()
        answer = self.instance.verb("clean-up", attempt())
        self.assertIn("trainer", answer["removed"])
        self.assertIn("container", answer["removed"])
        self.assertEqual((self.containers(), self.instance.processes()), ([], []))
        self.assertFalse(os.path.exists(self.instance.path("container.json")))

    def test_after_a_reboot_a_container_of_before_proves_nothing(self):
        self.start_in_container(IGNORES_SIGTERM)
        self.wait_for_log("ready")
        self.kill_supervisor()
        self.instance.reboot()
        self.assertEqual(self.instance.report()["state"], "gone")
        self.instance.verb("clean-up", attempt())
        self.assertEqual(self.containers(), [])


class ContainerNetworkTest(ContainerTest):
    """On an engine with a bridge network, and a metadata service at its real address, as on an instance."""

    find_engine = staticmethod(engine_apart)

    def make_cloud(self):
        with network_of(self.engine.pid):
            return TestCloud(("169.254.169.254", 80))

    def test_the_role_is_there_for_a_container_that_it_is_passed_to_and_for_no_other(self):
        self.instance.runner = ["nsenter", "--net=/proc/%d/ns/net" % self.engine.pid]
        for number, metadata in ((1, "passed"), (2, "blocked")):
            with self.subTest(metadata=metadata):
                self.start_in_container(ASKER, metadata=metadata, attempt_number=number)
                said = self.ended()["lastLogLines"]
                self.assertEqual("AccessKeyId" in said, metadata == "passed", said)
                self.assertEqual("nobody" in said, metadata == "blocked", said)
                self.assertIn("default route: True", said)
                self.assertEqual(self.instance.report()["warnings"], [])
                self.instance.verb("clean-up", attempt(number))
        wait_until(lambda: not self.engine.can("network", "inspect", "runctl-no-metadata"), "its network is gone")


class ContainerEngineEndTest(ContainerTest):
    find_engine = staticmethod(engine_to_end)

    def test_what_an_engine_ends_that_is_stopped_counts_as_lost_and_not_as_done(self):
        self.start_in_container(TRAINER, scriptArgs=FOREVER)
        self.wait_for_log("step 3/")
        pid = self.engine.pid
        # It sends SIGTERM to its containers: the script saves and exits with 0.
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not _is_alive(pid), "the engine's end")
        self.engine.start_again()
        self.assertEqual(self.wait_for_state("ended", "gone")["state"], "gone")
        self.assertIn("stopped", self.instance.read("training.log"))
        wait_until(lambda: not self.containers(), "no container is left")


class ContainerRefusalTest(ContainerTest):
    def failure(self, image):
        container = {"image": image, "metadata": "blocked", "keep": "nothing"}
        self.start("print('never')", container=container)
        return self.wait_for_state("ended")["preparationFailure"]

    def test_a_registry_that_has_no_such_image_ends_the_attempt_at_once(self):
        failure = self.failure(self.cloud.origin[len("http://") :] + "/nothing/here:1")
        self.assertEqual(failure["code"], "image-unavailable")
        self.assertIn("/nothing/here:1", failure["message"])

    def test_a_name_that_is_none_ends_the_attempt_at_once(self):
        self.assertEqual(self.failure("No/Such/UPPER")["code"], "image-unavailable")

    def test_an_instance_without_an_engine_is_told_so_at_once(self):
        del self.instance.environment["DOCKER_HOST"]
        os.symlink("/bin/sh", os.path.join(self.instance.root, "bin", "sh"))
        self.instance.environment["PATH"] = os.path.join(self.instance.root, "bin")
        failure = self.failure("any")
        self.assertEqual(failure["code"], "container-engine-missing")


def _is_alive(pid):
    stat = read_stat(pid)
    return stat is not None and stat.state not in "ZX"


def _is_running(identity):
    found = identity_of(identity["pid"])
    return found is not None and found.start_time == identity["startTime"]


if __name__ == "__main__":
    unittest.main()
