"""Publication and its storage, over the wire: conditions, fences, lost replies, large files, credentials."""

import hashlib
import json
import os
import tempfile
import unittest
from unittest import mock

from runctl_supervisor import limits
from runctl_supervisor.checkpoints import CheckpointWatcher
from runctl_supervisor.credentials import Credentials, InstanceCredentials
from runctl_supervisor.metadata import MetadataClient
from runctl_supervisor.publication import CheckpointChanged, Fenced, Publication
from runctl_supervisor.sigv4 import EMPTY_SHA256, signed_headers
from runctl_supervisor.start_request import StartRequest
from runctl_supervisor.storage import ConditionLost, Storage, StorageError, _address

from .support.cloud import BUCKET, TestCloud


class WireTest(unittest.TestCase):
    def setUp(self):
        self.cloud = TestCloud()
        self.addCleanup(self.cloud.close)
        folder = tempfile.TemporaryDirectory(prefix="runctl-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.cloud.origin, "AWS_ENDPOINT_URL": self.cloud.origin}
        for patch in (
            mock.patch.dict(os.environ, environment),
            mock.patch.object(limits, "STORAGE_BACKOFF_FIRST_SECONDS", 0.01),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.storage = Storage("us-east-1", BUCKET, InstanceCredentials(MetadataClient()))

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def publication(self, attempt_number=1, resume_from=None):
        request = mock.Mock(spec=StartRequest)
        request.run_id, request.attempt_number, request.resume_from = "r1", attempt_number, resume_from
        request.checkpoint_prefix, request.latest_key = "c/", "c/latest.json"
        found = CheckpointWatcher(self.folder).look_after_exit(0, was_killed=False)
        return Publication(self.storage, request, found[0], 7, self.folder)

    def point_to(self, fence, step=None):
        checkpoint = step and {"step": step, "attemptNumber": fence, "prefix": "c/x/", "publishedAt": "x"}
        pointer = {"version": 1, "runId": "r1", "fence": fence, "checkpoint": checkpoint}
        self.cloud.objects["c/latest.json"] = json.dumps(pointer).encode()


class PublicationTest(WireTest):
    def test_the_manifest_names_every_file_and_the_pointer_names_the_checkpoint(self):
        self.write("checkpoint-7/model", b"m" * 1000)
        self.write("checkpoint-7/deep/ö state", b"")
        checkpoint = self.publication().publish()
        prefix = checkpoint["prefix"]
        self.assertRegex(prefix, r"^c/7-a1-[0-9a-f]{8}/$")
        manifest = self.cloud.json(prefix + "manifest.json")
        self.assertEqual((manifest["name"], manifest["kind"], manifest["step"]), ("checkpoint-7", "folder", 7))
        self.assertEqual([file["path"] for file in manifest["files"]], ["model", "deep/ö state"])
        for file in manifest["files"]:
            content = self.cloud.objects[prefix + file["path"]]
            self.assertEqual((len(content), hashlib.sha256(content).hexdigest()), (file["sizeBytes"], file["sha256"]))
        self.assertEqual(self.cloud.json("c/latest.json")["checkpoint"], checkpoint)

    def test_a_newer_attempt_ends_all_publishing_of_an_older_one(self):
        self.write("step_7", b"x")
        self.point_to(fence=2, step=5)
        before = dict(self.cloud.objects)
        with self.assertRaises(Fenced):
            self.publication(attempt_number=1).publish()
        self.assertEqual(self.cloud.objects, before)

    def test_an_attempt_that_begins_while_the_files_go_up_is_not_overwritten(self):
        self.write("step_7", b"x")

        def raise_fence(method, key):
            if key.endswith("manifest.json"):
                self.point_to(fence=2, step=5)

        self.cloud.storage_fault = raise_fence
        with self.assertRaises(Fenced):
            self.publication(attempt_number=1).publish()
        self.assertEqual(self.cloud.json("c/latest.json")["fence"], 2)

    def test_somebody_who_moves_the_pointer_meanwhile_costs_one_more_try(self):
        self.write("step_7", b"x")
        self.point_to(fence=1, step=3)
        puts = []

        def move(method, key):
            if method == "PUT" and key == "c/latest.json" and not puts:
                puts.append(key)
                self.point_to(fence=1, step=4)

        self.cloud.storage_fault = move
        self.publication().publish()
        self.assertEqual(self.cloud.json("c/latest.json")["checkpoint"]["step"], 7)

    def test_a_lost_reply_to_the_manifest_or_the_pointer_is_no_lost_race(self):
        self.write("step_7", b"x")
        self.point_to(fence=1, step=3)
        self.cloud.lost_replies = [r"manifest\.json$", r"latest\.json$", r"step_7$"]
        checkpoint = self.publication().publish()
        self.assertEqual(self.cloud.lost_replies, [])
        self.assertEqual(self.cloud.json("c/latest.json")["checkpoint"], checkpoint)

    def test_after_an_outage_publishing_goes_on_where_it_stopped(self):
        self.write("checkpoint-7/a", b"a")
        self.write("checkpoint-7/b", b"b")
        publication = self.publication()
        self.cloud.storage_fault = lambda method, key: (503, "SlowDown") if key.endswith("/b") else None
        with self.assertRaises(StorageError) as raised:
            publication.publish()
        self.assertTrue(raised.exception.is_transient)
        self.assertFalse([key for key in self.cloud.objects if key.endswith("manifest.json")])
        puts = []
        self.cloud.storage_fault = lambda method, key: puts.append(key) if method == "PUT" else None
        publication.publish()
        self.assertEqual([key.rsplit("/", 1)[1] for key in puts], ["b", "manifest.json", "latest.json"])

    def test_what_changes_or_vanishes_while_it_goes_up_is_not_published(self):
        self.write("checkpoint-7/a", b"a")
        def grow():
            self.write("checkpoint-7/a", b"changed")

        def vanish():
            os.unlink(os.path.join(self.folder, "checkpoint-7", "a"))

        for change in (grow, vanish):
            publication = self.publication()
            change()
            with self.assertRaises(CheckpointChanged):
                publication.publish()
        self.assertFalse([key for key in self.cloud.objects if key.endswith(".json")])

    def test_a_large_file_goes_up_in_parts(self):
        content = bytes(range(256)) * 400
        self.write("step_7", content)
        with mock.patch.object(limits, "MULTIPART_THRESHOLD_BYTES", 50_000), mock.patch.object(
            limits, "MULTIPART_PART_BYTES", 30_000
        ):
            checkpoint = self.publication().publish()
        self.assertEqual(self.cloud.objects[checkpoint["prefix"] + "step_7"], content)
        self.assertEqual(self.cloud.uploads, {})


class StorageTest(WireTest):
    def test_trouble_that_passes_is_retried_and_refusals_are_not(self):
        tries = []

        def twice(method, key):
            tries.append(key)
            return (500, "InternalError") if len(tries) < 3 else None

        self.cloud.storage_fault = twice
        self.storage.put("k", b"v")
        self.assertEqual((self.cloud.objects["k"], len(tries)), (b"v", 3))
        tries.clear()
        self.cloud.storage_fault = lambda method, key: tries.append(key) or (403, "AccessDenied")
        with self.assertRaises(StorageError) as raised:
            self.storage.put("k", b"w")
        self.assertEqual((len(tries), raised.exception.is_denied), (1, True))

    def test_a_storage_that_is_not_there_is_a_transient_error(self):
        self.storage.get("k")
        self.cloud.close()
        with self.assertRaises(StorageError) as raised:
            self.storage.get("k")
        self.assertTrue(raised.exception.is_transient)

    def test_a_write_on_condition_that_somebody_else_won_is_lost(self):
        self.cloud.objects["k"] = b"theirs"
        for etag in (None, '"another"'):
            with self.assertRaises(ConditionLost):
                self.storage.put_on_condition("k", b"ours", etag)
        self.assertEqual(self.cloud.objects["k"], b"theirs")

    def test_credentials_that_expired_are_asked_for_again(self):
        self.storage.put("k", b"1")
        refused = []

        def expire(method, key):
            if not refused:
                refused.append(key)
                return (400, "ExpiredToken")
            return None

        self.cloud.storage_fault = expire
        self.storage.put("k", b"2")
        self.assertEqual((self.cloud.objects["k"], self.cloud.credential_requests), (b"2", 2))

    def test_credentials_are_renewed_before_they_expire_and_kept_until_then(self):
        for _ in range(3):
            self.storage.put("k", b"1")
        self.assertEqual(self.cloud.credential_requests, 1)
        self.cloud.credentials_seconds = 60
        storage = Storage("us-east-1", BUCKET, InstanceCredentials(MetadataClient()))
        for _ in range(2):
            storage.put("k", b"1")
        self.assertEqual(self.cloud.credential_requests, 3)


class AddressTest(unittest.TestCase):
    def test_a_bucket_has_its_own_host_unless_an_endpoint_is_given(self):
        self.assertEqual(_address("eu-west-1", "b", None), ("https://b.s3.eu-west-1.amazonaws.com", "/"))
        self.assertEqual(_address("cn-north-1", "b", None), ("https://b.s3.cn-north-1.amazonaws.com.cn", "/"))
        self.assertEqual(_address("us-east-1", "a.b", None), ("https://s3.us-east-1.amazonaws.com", "/a.b/"))
        self.assertEqual(_address("us-east-1", "b", "http://127.0.0.1:9/"), ("http://127.0.0.1:9", "/b/"))

    def test_signatures_are_those_of_the_published_example(self):
        # https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "GET Object".
        credentials = Credentials(
            "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", float("inf")
        )
        headers = signed_headers(
            "GET",
            "/test.txt",
            {},
            {"Host": "examplebucket.s3.amazonaws.com", "Range": "bytes=0-9"},
            EMPTY_SHA256,
            credentials,
            "us-east-1",
            1369353600,
        )
        signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        self.assertTrue(headers["Authorization"].endswith("Signature=" + signature), headers["Authorization"])


if __name__ == "__main__":
    unittest.main()
