"""`data.inputUri` and `data.outputUri`: what is there before the script starts, and what is in the bucket after its end."""

import hashlib
import json
import os
import unittest

from .scripts import TRAINER
from .support.instance import SupervisorTest, attempt, wait_until

LISTS_DATA = """
import json, os
top = os.environ["RUNCTL_DATA_DIR"]
found = {}
for folder, _, names in os.walk(top):
    for name in names:
        path = os.path.join(folder, name)
        found[os.path.relpath(path, top)] = open(path, encoding="utf-8").read()
print(json.dumps(found, sort_keys=True), flush=True)
"""


class DataTest(SupervisorTest):
    def setUp(self):
        super().setUp()
        self.data = self.cloud.buckets["data-bucket"] = {}

    def put(self, **objects):
        self.data.update({key: content.encode() for key, content in objects.items()})

    def run_with(self, uri, script=LISTS_DATA, attempt_number=1, **changes):
        self.start(script, attempt_number=attempt_number, data={"inputUri": uri, "outputUri": None}, **changes)
        return self.wait_for_state("ended", seconds=40)

    def seen(self):
        """What the script found, from the last line of its log."""
        return json.loads(self.instance.read("training.log").splitlines()[-1])

    def failure_with(self, uri):
        report = self.run_with(uri)
        self.assertIsNone(report["trainer"])
        return report["preparationFailure"]


class InputTest(DataTest):
    def test_everything_under_the_address_is_there_and_nothing_else(self):
        odd = ["a b.txt", "ümläut/ß.txt", "new\nline", "+plus%20&=?#.txt", "-dash", "$(x)`y`'z'\"", "deep/er/still/x"]
        self.data.update({"set/" + name: name.encode() for name in odd})
        self.put(**{"set/empty/": "", "set/empty.txt": "", "set-2/other": "no", "settee": "no", "set": "no"})
        report = self.run_with("s3://data-bucket/set")
        self.assertEqual(report["result"]["exitCode"], 0, self.instance.read("training.log"))
        self.assertEqual(self.seen(), {**{name: name for name in odd}, "empty.txt": ""})
        folder = os.path.join(self.instance.root, "data")
        self.assertEqual(len(os.listdir(folder)), 1)
        self.assertIn("runctl: s3://data-bucket/set is here: 8 files", self.instance.read("training.log"))

    def test_an_address_of_one_object_brings_that_object(self):
        self.put(**{"set/one.csv": "1", "set/one.csv.bak": "2"})
        self.run_with("s3://data-bucket/set/one.csv")
        self.assertEqual(self.seen(), {"one.csv": "1"})

    def test_more_than_a_page_of_objects_arrives_whole(self):
        self.cloud.page_size = 7
        files = {"f%03d/%d" % (number // 3, number): str(number) for number in range(40)}
        self.put(**files)
        self.run_with("s3://data-bucket")
        self.assertEqual(self.seen(), files)

    def test_what_is_there_already_is_kept_and_what_is_gone_goes(self):
        self.put(**{"a": "1", "b": "2", "c/d": "3", "e/f/g": "4", "h": "5"})
        self.run_with("s3://data-bucket/")
        self.instance.verb("clean-up", attempt())
        self.data.clear()
        self.put(**{"a": "1", "b": "two", "c": "now a file", "h/i": "now a folder"})
        asked = []
        self.cloud.storage_fault = lambda method, key: asked.append(key)
        self.run_with("s3://data-bucket/", attempt_number=2)
        self.assertEqual(self.seen(), {"a": "1", "b": "two", "c": "now a file", "h/i": "now a folder"})
        self.assertEqual(sorted(key for key in asked if key in self.data), ["b", "c", "h/i"])

    def test_a_file_that_was_changed_on_the_instance_is_brought_again(self):
        self.put(a="true", b="2")
        script = LISTS_DATA + "open(os.path.join(top, 'a'), 'w').write('fake')\n"
        self.run_with("s3://data-bucket/", script)
        self.run_with("s3://data-bucket/", attempt_number=2)
        self.assertEqual(self.seen(), {"a": "true", "b": "2"})

    def test_data_of_another_address_makes_room(self):
        self.put(**{"one/a": "1", "two/b": "2"})
        self.run_with("s3://data-bucket/one")
        self.run_with("s3://data-bucket/two", attempt_number=2)
        self.assertEqual(self.seen(), {"b": "2"})
        self.assertEqual(len(os.listdir(os.path.join(self.instance.root, "data"))), 1)

    def test_a_large_object_comes_in_ranges_and_is_compared_with_its_checksum(self):
        content = os.urandom(1024 * 1024) * 70
        self.data["big.bin"] = content
        script = """
import hashlib, os
print(hashlib.sha256(open(os.path.join(os.environ["RUNCTL_DATA_DIR"], "big.bin"), "rb").read()).hexdigest())
"""
        self.run_with("s3://data-bucket/", script)
        log = self.instance.read("training.log")
        self.assertEqual(log.splitlines()[-1], hashlib.sha256(content).hexdigest())

    def test_bytes_that_changed_on_the_way_are_not_trained_on(self):
        self.put(a="true")
        self.cloud.corrupted = {"a": b"fake"}
        failure = self.failure_with("s3://data-bucket/")
        self.assertEqual(failure["code"], "data-failed")
        self.assertIn("what came of a does not have its MD5", failure["message"])

    def test_an_outage_of_the_storage_is_waited_out(self):
        self.put(a="1")
        down = [True]
        self.cloud.storage_fault = lambda method, key: (503, "SlowDown") if down[0] and key == "a" else None
        self.start(LISTS_DATA, data={"inputUri": "s3://data-bucket", "outputUri": None})
        wait_until(lambda: (self.instance.written_report() or {}).get("warnings"), "a warning")
        down[0] = False
        self.wait_for_state("ended")
        self.assertEqual(self.seen(), {"a": "1"})

    def test_what_cannot_be_had_is_told(self):
        self.put(**{"up/../../evil": "x", "twice//x": "x", "both": "file", "both/x": "x", "marker/": "not empty"})
        for uri, code, words in (
            ("s3://no-such-bucket/x", "data-missing", "s3://no-such-bucket/x is not there: NoSuchBucket"),
            ("s3://data-bucket/nothing", "data-missing", "there is nothing under s3://data-bucket/nothing"),
            ("s3://data-bucket/up", "data-failed", "the key 'up/../../evil' is no path inside of a folder"),
            ("s3://data-bucket/twice", "data-failed", "the key 'twice//x' is no path inside of a folder"),
            ("s3://data-bucket/marker", "data-missing", "there is nothing under"),
        ):
            failure = self.failure_with(uri)
            self.assertEqual(failure["code"], code)
            self.assertIn(words, failure["message"])
            self.instance.verb("clean-up", attempt())
            os.unlink(self.instance.path("request.json"))
        self.assertFalse(os.path.exists(os.path.join(self.instance.root, "evil")))

    def test_a_role_that_may_not_read_the_data_is_told_within_seconds(self):
        self.cloud.storage_fault = lambda method, key: (403, "AccessDenied") if key == "" else None
        failure = self.failure_with("s3://data-bucket/x")
        self.assertEqual(failure["code"], "not-authorized")
        self.assertIn("s3://data-bucket/x: AccessDenied", failure["message"])

    def test_a_notice_during_a_download_ends_it(self):
        self.put(a="1")
        self.cloud.storage_fault = lambda method, key: (503, "SlowDown") if key == "a" else None
        self.start(LISTS_DATA, data={"inputUri": "s3://data-bucket", "outputUri": None})
        self.wait_for_state("preparing")
        self.cloud.interrupt(60)
        self.assertEqual(self.wait_for_state("ended")["result"]["stopCause"], "interruption")
        wait_until(lambda: not self.instance.processes(), "nothing is left")


WRITES = """
import os
top = os.environ["RUNCTL_OUTPUT_DIR"]
os.makedirs(os.path.join(top, "deep"), exist_ok=True)
number = os.environ["RUNCTL_ATTEMPT"]
print("begins with", sorted(os.listdir(top)), flush=True)
open(os.path.join(top, "deep", "attempt " + number), "w").write("written in " + number)
"""
WAITS = "print('waits', flush=True)\nimport time\ntime.sleep(600)\n"


class OutputTest(SupervisorTest):
    def setUp(self):
        super().setUp()
        self.outputs = self.cloud.buckets["out"] = {}

    def start_with(self, script, attempt_number=1, **changes):
        data = {"inputUri": None, "outputUri": "s3://out/results"}
        index = {"outputIndexKey": "runs/r1/outputs.json"}
        self.start(script, attempt_number=attempt_number, data=data, **index, **changes)

    def run_with(self, script, attempt_number=1, **changes):
        self.start_with(script, attempt_number, **changes)
        return self.wait_for_state("ended", seconds=40)

    def test_what_the_script_wrote_is_in_the_bucket_however_it_ended(self):
        for ending, exit_code in (("", 0), ("raise SystemExit(3)", 3)):
            self.outputs.clear()
            report = self.run_with(WRITES + ending)
            self.assertEqual((report["result"]["exitCode"], report["result"]["warning"]), (exit_code, None))
            self.assertEqual(self.outputs, {"results/deep/attempt 1": b"written in 1"})
            self.instance.verb("clean-up", attempt())
            self.assertFalse(os.path.exists(self.instance.path("outputs")))
            os.unlink(self.instance.path("request.json"))

    def test_a_stopped_and_an_interrupted_attempt_leave_their_outputs_too(self):
        waits = WRITES + WAITS
        for number, cause in ((1, "stop"), (2, "interruption")):
            self.start_with(waits, number)
            self.wait_for_log("waits")
            if cause == "stop":
                self.instance.verb("save-and-stop", attempt(number, timeoutSeconds=10, cause="stop"))
            else:
                self.cloud.interrupt(60)
            self.assertEqual(self.wait_for_state("ended")["result"]["stopCause"], cause)
            self.assertEqual(self.outputs["results/deep/attempt %d" % number], b"written in %d" % number)

    def test_a_later_attempt_begins_with_what_the_earlier_ones_have_uploaded(self):
        self.outputs["results/of-somebody-else"] = b"x"
        self.run_with(WRITES)
        self.assertIn("begins with ['deep']", self.instance.read("training.log"))
        self.outputs["results/deep/attempt 1"] = self.outputs["results/deep/attempt 1"]
        self.instance.verb("clean-up", attempt())
        puts = []
        self.cloud.storage_fault = lambda method, key: puts.append(key) if method == "PUT" else None
        self.run_with(WRITES + "print(open(os.path.join(top, 'deep', 'attempt 1')).read())", attempt_number=2)
        log = self.instance.read("training.log")
        self.assertIn("runctl: 1 outputs of earlier attempts are in RUNCTL_OUTPUT_DIR", log)
        self.assertIn("written in 1", log)
        self.assertNotIn("of-somebody-else", log)
        self.assertNotIn("results/deep/attempt 1", puts)
        self.assertEqual(sorted(self.outputs), ["results/deep/attempt 1", "results/deep/attempt 2", "results/of-somebody-else"])

    def test_outputs_that_somebody_changed_meanwhile_are_told_and_do_not_come_back(self):
        self.run_with(WRITES)
        self.outputs["results/deep/attempt 1"] = b"changed by hand"
        self.run_with(WRITES, attempt_number=2)
        log = self.instance.read("training.log")
        self.assertIn("runctl: 1 others were changed or deleted in the bucket since, such as deep/attempt 1", log)
        self.assertEqual(self.outputs["results/deep/attempt 1"], b"changed by hand")

    def test_links_go_along_as_files_and_what_is_no_file_is_told(self):
        script = WRITES + """
os.symlink("deep/attempt 1", os.path.join(top, "latest"))
os.symlink("deep", os.path.join(top, "folder"))
os.mkfifo(os.path.join(top, "pipe"))
open(os.path.join(top.encode(), b"bad-\\xff"), "w").write("x")
"""
        result = self.run_with(script)["result"]
        self.assertEqual(self.outputs["results/latest"], b"written in 1")
        self.assertEqual(sorted(self.outputs), ["results/deep/attempt 1", "results/latest"])
        self.assertIn("3 outputs, such as 'folder', are no files that S3 can hold", result["warning"])

    def test_an_outage_at_the_end_is_waited_out(self):
        down = [False]
        self.cloud.storage_fault = lambda method, key: (503, "SlowDown") if down[0] and key.startswith("results/") else None
        self.start_with(WRITES + WAITS)
        self.wait_for_log("waits")
        down[0] = True
        request = attempt(timeoutSeconds=2, publishSeconds=1, cause="stop")
        stopping = self.instance.start_verb("save-and-stop", request)
        wait_until(lambda: "not uploaded yet" in str(self.instance.written_report()["warnings"]), "a warning")
        self.assertEqual(self.instance.answer_of(stopping)["error"]["code"], "still-saving")
        down[0] = False
        # Asking again joins the stop under way.
        result = self.instance.verb("save-and-stop", request)["report"]["result"]
        self.assertEqual((result["stopCause"], result["warning"]), ("stop", None))
        self.assertIn("results/deep/attempt 1", self.outputs)

    def test_outputs_that_do_not_reach_the_bucket_are_told_and_kept_on_the_instance(self):
        refuse = [False]
        self.cloud.storage_fault = lambda method, key: (
            (403, "AccessDenied") if refuse[0] and key.startswith("results/") else None
        )
        self.start_with(WRITES + WAITS)
        self.wait_for_log("waits")
        refuse[0] = True
        self.cloud.interrupt(2)
        warning = self.wait_for_state("ended", seconds=60)["result"]["warning"]
        kept = os.path.join(self.instance.root, "kept-outputs", "r1-a1")
        expected = "1 outputs, such as deep/attempt 1, were not uploaded to s3://out/results (AccessDenied: "
        self.assertTrue(warning.startswith(expected), warning)
        self.assertIn("stay on the instance, in %s" % kept, warning)
        self.instance.verb("clean-up", attempt())
        with open(os.path.join(kept, "deep", "attempt 1"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "written in 1")

    def test_one_output_that_cannot_go_up_does_not_keep_the_others_back(self):
        def refuse_one(method, key):
            return (403, "AccessDenied") if key == "results/a-first" and method == "PUT" else None

        self.cloud.storage_fault = refuse_one
        sizes = "for name, size in (('a-first', 1), ('large', 70 << 20)):\n"
        self.start_with(WRITES + sizes + "    open(os.path.join(top, name), 'wb').write(b'x' * size)\n" + WAITS)
        self.wait_for_log("waits")
        stopping = self.instance.start_verb("save-and-stop", attempt(timeoutSeconds=10, publishSeconds=0, cause="stop"))
        wait_until(lambda: "results/large" in self.outputs, "the large output", 60)
        self.assertEqual(len(self.outputs["results/large"]), 70 << 20)
        wait_until(lambda: "AccessDenied" in str(self.instance.written_report()["warnings"]), "a warning", 60)
        self.assertIn("results/deep/attempt 1", self.outputs)
        self.instance.answer_of(stopping)

    def test_an_object_that_vanishes_before_the_end_is_sent_again(self):
        vanished = []

        def lose_once(method, key):
            if method == "GET" and key == "" and not vanished and "results/deep/attempt 1" in self.outputs:
                vanished.append(self.outputs.pop("results/deep/attempt 1"))

        self.cloud.storage_fault = lose_once
        self.assertIsNone(self.run_with(WRITES)["result"]["warning"])
        self.assertEqual(vanished, [b"written in 1"])
        self.assertIn("results/deep/attempt 1", self.outputs)

    def test_a_bucket_that_is_not_there_or_not_ours_is_told_before_the_script_starts(self):
        self.cloud.storage_fault = lambda method, key: (403, "AccessDenied") if key.startswith("results/") else None
        report = self.run_with(WRITES)
        self.assertEqual(report["preparationFailure"]["code"], "not-authorized")
        self.assertIsNone(report["trainer"])
        self.cloud.storage_fault = None
        del self.cloud.buckets["out"]
        report = self.run_with(WRITES, attempt_number=2)
        self.assertEqual(report["preparationFailure"]["code"], "data-missing")

    def test_an_attempt_that_was_replaced_uploads_nothing_any_more(self):
        self.start_with(WRITES + WAITS)
        self.wait_for_log("waits")
        pointer = b'{"version": 1, "runId": "r1", "fence": 2, "checkpoint": null}'
        self.cloud.objects["runs/r1/checkpoints/latest.json"] = pointer
        answer = self.instance.verb("save-and-stop", attempt(timeoutSeconds=10, cause="stop"))
        self.assertIn("a newer attempt of the run has begun", answer["report"]["result"]["warning"])
        self.assertEqual(self.outputs, {})

    def test_outputs_go_up_while_the_script_trains_so_that_a_sudden_death_loses_little(self):
        self.start_with(WRITES + TRAINER, scriptArgs=["100000", "1000", "0.2"])
        wait_until(lambda: "results/deep/attempt 1" in self.outputs, "an output in the bucket", 90)
        self.assertEqual(self.instance.written_report()["state"], "training")
        index = wait_until(lambda: self.cloud.json("runs/r1/outputs.json"), "the index")
        self.assertEqual([each["path"] for each in index["files"]], ["deep/attempt 1"])
        self.assertFalse(index["isComplete"])


if __name__ == "__main__":
    unittest.main()
