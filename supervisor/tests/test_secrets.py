"""Secrets: in the script's environment, and nowhere else that the supervisor has a hand in."""

import hashlib
import os
import signal
import unittest

from .support.instance import SupervisorTest, attempt, wait_until

SECRET = "s3cr3t-value with $spaces 'quotes' \"and\" ünïcode\nand a second line"
TELLS_THAT_IT_HAS_IT = """
import hashlib, os
print(hashlib.sha256(os.environ["API_KEY"].encode()).hexdigest(), flush=True)
"""
WAITS = "\nprint('waits', flush=True)\nimport time\ntime.sleep(600)\n"


class SecretTest(SupervisorTest):
    def start_with_secret(self, script, place="ssm:/team/key", **changes):
        return self.start(script, secrets={"API_KEY": place}, **changes)

    def places_with(self, secret):
        """Where the bytes are: files of the instance, objects of the bucket, arguments and environments of processes."""
        wanted, found = secret.encode(), []
        for folder, _, names in os.walk(self.instance.root):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    if wanted in file.read():
                        found.append(path)
        found += [key for key, content in self.cloud.objects.items() if wanted in content]
        for pid in self.instance.processes():
            for part in ("cmdline", "environ"):
                try:
                    with open("/proc/%d/%s" % (pid, part), "rb") as file:
                        if wanted in file.read():
                            found.append("%s of %d" % (part, pid))
                except OSError:
                    continue
        return found

    def test_the_script_has_it_and_nothing_else_does(self):
        self.cloud.parameters["/team/key"] = SECRET
        self.start_with_secret(TELLS_THAT_IT_HAS_IT + WAITS)
        self.wait_for_log("waits")
        trainer = self.wait_for_state("training")["trainer"]["pid"]
        self.assertEqual(self.instance.read("training.log").split()[0], hashlib.sha256(SECRET.encode()).hexdigest())
        self.assertEqual(self.places_with("s3cr3t-value"), ["environ of %d" % trainer])
        self.instance.verb("stop", attempt())
        self.assertEqual(self.places_with("s3cr3t-value"), [])
        self.assertEqual(self.cloud.parameter_requests, ["/team/key"])

    def test_a_script_that_prints_it_is_masked_in_what_leaves_the_instance(self):
        self.cloud.parameters["/team/key"] = SECRET
        self.start_with_secret("import os; print('key:', os.environ['API_KEY']); raise SystemExit(os.environ['API_KEY'])")
        result = self.wait_for_state("ended")["result"]
        self.assertNotIn("s3cr3t", result["lastLogLines"])
        self.assertNotIn("second", result["lastLogLines"])
        self.assertIn("key: ****", result["lastLogLines"])
        published = b"".join(self.cloud.objects[key] for key in self.cloud.keys("runs/r1/logs/1/"))
        self.assertEqual(len(published), os.path.getsize(self.instance.path("training.log")))
        self.assertEqual(self.places_with("s3cr3t"), [self.instance.path("training.log")])

    def test_it_wins_over_a_plain_variable_and_ours_wins_over_it(self):
        self.cloud.parameters.update({"/a": "from the store", "/b": "/nowhere"})
        secrets = {"API_KEY": "ssm:/a", "RUNCTL_CHECKPOINT_DIR": "ssm:/b"}
        script = "import os; print(os.environ['API_KEY'] == 'from the store', os.environ['RUNCTL_CHECKPOINT_DIR'])"
        self.start(script, environment={"API_KEY": "plain"}, secrets=secrets)
        self.wait_for_state("ended")
        self.assertEqual(self.instance.read("training.log"), "True %s\n" % self.instance.path("checkpoints"))

    def test_a_parameter_that_cannot_be_read_is_named(self):
        self.cloud.parameters["/refused"] = ValueError("AccessDeniedException")
        self.cloud.parameters["/broken"] = ValueError("ValidationException")
        for number, (place, code, words) in enumerate(
            (
                ("ssm:/no/such", "secret-missing", "the secret API_KEY (SSM parameter /no/such in us-east-1) is not there"),
                ("ssm:/refused", "not-authorized", "(SSM parameter /refused in us-east-1): AccessDeniedException"),
                ("ssm:/broken", "secret-missing", "ValidationException"),
            ),
            start=1,
        ):
            self.start_with_secret("print(1)", place, attempt_number=number)
            report = self.wait_for_state("ended")
            self.assertEqual(report["preparationFailure"]["code"], code)
            self.assertIn(words, report["preparationFailure"]["message"])
            self.assertIsNone(report["trainer"])

    def test_a_store_that_is_throttled_is_asked_again(self):
        self.cloud.parameters["/team/key"] = ValueError("ThrottlingException")
        self.start_with_secret(TELLS_THAT_IT_HAS_IT)
        wait_until(lambda: len(self.cloud.parameter_requests) > 1, "a second try")
        self.cloud.parameters["/team/key"] = SECRET
        self.assertEqual(self.wait_for_state("ended")["result"]["exitCode"], 0)

    def test_a_supervisor_that_takes_over_needs_no_secret_and_still_masks_it(self):
        self.cloud.parameters["/team/key"] = SECRET
        prints = "import os, signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(print('it is', os.environ['API_KEY'])))"
        self.start_with_secret(prints + WAITS)
        self.wait_for_log("waits")
        del self.cloud.parameters["/team/key"]
        os.kill(self.instance.report()["supervisor"]["pid"], signal.SIGKILL)
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=10, cause="stop"))
        self.assertIn("it is ****", answer["report"]["result"]["lastLogLines"])
        self.assertEqual(self.places_with("s3cr3t"), [self.instance.path("training.log")])
        self.assertEqual(self.cloud.parameter_requests, ["/team/key"])

    def test_what_is_installed_does_not_see_it(self):
        self.cloud.parameters["/team/key"] = SECRET
        backend = "import os\nopen(os.environ['SEEN'], 'w').write(str('API_KEY' in os.environ))\nraise SystemExit(1)\n"
        files = {
            "train.py": "print(1)",
            "requirements.txt": "./pkg\n",
            "pkg/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
            "pkg/backend.py": backend,
        }
        seen = os.path.join(self.instance.root, "seen")
        self.start_with_secret(files, dependencies="auto", environment={"SEEN": seen})
        self.wait_for_state("ended", seconds=60)
        with open(seen, encoding="ascii") as file:
            self.assertEqual(file.read(), "False")


if __name__ == "__main__":
    unittest.main()
