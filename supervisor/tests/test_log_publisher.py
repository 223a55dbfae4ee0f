"""What readers of a log in the bucket rely on."""

import os
import tempfile
import types
import unittest

from runctl_supervisor.aws.storage import StorageError
from runctl_supervisor.publishing.log_publisher import LogPublisher
from runctl_supervisor.publishing.masking import SecretMask


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
            training_log=os.path.join(folder.name, "training.log"),
            log_publication=os.path.join(folder.name, "log-publication.json"),
        )
        self.bucket = Bucket()
        self.mask = SecretMask()

    def write(self, text):
        with open(self.paths.training_log, "ab") as file:
            file.write(text)

    def publisher(self):
        return LogPublisher(self.paths, types.SimpleNamespace(log_prefix="logs/1/"), self.bucket, self.mask)

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

    def test_a_bucket_that_refuses_is_asked_again_at_a_walking_pace(self):
        self.write(b"one\n")
        self.bucket.lost_replies = 10**9
        publisher = self.publisher()
        publisher.start()
        publisher.finish(2.5)
        self.assertTrue(publisher.is_alive())
        tries = sum(len(versions) for versions in self.bucket.versions.values())
        self.assertIn(tries, range(2, 6))
        self.bucket.lost_replies = 0
        publisher.join(5)
        self.assertEqual(self.bucket.log(), b"one\n")

    def test_a_log_of_several_chunks_is_published_whole_at_the_end(self):
        line = b"x" * 1023 + b"\n"
        self.write(line * 9 * 1024)
        self.finish(self.publisher())
        self.assertEqual(self.bucket.log(), line * 9 * 1024)
        self.assertEqual(len(self.bucket.versions), 3)

    def test_a_secret_that_the_script_prints_is_published_as_stars_of_its_length(self):
        secret = "pässword with\nseveral lines and $igns"
        self.mask.learn([secret])
        self.write(("before %s after\nseveral lines and $igns, again\n" % secret).encode())
        self.finish(self.publisher())
        published = self.bucket.log()
        self.assertEqual(len(published), os.path.getsize(self.paths.training_log))
        hidden, last = len(secret.encode()), len("several lines and $igns")
        self.assertEqual(published.decode(), "before %s after\n%s, again\n" % ("*" * hidden, "*" * last))

    def test_a_secret_that_is_half_written_when_the_log_is_published_is_not_published_in_halves(self):
        for secret in ("abcabcabcabd", "aaaaaaaaaaaa", "\nline\nline\nline"):
            for cut in range(1, len(secret)):
                self.setUp()
                self.mask.learn([secret])
                # Line ends around a secret are none of it, and nothing waits for them.
                self.assertEqual(self.mask.settled_bytes(b"done\n"), len(b"done\n"))
                hidden = secret.replace(secret.strip(), "*" * len(secret.strip()))
                publisher = self.publisher()
                self.write(("x%s-%s" % (secret, secret[:cut])).encode())
                publisher._publish_chunk()
                self.write((secret[cut:] + "y\n").encode())
                self.finish(publisher)
                self.assertEqual(self.bucket.log().decode(), "x%s-%sy\n" % ((hidden,) * 2), (secret, cut))

    def test_what_is_too_short_to_be_told_from_ordinary_words_is_left_alone(self):
        self.mask.learn(["true", "1", ""])
        self.write(b"it is true: 1\n")
        self.finish(self.publisher())
        self.assertEqual(self.bucket.log(), b"it is true: 1\n")
