"""What readers of a log in the bucket rely on."""

import os
import tempfile
import types
import unittest

from runctl_supervisor.log_publication import LogPublisher
from runctl_supervisor.storage import StorageError


class Bucket:
    """Keeps every version of every object, and loses replies on demand."""

    def __init__(self):
        self.versions = {}
        self.lost_replies = 0

    def put(self, key, content):
        self.versions.setdefault(key, []).append(content)
        if self.lost_replies > 0:
            self.lost_replies -= 1
            raise StorageError(0, "Unreachable", "the reply was lost")

    def log(self):
        return b"".join(self.versions[key][-1] for key in sorted(self.versions))


class LogPublicationTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.paths = types.SimpleNamespace(
            training=folder.name, training_log=os.path.join(folder.name, "training.log")
        )
        self.bucket = Bucket()

    def write(self, text):
        with open(self.paths.training_log, "ab") as file:
            file.write(text)

    def publisher(self):
        return LogPublisher(self.paths, types.SimpleNamespace(log_prefix="logs/1/"), self.bucket)

    def finish(self, publisher):
        publisher.start()
        publisher.finish(20)
        self.assertFalse(publisher.is_alive())

    def test_a_chunk_never_changes_although_its_supervisor_was_killed_while_it_was_published(self):
        self.write(b"one\n")
        self.bucket.lost_replies = 1
        with self.assertRaises(StorageError):
            self.publisher()._publish_chunk()
        self.write(b"two\n")
        self.finish(self.publisher())
        self.assertEqual(self.bucket.log(), b"one\ntwo\n")
        for versions in self.bucket.versions.values():
            self.assertEqual(len(set(versions)), 1)

    def test_a_log_of_several_chunks_is_published_whole_at_the_end(self):
        line = b"x" * 1023 + b"\n"
        self.write(line * 9 * 1024)
        self.finish(self.publisher())
        self.assertEqual(self.bucket.log(), line * 9 * 1024)
        self.assertEqual(len(self.bucket.versions), 3)
