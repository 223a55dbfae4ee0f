"""Publication and its storage, over the wire: conditions, fences, lost replies, large files, credentials."""

import base64
import hashlib
import json
import os
import tempfile
import threading
import time
import unittest
import zlib
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from runctl_supervisor import limits
from runctl_supervisor.aws import http_exchange
from runctl_supervisor.aws import storage as storage_module
from runctl_supervisor.aws.bucket_folder import ListedObject
from runctl_supervisor.aws.credentials import Credentials, InstanceCredentials
from runctl_supervisor.aws.metadata import MetadataClient
from runctl_supervisor.aws.object_download import ObjectChanged, download_object
from runctl_supervisor.aws.sigv4 import EMPTY_SHA256, signed_headers
from runctl_supervisor.aws.storage import ConditionLost, Storage, StorageError, _address
from runctl_supervisor.publishing.checkpoints import CheckpointWatcher
from runctl_supervisor.publishing.publication import CheckpointChanged, Fenced, Publication
from runctl_supervisor.verbs.start_request import StartRequest

from .support.cloud import BUCKET, TestCloud, etag_of


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
        with small_parts():
            checkpoint = self.publication().publish()
        self.assertEqual(self.cloud.objects[checkpoint["prefix"] + "step_7"], content)
        self.assertEqual(self.cloud.uploads, {})

    def test_a_part_that_never_arrives_leaves_neither_half_a_checkpoint_nor_an_upload_behind(self):
        self.write("step_7", bytes(range(256)) * 400)
        self.point_to(fence=1, step=3)
        before = dict(self.cloud.objects)
        parts = []

        def third_fails(method, key):
            # The parts go up one by one with a single thread, so the others are there when it fails.
            if method != "PUT":
                return None
            parts.append(key)
            return (503, "SlowDown") if len(parts) >= 3 else None

        self.cloud.storage_fault = third_fails
        with small_parts(), mock.patch.object(limits, "TRANSFER_THREADS_COUNT", 1):
            with self.assertRaises(StorageError):
                self.publication().publish()
        self.assertEqual((self.cloud.objects, self.cloud.uploads), (before, {}))
        self.assertEqual(self.cloud.upload_count, 1)

    def test_no_part_arrives_after_the_upload_was_given_up(self):
        self.write("step_7", bytes(range(256)) * 400)
        first = threading.Lock()

        def first_is_refused_and_others_are_slow(method, key):
            if method != "PUT":
                return None
            if first.acquire(blocking=False):
                return (403, "AccessDenied")
            return time.sleep(0.3)

        self.cloud.storage_fault = first_is_refused_and_others_are_slow
        with small_parts(), self.assertRaises(StorageError):
            self.publication().publish()
        self.assertEqual((self.cloud.objects, self.cloud.uploads, self.cloud.late_parts), ({}, {}, 0))

    def test_a_part_whose_connection_is_cut_is_sent_again(self):
        content = bytes(range(256)) * 400
        self.write("step_7", content)
        self.cloud.lost_replies = ["part 2"]
        with small_parts():
            checkpoint = self.publication().publish()
        self.assertEqual(self.cloud.objects[checkpoint["prefix"] + "step_7"], content)
        self.assertEqual((self.cloud.uploads, self.cloud.lost_replies), ({}, []))

    def test_a_part_that_changes_on_the_way_is_refused_by_its_checksum(self):
        self.write("step_7", bytes(range(256)) * 400)
        path = os.path.join(self.folder, "step_7")
        publication = self.publication()
        real, reads = http_exchange.FileSlice.blocks, []

        def blocks(part):
            reads.append(part.offset_bytes)
            # Between the checksum and the sending, at the same size and time, as memory that fails would do it.
            if part.offset_bytes == 90_000 and reads.count(90_000) == 2:
                flip_bytes(path, 90_000)
            return real(part)

        with small_parts(), mock.patch.object(http_exchange.FileSlice, "blocks", blocks):
            with self.assertRaises(StorageError) as raised:
                publication.publish()
        self.assertEqual(raised.exception.code, "XAmzContentSHA256Mismatch")
        self.assertEqual((self.cloud.objects, self.cloud.uploads), ({}, {}))


class DownloadTest(WireTest):
    """Large objects, as DataInput fetches them."""

    CONTENT = bytes(range(256)) * 400

    def download(self, etag=None):
        self.cloud.objects["big"] = self.CONTENT
        if etag is not None:
            self.cloud.etags["big"] = etag
        found = ListedObject("big", len(self.CONTENT), etag or etag_of(self.CONTENT), 0.0)
        path = os.path.join(self.folder, "big")
        with mock.patch.object(limits, "RANGE_THRESHOLD_BYTES", 50_000), mock.patch.object(
            limits, "RANGE_BYTES", 30_000
        ), ThreadPoolExecutor(3) as pool:
            download_object(self.storage, found, path, pool)
        with open(path, "rb") as file:
            return file.read()

    def test_ranges_make_one_whole_file_and_are_compared_with_the_MD5(self):
        self.assertEqual(self.download(), self.CONTENT)
        self.cloud.corrupted["big"] = self.CONTENT[:-1] + b"!"
        with self.assertRaisesRegex(ObjectChanged, "does not have its MD5"):
            self.download()

    def test_what_was_uploaded_in_parts_is_compared_with_the_checksum_of_the_whole(self):
        stated = {
            "x-amz-checksum-crc32": base64.b64encode(zlib.crc32(self.CONTENT).to_bytes(4, "big")).decode(),
            "x-amz-checksum-type": "FULL_OBJECT",
        }
        self.cloud.stated["big"] = stated
        self.assertEqual(self.download('"0123-4"'), self.CONTENT)
        self.cloud.corrupted["big"] = self.CONTENT[:-1] + b"!"
        with self.assertRaisesRegex(ObjectChanged, "does not have its CRC32"):
            self.download('"0123-4"')

    def test_a_checksum_of_checksums_is_no_checksum_of_the_whole(self):
        self.cloud.stated["big"] = {"x-amz-checksum-sha256": "c3VtIG9mIHN1bXM=-4", "x-amz-checksum-type": "COMPOSITE"}
        self.assertEqual(self.download('"0123-4"'), self.CONTENT)

    def test_a_range_that_fails_for_a_moment_is_fetched_again(self):
        tries = []

        def second_fails_once(method, key):
            tries.append(key)
            return (503, "SlowDown") if len(tries) == 2 else None

        self.cloud.storage_fault = second_fails_once
        self.assertEqual(self.download(), self.CONTENT)


def flip_bytes(path, offset):
    times = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"flipped")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def small_parts():
    return mock.patch.multiple(limits, MULTIPART_THRESHOLD_BYTES=50_000, MULTIPART_PART_BYTES=30_000)


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

    def test_a_storage_that_takes_the_request_and_never_answers_is_a_transient_error(self):
        self.storage.get("k")
        self.cloud.storage_fault = lambda method, key: time.sleep(1)
        began = time.monotonic()
        with mock.patch.object(limits, "STORAGE_TIMEOUT_SECONDS", 0.1), self.assertRaises(StorageError) as raised:
            self.storage.get("k")
        self.assertTrue(raised.exception.is_transient)
        self.assertLess(time.monotonic() - began, 5)

    def test_a_connection_that_is_cut_in_the_middle_of_an_object_is_made_again(self):
        content = bytes(range(256)) * 400
        self.cloud.objects["k"] = content
        self.cloud.cut_replies = 2
        path = os.path.join(self.folder, "k")
        self.assertEqual(self.storage.download("k", path), hashlib.sha256(content).hexdigest())
        with open(path, "rb") as file:
            self.assertEqual(file.read(), content)
        self.assertEqual(self.cloud.cut_replies, 0)

    def test_a_clock_that_is_wrong_is_corrected_by_that_of_the_storage(self):
        self.cloud.max_skew_seconds = 900
        for hours in (-5, 5):
            clock = mock.Mock(wraps=time, time=lambda shift=hours * 3600: time.time() + shift)
            storage = Storage("us-east-1", BUCKET, InstanceCredentials(MetadataClient()))
            with mock.patch.object(storage_module, "time", clock):
                storage.put("k", b"%d" % hours)
            self.assertEqual(self.cloud.objects["k"], b"%d" % hours)

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
