"""What explains the end of a failed trainer: patterns against the end of its log."""

import os
import tempfile
import unittest

from runctl_supervisor.patterns import compile_pattern, pattern_problems
from runctl_supervisor.trainer.known_failure import find_known_failure

from .support.instance import SupervisorTest


def row(pattern, reason, is_retried=True):
    return {"pattern": pattern, "reason": reason, "isRetried": is_retried}


OWN = [row("NaN loss", "the loss is no number", False)]
CAUSES = [row("CUDA out of memory", "CUDA out of memory")]
ENDS = [row("^ImportError: .*", "{match}", False), row(r"^\w+Error\b.*", "{match}")]


class KnownFailureTest(unittest.TestCase):
    def find(self, log, *groups):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "training.log")
            with open(path, "w", encoding="utf-8") as file:
                file.write(log)
            found, self.warning = find_known_failure(path, groups)
        return found and (found["reason"], found["isRetried"])

    def test_an_earlier_group_explains_more_than_what_stands_later_in_the_log(self):
        log = "NaN loss at step 3\nRuntimeError: CUDA out of memory. Tried to allocate 2 GiB\nChildError: rank 0\n"
        self.assertEqual(self.find(log, OWN, CAUSES, ENDS), ("the loss is no number", False))
        self.assertEqual(self.find(log, CAUSES, ENDS), ("CUDA out of memory", True))
        self.assertEqual(self.find(log, ENDS), ("ChildError: rank 0", True))

    def test_what_a_script_survived_earlier_is_not_why_it_ended(self):
        log = "ImportError: no flash_attn, going on without\nstep 1\nKeyError: 'loss'\n"
        self.assertEqual(self.find(log, ENDS), ("KeyError: 'loss'", True))

    def test_only_the_end_of_a_long_log_counts(self):
        self.assertIsNone(self.find("CUDA out of memory\n" + "step\n" * 200, CAUSES))
        self.assertIsNone(self.find("CUDA out of memory\n" + "x" * 40000, CAUSES))
        self.assertIsNone(find_known_failure("/no/such/file", [CAUSES])[0])

    def test_a_pattern_that_takes_for_ever_is_left_out_and_the_others_are_found(self):
        slow = [row("(a+)+$", "never"), row("boom", "it exploded")]
        self.assertEqual(self.find("boom\n" + "a" * 60 + "!\n", slow), ("it exploded", True))
        self.assertIn("takes too long", self.warning)

    def test_colours_and_carriage_returns_hide_nothing(self):
        log = "\x1b[31mKeyError: 'x'\x1b[0m\r\n"
        self.assertEqual(self.find(log, ENDS), ("KeyError: 'x'", True))


class PatternTest(unittest.TestCase):
    def test_plain_words_match_as_words_and_anything_else_as_it_is(self):
        for pattern, line, is_match in (
            ("COMPLETE", "training COMPLETE.", True),
            ("COMPLETE", "INCOMPLETE", False),
            ("COMPLETE", "COMPLETED", False),
            ("training done", "pretraining done", False),
            ("training done", "== training done ==", True),
            ("COMPLETE.*", "INCOMPLETE", True),
            ("^DONE$", "DONE", True),
        ):
            self.assertEqual(compile_pattern(pattern).search(line) is not None, is_match, (pattern, line))

    def test_every_pattern_that_is_no_regular_expression_is_named(self):
        problems = pattern_problems("(", [[row("[a", "x"), row("ok", "y")], [row("a{99999999999}", "z")]])
        self.assertEqual(len(problems), 3)
        self.assertIn("completion.logPattern: expected a regular expression as Python's re has them, got '('", problems[0])


class FailedTrainerTest(SupervisorTest):
    def test_the_result_says_what_the_log_explains(self):
        files = {"train.py": "import no_such_module"}
        patterns = [[row("^ModuleNotFoundError: .*", "{match}", False)]]
        self.start(files, failurePatterns=patterns)
        result = self.wait_for_state("ended")["result"]
        reason = "ModuleNotFoundError: No module named 'no_such_module'"
        self.assertEqual(result["knownFailure"], {"reason": reason, "isRetried": False})

    def test_an_attempt_with_a_pattern_that_is_none_does_not_begin(self):
        self.start("print('never')", logPattern="(")
        failure = self.wait_for_state("ended")["preparationFailure"]
        self.assertEqual(failure["code"], "pattern-unusable")
        self.assertIn("missing ), unterminated subpattern", failure["message"])
        self.assertEqual(self.instance.read("training.log"), "")


if __name__ == "__main__":
    unittest.main()
