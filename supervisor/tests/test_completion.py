"""What a script says of being done, and what only looks like it."""

import os
import tempfile
import time
import unittest
from unittest import mock

from runctl_supervisor.attempt import completion
from runctl_supervisor.attempt.completion import CompletionWatcher

from .support.instance import SupervisorTest

# Says in its marker what it is at, for longer than a marker has to be stable and the grace lasts; then fails.
WRITES_FOR_LONG = """
import sys, time
with open("training_complete.txt", "w") as file:
    for number in range(40):
        file.write("part %d\\n" % number); file.flush()
        time.sleep(0.1)
sys.exit(3)
"""
# As a script does that copies the folder of an earlier run over its own.
BRINGS_AN_OLD_ONE = """
import os, time
open("training_complete.txt", "w").write("of last week")
os.utime("training_complete.txt", (time.time() - 7 * 86400,) * 2)
time.sleep(%s)
"""


class MarkerTest(SupervisorTest):
    def result_of(self, files, attempt_number=1, **changes):
        self.start(files, attempt_number=attempt_number, **changes)
        return self.wait_for_state("ended")["result"]

    def test_a_trainer_that_hangs_after_its_marker_is_ended_after_the_grace(self):
        result = self.result_of('import time; open("training_complete.txt", "w").write("x"); time.sleep(600)')
        self.assertEqual((result["stopCause"], result["hasMarker"]), ("hung-after-completion", True))

    def test_a_marker_that_came_with_the_code_does_not_count(self):
        script = "import time; time.sleep(4)"
        result = self.result_of({"train.py": script, "training_complete.txt": "old"})
        self.assertEqual((result["stopCause"], result["hasMarker"]), ("own-accord", False))

    def test_a_marker_that_an_earlier_attempt_left_does_not_count(self):
        self.assertTrue(self.result_of('open("training_complete.txt", "w").write("x")')["hasMarker"])
        result = self.result_of("import time; time.sleep(4)", attempt_number=2)
        self.assertEqual((result["stopCause"], result["hasMarker"]), ("own-accord", False))

    def test_a_marker_of_an_earlier_run_that_the_script_brings_back_does_not_count(self):
        result = self.result_of(BRINGS_AN_OLD_ONE % 4)
        self.assertEqual((result["stopCause"], result["hasMarker"]), ("own-accord", False))

    def test_a_marker_that_is_still_being_written_ends_nothing(self):
        result = self.result_of(WRITES_FOR_LONG)
        self.assertEqual((result["stopCause"], result["exitCode"], result["hasMarker"]), ("own-accord", 3, True))


class LogPatternTest(SupervisorTest):
    def result_of(self, script, attempt_number=1, **changes):
        self.start(script, attempt_number=attempt_number, logPattern="COMPLETE", **changes)
        return self.wait_for_state("ended")["result"]

    def told(self, result):
        return result["stopCause"], result["hasLogMatch"]

    def test_a_trainer_that_hangs_after_its_last_line_is_ended_after_the_grace(self):
        result = self.result_of('import time; print("training COMPLETE", flush=True); time.sleep(600)')
        self.assertEqual((*self.told(result), result["hasMarker"]), ("hung-after-completion", True, False))

    def test_a_word_counts_only_as_a_word(self):
        result = self.result_of('import time; print("the epoch is INCOMPLETE", flush=True); time.sleep(2)')
        self.assertEqual(self.told(result), ("own-accord", False))

    def test_a_line_of_an_earlier_attempt_does_not_count(self):
        self.assertEqual(self.told(self.result_of('print("COMPLETE")')), ("own-accord", True))
        result = self.result_of("import time; time.sleep(2)", attempt_number=2)
        self.assertEqual(self.told(result), ("own-accord", False))


class ClockTest(unittest.TestCase):
    """The clock of an instance is set some time after its boot, and a training may have begun before that."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.marker = os.path.join(folder.name, "marker")
        self.now = 1_700_000_000.0
        self.mono = 5_000.0
        clock = mock.Mock(spec=time, time=lambda: self.now, monotonic=lambda: self.mono)
        patch = mock.patch.object(completion, "time", clock)
        patch.start()
        self.addCleanup(patch.stop)

    def write(self):
        open(self.marker, "w").close()
        os.utime(self.marker, (self.now, self.now))

    def pass_time(self, seconds, jump_seconds=0):
        self.mono += seconds
        self.now += seconds + jump_seconds

    def test_a_marker_counts_although_the_clock_was_set_back_or_forward(self):
        for jump_seconds in (-3600, 3600):
            with self.subTest(jump_seconds=jump_seconds):
                watcher = CompletionWatcher(self.marker, self.now - 10)
                self.pass_time(60, jump_seconds)
                self.write()
                self.assertIsNone(watcher.look(False))
                self.pass_time(3)
                self.assertIsNotNone(watcher.look(False))

    def test_a_marker_counts_although_the_clock_is_set_right_after_it(self):
        watcher = CompletionWatcher(self.marker, self.now - 10)
        self.write()
        self.pass_time(1, 3600)
        self.assertTrue(watcher.has_marker_after_end())

    def test_one_from_before_the_start_does_not_count_whatever_the_clock_does(self):
        self.write()
        self.pass_time(100)
        watcher = CompletionWatcher(self.marker, self.now - 10)
        self.assertFalse(watcher.has_marker_after_end())
        self.pass_time(1, 3600)
        self.assertFalse(watcher.has_marker_after_end())


if __name__ == "__main__":
    unittest.main()
