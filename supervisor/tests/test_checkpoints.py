"""Which names in RUNCTL_CHECKPOINT_DIR are complete checkpoints, and of which step."""

import os
import tempfile
import time
import unittest
from unittest import mock

from runctl_supervisor import limits
from runctl_supervisor.publishing.checkpoints import CheckpointWatcher, step_of


class CheckpointWatcherTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="runctl-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.watcher = CheckpointWatcher(self.folder)
        # Two looks of a test are as far apart as they need to be.
        shorter = mock.patch("runctl_supervisor.publishing.checkpoints.CHECKPOINT_STABLE_SECONDS", 0.05)
        shorter.start()
        self.addCleanup(shorter.stop)

    def write(self, name, content="x"):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(content)
        return path

    def names(self):
        return [found.name for found in self.watcher.look()]

    def names_after_pause(self):
        time.sleep(0.06)
        return self.names()

    def test_what_is_written_in_place_needs_a_second_look(self):
        self.write("step_1.pt")
        self.assertEqual(self.names(), [])
        self.assertEqual(self.names_after_pause(), ["step_1.pt"])

    def test_what_changes_between_two_looks_is_not_complete(self):
        for size in range(1, 4):
            self.write("step_1.pt", "x" * size)
            self.assertEqual(self.names_after_pause(), [])
        self.assertEqual(self.names_after_pause(), ["step_1.pt"])

    def test_a_folder_counts_when_no_file_in_it_changes(self):
        self.write("checkpoint-2/a", "1")
        self.assertEqual(self.names(), [])
        self.write("checkpoint-2/deep/b", "1")
        self.assertEqual(self.names_after_pause(), [])
        self.assertEqual(self.names_after_pause(), ["checkpoint-2"])

    def test_what_is_renamed_into_place_is_complete_at_once(self):
        for made, name in (("step_3.pt.tmp", "step_3.pt"), (".checkpoint-4/model", "checkpoint-4")):
            self.write(made)
            self.assertNotIn(name, self.names())
            os.rename(os.path.join(self.folder, made.split("/")[0]), os.path.join(self.folder, name))
            self.assertIn(name, self.names())

    def test_what_is_written_to_after_its_rename_needs_a_second_look(self):
        os.rename(self.write("last.tmp"), os.path.join(self.folder, "last"))
        self.assertEqual(self.names(), ["last"])
        self.write("last", "new and longer")
        self.assertEqual(self.names(), [])

    def test_what_has_its_done_file_is_complete_at_once(self):
        self.write("step_5.pt")
        self.write("step_5.pt.done")
        self.assertEqual(self.names(), ["step_5.pt"])

    def test_temporary_hidden_empty_and_linked_names_never_count(self):
        for name in ("a.tmp", "b.part", ".c", "empty", "d/model.tmp"):
            self.write(name, "" if name == "empty" else "x")
        os.mkdir(os.path.join(self.folder, "folder-without-files"))
        os.symlink("a.tmp", os.path.join(self.folder, "latest"))
        self.assertEqual(self.names(), [])
        self.assertEqual(self.names_after_pause(), [])
        self.assertEqual(self.watcher.look_after_exit(time.time() + 5, was_killed=False), [])

    def test_after_an_exit_everything_is_complete_but_after_a_kill_only_what_was_before(self):
        self.write("step_6.pt")
        now = time.time()
        self.assertEqual([found.name for found in self.watcher.look_after_exit(now, was_killed=False)], ["step_6.pt"])
        self.assertEqual(self.watcher.look_after_exit(now, was_killed=True), [])
        later = now + limits.CHECKPOINT_STABLE_SECONDS + 1
        self.assertEqual([found.name for found in self.watcher.look_after_exit(later, was_killed=True)], ["step_6.pt"])

    def test_after_a_kill_what_was_renamed_into_place_is_complete(self):
        os.rename(self.write("step_7.tmp"), os.path.join(self.folder, "step_7"))
        found = self.watcher.look_after_exit(time.time(), was_killed=True)
        self.assertEqual([each.name for each in found], ["step_7"])


class StepTest(unittest.TestCase):
    def test_the_step_is_the_last_number_of_the_name(self):
        for name, step in (
            ("checkpoint-000120", 120),
            ("step_120.pt", 120),
            ("epoch=3-step=1200.ckpt", 1200),
            ("weights-40.h5", 40),
            ("ckpt.77", 77),
            ("last.pt", 9),
        ):
            self.assertEqual(step_of(name, 9), step, name)
        self.assertEqual(step_of("last.pt", None), 0)


if __name__ == "__main__":
    unittest.main()
