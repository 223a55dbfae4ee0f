"""Scripts, archives, checkpoints, logs and requests that are wrong: each ends with a reason, none with silence."""

import base64
import hashlib
import json
import os
import unittest

from .scripts import TRAINER
from .support.instance import SupervisorTest, attempt, wait_until


class BadScriptTest(SupervisorTest):
    def test_a_script_that_exits_at_once_is_seen_to_fail(self):
        self.start('import sys; print("no data"); sys.exit(1)')
        result = self.wait_for_state("ended")["result"]
        self.assertEqual((result["exitCode"], result["lastLogLines"]), (1, "no data"))

    def test_a_script_that_crashes_is_seen_to_crash(self):
        self.start("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        result = self.wait_for_state("ended")["result"]
        self.assertEqual((result["exitCode"], result["signal"], result["isOutOfMemory"]), (None, "SIGSEGV", False))

    def test_an_empty_script_ends_with_0(self):
        self.start("")
        self.assertEqual(self.wait_for_state("ended")["result"]["exitCode"], 0)

    def test_a_missing_script_is_named(self):
        self.start("", script="nope.py")
        failure = self.wait_for_state("ended")["preparationFailure"]
        self.assertEqual(failure, {"code": "script-missing", "message": "there is no nope.py in the staged code"})

    def test_a_script_outside_the_code_is_refused(self):
        self.start("", script="../../etc/passwd")
        self.assertEqual(self.wait_for_state("ended")["preparationFailure"]["code"], "path-outside")

    def test_a_script_that_cannot_be_executed_ends_as_a_shell_says_it(self):
        self.start({"run": "#!/no/such/interpreter\n"})
        self.assertIn(self.wait_for_state("ended")["result"]["exitCode"], (126, 127))


class BadDownloadTest(SupervisorTest):
    def failure_with(self, files=None, **changes):
        self.start(files or "print(1)", **changes)
        report = self.wait_for_state("ended")
        self.assertIsNone(report["trainer"])
        return report["preparationFailure"]

    def test_code_with_another_sha256_does_not_run(self):
        request = self.request({"train.py": "print(1)"})
        self.cloud.objects[request["code"]["key"]] += b"x"
        self.assertTrue(self.instance.verb("start", request)["ok"])
        self.assertEqual(self.wait_for_state("ended")["preparationFailure"]["code"], "code-mismatch")

    def test_code_that_is_not_there_is_said_to_be_missing(self):
        failure = self.failure_with(code={"key": "code/none.tar.gz", "sha256": "0" * 64})
        self.assertEqual(failure["code"], "code-missing")

    def test_code_that_is_no_archive_is_unreadable(self):
        self.cloud.objects["code/x"] = b"no archive"
        sha256 = hashlib.sha256(b"no archive").hexdigest()
        self.assertEqual(self.failure_with(code={"key": "code/x", "sha256": sha256})["code"], "code-unreadable")

    def test_an_archive_that_wants_out_of_its_folder_is_refused(self):
        self.assertEqual(self.failure_with({"train.py": "", "../../evil": "x"})["code"], "path-outside")
        self.assertFalse(os.path.exists(os.path.join(self.instance.root, "evil")))

    def test_a_resume_checkpoint_that_does_not_verify_is_not_resumed(self):
        prefix = "runs/r1/checkpoints/5-a1-x/"
        resume = {"step": 5, "prefix": prefix}
        self.assertEqual(self.failure_with(resumeFrom=resume)["code"], "resume-unverified")
        content = b'{"step": 5}'
        file = {"path": "state.json", "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        manifest = {"version": 1, "runId": "r1", "attemptNumber": 1, "step": 5, "name": "checkpoint-5"}
        manifest.update(kind="folder", files=[file], publishedAt="2026-11-24T00:00:00.000Z")
        self.cloud.objects[prefix + "manifest.json"] = json.dumps(manifest).encode()
        self.cloud.objects[prefix + "state.json"] = b'{"step": 6}'
        self.assertEqual(self.failure_with(resumeFrom=resume, attempt_number=2)["code"], "resume-unverified")
        self.cloud.objects[prefix + "state.json"] = content
        self.start(TRAINER, scriptArgs=["6", "1", "0"], resumeFrom=resume, attempt_number=3)
        self.assertEqual(self.wait_for_state("ended")["firstStep"], 6)

    def test_a_script_that_ignores_its_checkpoint_is_told_and_does_not_move_the_pointer_back(self):
        self.start(TRAINER, scriptArgs=["50", "50", "0"])
        best = self.wait_for_state("ended")["checkpoint"]
        fresh = TRAINER.replace('resume = os.environ.get("RUNCTL_RESUME_FROM")', "resume = None")
        resume = {"step": best["step"], "prefix": best["prefix"]}
        self.start(fresh, scriptArgs=["10", "5", "0"], attempt_number=2, resumeFrom=resume)
        report = self.wait_for_state("ended")
        self.assertIn("does it read RUNCTL_RESUME_FROM?", report["warnings"][0])
        self.assertIn("runctl: The script began at step 1", self.instance.read("training.log"))
        self.assertEqual(self.latest()["checkpoint"], best)


class BadRequestTest(SupervisorTest):
    def test_requests_that_cannot_be_understood_name_what_is_wrong(self):
        request = self.request({"train.py": ""})
        for changes, field in (
            ({"version": 2}, "version"),
            ({"attemptNumber": "1"}, "attemptNumber"),
            ({"code": None}, "code"),
            ({"bucket": None}, "bucket"),
        ):
            error = self.instance.verb("start", {**request, **changes})["error"]
            self.assertEqual(error["code"], "request-not-understood")
            self.assertTrue(error["message"].startswith(field), error)
        self.assertIsNone(self.instance.report())

    def test_every_answer_is_one_line_and_exit_0_whatever_is_asked(self):
        for verb, encoded in (
            ("", None),
            ("dance", None),
            ("start", "%%%"),
            ("start", base64.b64encode(b"[1]").decode()),
            ("save", base64.b64encode(b'{"runId":"r1","attemptNumber":1,"timeoutSeconds":"x"}').decode()),
            ("save-and-stop", None),
            ("stop", None),
        ):
            process = self.instance.start_verb(verb)
            if encoded:
                process.communicate()
                process = _with_raw_request(self.instance, verb, encoded)
            self.assertFalse(self.instance.answer_of(process)["ok"])

    def test_verbs_before_any_start_say_that_nothing_is_here(self):
        self.assertIsNone(self.instance.report())
        self.assertEqual(self.instance.verb("clean-up", attempt())["removed"], [])
        self.assertEqual(self.instance.verb("stop", attempt())["error"]["code"], "not-this-attempt")

    def test_files_that_are_garbage_do_not_break_the_verbs(self):
        os.makedirs(self.instance.path())
        for name in ("report.json", "request.json", "training.pid", "result.json", "lock"):
            with open(self.instance.path(name), "wb") as file:
                file.write(b"\xff\x00{garbage")
        self.assertIsNone(self.instance.report())
        self.start(TRAINER, scriptArgs=["2", "1", "0"])
        self.assertEqual(self.wait_for_state("ended")["result"]["exitCode"], 0)

    def test_an_internal_error_is_an_answer_too(self):
        self.instance.environment["RUNCTL_BOOT_ID_FILE"] = "/no/such/file"
        answer = self.instance.verb("start", self.request({"train.py": ""}))
        self.assertEqual((answer["ok"], answer["error"]["code"]), (False, "internal-error"))


class WildOutputTest(SupervisorTest):
    def test_binary_and_unicode_output_fits_into_one_line(self):
        script = """
import sys
out = sys.stdout.buffer
out.write(bytes(range(256)) * 20); out.write("\\x1b[31mloß \U0001f600 \\u2028".encode() * 300)
out.write(b'"\\\\' * 2000); out.write("ж".encode() * 3000 + b"\\n"); sys.exit(5)
"""
        self.start(script)
        self.wait_for_state("ended")
        result = self.instance.report()["result"]
        self.assertEqual(result["exitCode"], 5)
        self.assertTrue(result["lastLogLines"].endswith("жжж"))
        self.assertLessEqual(len(result["lastLogLines"].encode()), 1200)

    def test_a_flood_of_output_is_watched_in_bounded_memory(self):
        script = """
import sys, time
line = b"x" * 999 + b"\\n"
for _ in range(300): sys.stdout.buffer.write(line * 1000)
print("step 42/42", flush=True); time.sleep(600)
"""
        self.cloud.storage_fault = lambda method, key: (503, "SlowDown") if "/logs/" in key else None
        self.start(script)
        wait_until(lambda: (self.instance.written_report()["progress"] or {}).get("step") == 42, "the last line", 40)
        with open("/proc/%d/status" % self.instance.report()["supervisor"]["pid"], encoding="ascii") as file:
            peak_kib = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        self.assertLess(peak_kib, 80 * 1024)


def _with_raw_request(instance, verb, encoded):
    import subprocess
    import sys

    return subprocess.Popen(
        [sys.executable, instance.archive, verb, "--nonce", "n1", "--request", encoded],
        env=instance.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


if __name__ == "__main__":
    unittest.main()
