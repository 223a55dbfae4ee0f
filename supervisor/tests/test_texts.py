"""Answers, log lines and progress lines, whatever is in them."""

import json
import os
import tempfile
import time
import unittest
from unittest import mock

from runctl_supervisor import limits
from runctl_supervisor.instants import instant, instant_seconds
from runctl_supervisor.paths import TrainingPaths
from runctl_supervisor.texts import first_bytes, last_bytes, printable
from runctl_supervisor.trainer.progress import ProgressReader, parse_log_line, parse_progress_line
from runctl_supervisor.verbs.answers import answer_line


class AnswerTest(unittest.TestCase):
    def test_an_answer_fits_whatever_it_holds(self):
        for piece in ("x", '"\\', "ж", "\U0001f600", "\n", "\ud800", "\0\x1b[1m"):
            text = piece * 4000
            report = {
                "result": {"lastLogLines": text},
                "preparationFailure": {"code": "x", "message": text},
                "warnings": [text] * 4,
            }
            for answer in ({"report": report}, {"error": {"code": "c", "message": text}}):
                line = answer_line({"nonce": "n", "ok": True, **answer})
                self.assertLessEqual(len(line), 2400)
                self.assertEqual(line.count(b"\n"), 1)
                self.assertEqual(json.loads(line)["nonce"], "n")

    def test_the_curve_of_the_losses_gives_way_to_the_last_words(self):
        losses = [[100_000 + step, 1.234e-05] for step in range(24)]
        report = {"losses": losses, "result": {"lastLogLines": "x" * 1200}, "warnings": ["w" * 240] * 4}
        answer = json.loads(answer_line({"nonce": "n", "ok": True, "report": report}))["report"]
        self.assertEqual((len(answer["result"]["lastLogLines"]), answer["warnings"]), (1200, ["w" * 240] * 4))
        self.assertTrue(0 < len(answer["losses"]) < 24)
        self.assertEqual(answer["losses"][-1], losses[-1])

    def test_a_short_answer_is_not_touched(self):
        answer = {"nonce": "n", "ok": False, "error": {"code": "c", "message": "ж\n\"'"}}
        self.assertEqual(json.loads(answer_line(dict(answer))), answer)

    def test_texts_are_cut_between_characters(self):
        self.assertEqual(first_bytes("aжb", 2), "a")
        self.assertEqual(last_bytes("aжb", 2), "b")
        self.assertEqual(last_bytes("aжb", 3), "жb")
        self.assertEqual(first_bytes("ж", 0) + last_bytes("ж", 0), "")

    def test_colours_and_controls_are_removed_and_progress_bars_become_lines(self):
        self.assertEqual(printable("\x1b[31mred\x1b[0m\x07\u2028\r10%\r\n20%"), "red\n10%\n20%")


class InstantTest(unittest.TestCase):
    def test_moments_go_there_and_back(self):
        self.assertEqual(instant(1700000000.25), "2023-11-14T22:13:20.250Z")
        self.assertEqual(instant_seconds("2023-11-14T22:13:20.250Z"), 1700000000.25)
        self.assertEqual(instant_seconds("2017-09-18T08:22:00Z"), 1505722920)

    def test_what_is_no_moment_is_none(self):
        for text in (None, "", "soon", 5, "2017-99-99T08:22", {"a": 1}):
            self.assertIsNone(instant_seconds(text))


class ProgressLineTest(unittest.TestCase):
    def test_common_forms_of_log_lines(self):
        for line, expected in (
            ("step 12/500 loss 2.31", (12, 500, 2.31)),
            ("step=12", (12, None, None)),
            ("[12/500] loss: 1e-3", (12, 500, 1e-3)),
            ("Step: 12 of 500, train_loss=0.5", (12, 500, 0.5)),
            ("{'global_step': 12, 'loss': 2.31}", (12, None, 2.31)),
            (" 40%|####      | 12/30 [00:10<00:15, 1.2it/s, loss=3.5]", (12, 30, 3.5)),
            ("iter 12: loss 4.0, time 5ms", (12, None, 4.0)),
            ("iteration 7/9 loss nan", (7, 9, None)),
        ):
            self.assertEqual(parse_log_line(line), expected, line)

    def test_lines_that_only_look_like_it(self):
        for line in ("", "loaded 3 files", "footstep 3", "misstep=4", "see page 12/500", "first step"):
            self.assertIsNone(parse_log_line(line), line)

    def test_lines_of_the_progress_file(self):
        self.assertEqual(parse_progress_line('{"step":3,"totalSteps":9,"loss":1.5}'), (3, 9, 1.5))
        self.assertEqual(parse_progress_line('{"step":3.0,"loss":NaN}'), (3, None, None))
        for line in ("", "x", "[]", "{}", '{"step":"3"}', '{"step":true}', '{"step":1e999}', "[" * 2000):
            self.assertIsNone(parse_progress_line(line), line)


class ProgressReaderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="runctl-test-")
        self.addCleanup(folder.cleanup)
        self.paths = TrainingPaths(folder.name)
        os.mkdir(self.paths.training)

    def append(self, path, content):
        with open(path, "ab") as file:
            file.write(content)

    def test_the_progress_file_wins_over_the_log(self):
        reader = ProgressReader(self.paths, None, None)
        self.append(self.paths.training_log, b"step 1/9\n")
        reader.read()
        self.append(self.paths.progress, b'garbage\n{"step":5,"totalSteps":9}\n')
        self.append(self.paths.training_log, b"step 2/9\n")
        reader.read()
        self.assertEqual((reader.first_step, reader.newest["step"]), (1, 5))
        self.append(self.paths.training_log, b"step 3/9\n")
        self.assertFalse(reader.read())

    def test_a_line_counts_once_it_is_whole_or_the_trainer_has_ended(self):
        reader = ProgressReader(self.paths, None, None)
        self.append(self.paths.training_log, b"step 1/90\nstep 4")
        reader.read()
        self.assertEqual(reader.newest["step"], 1)
        self.append(self.paths.training_log, b"2/90")
        reader.read_rest()
        self.assertEqual(reader.newest["step"], 42)

    def test_after_the_end_of_a_flood_no_line_of_it_was_left_out(self):
        reader = ProgressReader(self.paths, None, "COMPLETE")
        flood = (b"x" * 99 + b"\n") * 30_000
        self.append(self.paths.training_log, flood + b"training COMPLETE\n" + flood + b"step 7/9")
        reader.read()
        self.assertFalse(reader.has_pattern_line)
        reader.read_rest()
        self.assertTrue(reader.has_pattern_line)
        self.assertEqual(reader.newest["step"], 7)

    def test_the_rest_of_a_line_whose_beginning_was_skipped_is_no_line(self):
        reader = ProgressReader(self.paths, None, None)
        self.append(self.paths.training_log, b"step 1/90\n")
        reader.read()
        line = b"12/90 [00:10<06:40]"
        skipped = b"y" * 50_000 + b"\n"
        kept = b"x" * (limits.TAIL_READ_MAX_BYTES - len(line)) + b"\n"
        self.append(self.paths.training_log, skipped + line + kept)
        reader.read()
        self.assertEqual(reader.newest["step"], 1)

    def test_what_is_too_much_even_then_is_skipped_but_for_its_end(self):
        reader = ProgressReader(self.paths, None, "COMPLETE")
        self.append(self.paths.training_log, (b"x" * 99 + b"\n") * 50_000 + b"step 7/9\nCOMPLETE\n")
        with mock.patch.object(limits, "FINAL_READ_SECONDS", 0.0):
            reader.read_rest()
        self.assertTrue(reader.has_pattern_line)

    def test_binary_noise_and_endless_lines_are_survived(self):
        reader = ProgressReader(self.paths, None, None)
        self.append(self.paths.training_log, bytes(range(256)) * 9000)
        for _ in range(5):
            reader.read()
        self.append(self.paths.training_log, b"\nstep 3/4 loss 1\n")
        for _ in range(5):
            reader.read()
        self.assertEqual(reader.newest["step"], 3)

    def test_a_pattern_that_would_match_for_ever_is_given_up(self):
        reader = ProgressReader(self.paths, None, "(a+)+$")
        self.append(self.paths.training_log, b"a" * 60 + b"!\n")
        began = time.monotonic()
        reader.read()
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("takes too long", reader.warning)


if __name__ == "__main__":
    unittest.main()
