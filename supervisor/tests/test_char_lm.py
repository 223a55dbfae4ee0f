"""examples/char-lm loses nothing: the final model is the same, bit for bit, however often it was interrupted."""

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from .support.instance import wait_until

_SCRIPT = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "examples", "char-lm", "train.py"
)
_STEPS = 60


class CharacterModelTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="runctl-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_once(self, name, resume_from=None, signal_number=None, at_step=None, pace=0.0):
        """One attempt with a checkpoint folder of its own; returns (its newest checkpoint, its log)."""
        directory = os.path.join(self.folder, name)
        environment = {
            **os.environ,
            "RUNCTL_CHECKPOINT_DIR": directory,
            "RUNCTL_PROGRESS_FILE": os.path.join(self.folder, "progress.jsonl"),
        }
        environment.pop("RUNCTL_RESUME_FROM", None)
        if resume_from:
            environment["RUNCTL_RESUME_FROM"] = resume_from
        arguments = ["--steps", str(_STEPS), "--checkpoint-every", "7", "--seed", "3", "--step-seconds", str(pace)]
        log_path = os.path.join(self.folder, name + ".log")
        with open(log_path, "wb") as log:
            process = subprocess.Popen([sys.executable, _SCRIPT, *arguments], env=environment, stdout=log)
        try:
            if signal_number is not None:
                wait_until(lambda: process.poll() is not None or _last_step(log_path) >= at_step, "step %s" % at_step)
                if process.poll() is None:
                    process.send_signal(signal_number)
            exit_code = process.wait(30)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if signal_number != signal.SIGKILL:
            self.assertEqual(exit_code, 0)
        return _newest_checkpoint(directory), _read(log_path)

    def uninterrupted_sha256(self):
        return _model_sha256(self.run_once("uninterrupted")[0])

    def test_the_final_model_is_the_same_over_signals_and_kills_at_random_steps(self):
        expected, choose = self.uninterrupted_sha256(), random.Random(5)
        checkpoint = None
        for number in range(10):
            at_step = min(_STEPS - 5, 5 * choose.randrange(1, 3) + _step_of(checkpoint))
            how = choose.choice([signal.SIGTERM, signal.SIGKILL])
            newest, _ = self.run_once("attempt-%d" % number, checkpoint, how, at_step, pace=0.01)
            checkpoint = newest or checkpoint
        checkpoint, _ = self.run_once("last", checkpoint)
        self.assertEqual((_step_of(checkpoint), _model_sha256(checkpoint)), (_STEPS, expected))

    def test_a_signal_saves_the_very_step_it_came_at_and_exits_with_0(self):
        checkpoint, log = self.run_once("one", signal_number=signal.SIGTERM, at_step=10, pace=0.05)
        self.assertGreaterEqual(_step_of(checkpoint), 10)
        self.assertIn("stopped at step %d; saved" % _step_of(checkpoint), log)
        _, log = self.run_once("two", checkpoint, signal.SIGTERM, _step_of(checkpoint), pace=0.05)
        self.assertIn("resumed from step %d" % _step_of(checkpoint), log)

    def test_what_is_resumed_at_the_end_writes_the_same_model_again(self):
        checkpoint, _ = self.run_once("first")
        again, _ = self.run_once("again", checkpoint)
        self.assertEqual(_model_sha256(again), _model_sha256(checkpoint))

    def test_it_learns_and_says_so_in_both_forms(self):
        _, log = self.run_once("learning")
        losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", log)]
        self.assertLess(losses[-1], losses[0] - 0.5)
        progress = _read(os.path.join(self.folder, "progress.jsonl"))
        self.assertIn('{"step": %d, "totalSteps": %d, "loss": ' % (_STEPS, _STEPS), progress)


def _read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def _last_step(log_path):
    steps = re.findall(r"step (\d+)", _read(log_path))
    return int(steps[-1]) if steps else -1


def _newest_checkpoint(directory):
    try:
        names = sorted(name for name in os.listdir(directory) if name.startswith("checkpoint-"))
    except FileNotFoundError:
        return None
    return os.path.join(directory, names[-1]) if names else None


def _step_of(checkpoint):
    return int(checkpoint.rsplit("-", 1)[1]) if checkpoint else 0


def _model_sha256(checkpoint):
    with open(os.path.join(checkpoint, "model.json"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


if __name__ == "__main__":
    unittest.main()
