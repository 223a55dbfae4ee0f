"""Instance metadata, S3 and Parameter Store on loopback, for tests: real wire, conditional writes, faults on demand."""

import base64
import calendar
import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from .listing import list_page

BUCKET = "test-bucket"
# A storage_fault: the connection ends without an answer.
CUT = "cut"


class TestCloud:
    """State of the services; `objects` is the bucket of the runs, `buckets` has them all."""

    def __init__(self, address=("127.0.0.1", 0)):
        self.objects = {}
        self.buckets = {BUCKET: self.objects}
        # Key → bytes that are sent in place of the object's own.
        self.corrupted = {}
        # Key → ETag, and key → headers of a GET or HEAD, for objects that were uploaded in parts by somebody.
        self.etags = {}
        self.stated = {}
        # Objects a page of a listing holds.
        self.page_size = 1000
        # Name → value, or an error code; (name) of each request in order.
        self.parameters = {}
        self.parameter_requests = []
        # Upload id → number of the part → bytes, as long as the upload is neither complete nor aborted.
        self.uploads = {}
        self.upload_count = 0
        # Parts that came when their upload was over; S3 may keep them.
        self.late_parts = 0
        self.lock = threading.Lock()
        self.notice = None
        self.tokens = {}
        self.credentials_seconds = 3600
        self.credential_requests = 0
        self.is_metadata_down = False
        # (status, code) for every S3 request while set; or a function of (method, key) that returns that or None.
        self.storage_fault = None
        # Keys (or `part N`) whose next PUT takes effect although the connection is cut before the reply.
        self.lost_replies = []
        # How many GETs of the storage are cut in the middle of their body.
        self.cut_replies = 0
        # Requests that are dated further off are refused, as S3 refuses them above 900; None takes all.
        self.max_skew_seconds = None
        self.unsigned_requests = []
        self._server = _QuietServer(address, _handler_for(self))
        self._server.daemon_threads = True
        self.origin = "http://%s:%d" % self._server.server_address
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def interrupt(self, notice_seconds):
        at = time.gmtime(time.time() + notice_seconds)
        self.notice = {"action": "terminate", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", at)}

    def json(self, key):
        content = self.objects.get(key)
        return None if content is None else json.loads(content)

    def keys(self, prefix):
        return sorted(key for key in list(self.objects) if key.startswith(prefix))


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Processes of the tests are killed in the middle of requests; that is no news."""


def etag_of(content):
    return '"%s"' % hashlib.md5(content).hexdigest()


def _handler_for(cloud):
    class Handler(_Handler):
        pass

    Handler.cloud = cloud
    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Quiet."""

    def do_GET(self):
        self._serve()

    def do_HEAD(self):
        self._serve()

    def do_PUT(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def do_DELETE(self):
        self._serve()

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        if path.startswith("/latest/"):
            self._metadata(path)
        elif "AmazonEC2ContainerRegistry" in self.headers.get("X-Amz-Target", "") or path.startswith("/v2/"):
            self._registry(path)
        elif self.headers.get("X-Amz-Target"):
            self._parameter(json.loads(body))
        else:
            bucket, _, key = path[1:].partition("/")
            query = parse_qs(parts.query, keep_blank_values=True)
            self._storage(bucket, key, {name: values[0] for name, values in query.items()}, body)

    # --- a registry of images, which has none ---

    def _registry(self, path):
        if path == "/":
            token = base64.b64encode(b"AWS:token").decode()
            return self._reply(200, json.dumps({"authorizationData": [{"authorizationToken": token}]}).encode())
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"AWS:token").decode():
            return self._reply(401, headers={"WWW-Authenticate": 'Basic realm="images"'})
        if path == "/v2/":
            return self._reply(200)
        error = {"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}
        return self._reply(404, json.dumps({"errors": [error]}).encode())

    # --- metadata ---

    def _metadata(self, path):
        cloud = self.cloud
        if cloud.is_metadata_down:
            return self._reply(503)
        if path == "/latest/api/token" and self.command == "PUT":
            token = "token-%d" % len(cloud.tokens)
            cloud.tokens[token] = True
            return self._reply(200, token.encode())
        if not cloud.tokens.get(self.headers.get("X-aws-ec2-metadata-token")):
            return self._reply(401)
        if path == "/latest/meta-data/spot/instance-action" and cloud.notice:
            return self._reply(200, json.dumps(cloud.notice).encode())
        if path == "/latest/meta-data/iam/security-credentials/":
            return self._reply(200, b"test-role")
        if path == "/latest/meta-data/iam/security-credentials/test-role":
            cloud.credential_requests += 1
            end = time.gmtime(time.time() + cloud.credentials_seconds)
            found = {
                "AccessKeyId": "ASIATEST%d" % cloud.credential_requests,
                "SecretAccessKey": "secret",
                "Token": "session",
                "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", end),
            }
            return self._reply(200, json.dumps(found).encode())
        return self._reply(404)

    # --- parameters ---

    def _parameter(self, content):
        cloud, name = self.cloud, content["Name"]
        scope = "/ssm/aws4_request"
        assert self.headers["X-Amz-Target"] == "AmazonSSM.GetParameter" and content["WithDecryption"] is True
        cloud.parameter_requests.append(name)
        value = cloud.parameters.get(name)
        if scope not in (self.headers.get("Authorization") or ""):
            return self._reply(400, b'{"__type": "IncompleteSignature"}')
        if value is None:
            return self._reply(400, b'{"__type": "com.amazonaws.ssm#ParameterNotFound"}')
        if isinstance(value, Exception):
            return self._reply(400, json.dumps({"__type": str(value), "message": "as the test wants it"}).encode())
        parameter = {"Name": name, "Type": "SecureString", "Value": value, "Version": 1}
        return self._reply(200, json.dumps({"Parameter": parameter}).encode())

    # --- storage ---

    def _storage(self, bucket, key, query, body):
        cloud = self.cloud
        if "AWS4-HMAC-SHA256 Credential=ASIATEST" not in (self.headers.get("Authorization") or ""):
            cloud.unsigned_requests.append((self.command, key))
            return self._refuse(403, "AccessDenied")
        if self._is_skewed():
            return self._refuse(403, "RequestTimeTooSkewed")
        fault = cloud.storage_fault
        fault = fault(self.command, key) if callable(fault) else fault
        if fault == CUT:
            self.close_connection = True
            return self.connection.shutdown(2)
        if fault:
            return self._refuse(*fault)
        if self.headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
            return self._refuse(400, "XAmzContentSHA256Mismatch")
        with cloud.lock:
            objects = cloud.buckets.get(bucket)
            if objects is None:
                return self._refuse(404, "NoSuchBucket")
            if self.command in ("GET", "HEAD"):
                if query.get("list-type") == "2":
                    return self._reply(200, list_page(objects, query, cloud.page_size, etag_of))
                return self._get(objects, key)
            if self.command == "POST":
                return self._post(objects, key, query, body)
            if self.command == "DELETE":
                cloud.uploads.pop(query.get("uploadId"), None)
                return self._reply(204)
            return self._put(objects, key, query, body)

    def _is_skewed(self):
        if self.cloud.max_skew_seconds is None:
            return False
        dated = calendar.timegm(time.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        return abs(dated - time.time()) > self.cloud.max_skew_seconds

    def _get(self, objects, key):
        content = objects.get(key)
        if content is None:
            return self._refuse(404, "NoSuchKey")
        cloud = self.cloud
        etag = cloud.etags.get(key) or etag_of(content)
        if self.headers.get("If-Match", etag) != etag:
            return self._refuse(412, "PreconditionFailed")
        content = cloud.corrupted.get(key, content)
        headers = {"ETag": etag}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if wanted:
            # As S3 does it: of a part of an object it states no checksum.
            return self._reply(206, content[int(wanted.group(1)) : int(wanted.group(2)) + 1], headers)
        if self.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers.update(cloud.stated.get(key, {}))
        return self._reply(200, content, headers)

    def _put(self, objects, key, query, body):
        cloud, stated = self.cloud, self.headers.get("x-amz-checksum-sha256")
        if stated and stated != base64.b64encode(hashlib.sha256(body).digest()).decode():
            return self._refuse(400, "BadDigest")
        if "uploadId" in query:
            if query["uploadId"] not in cloud.uploads:
                cloud.late_parts += 1
                return self._refuse(404, "NoSuchUpload")
            cloud.uploads[query["uploadId"]][int(query["partNumber"])] = body
            if self._loses_reply("part " + query["partNumber"]):
                return None
            return self._reply(200, b"", {"ETag": etag_of(body)})
        before = objects.get(key)
        if self.headers.get("If-None-Match") == "*" and before is not None:
            return self._refuse(412, "PreconditionFailed")
        if self.headers.get("If-Match") and (before is None or self.headers["If-Match"] != etag_of(before)):
            return self._refuse(412 if before is not None else 404, "PreconditionFailed")
        objects[key] = body
        if self._loses_reply(key):
            return None
        return self._reply(200, b"", {"ETag": etag_of(body)})

    def _loses_reply(self, name):
        for lost in list(self.cloud.lost_replies):
            if re.search(lost, name):
                self.cloud.lost_replies.remove(lost)
                self.close_connection = True
                self.connection.shutdown(2)
                return True
        return False

    def _post(self, objects, key, query, body):
        cloud = self.cloud
        if "uploads" in query:
            cloud.upload_count += 1
            upload_id = "upload-%d" % cloud.upload_count
            cloud.uploads[upload_id] = {}
            return self._reply(200, b"<R><UploadId>%s</UploadId></R>" % upload_id.encode())
        numbers = [int(number) for number in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        parts = cloud.uploads.pop(query["uploadId"])
        objects[key] = b"".join(parts[number] for number in numbers)
        etag = etag_of(objects[key]).replace('"', "&quot;").encode()
        return self._reply(200, b"<R><ETag>%s</ETag></R>" % etag)

    # --- replies ---

    def _refuse(self, status, code):
        body = "<Error><Code>%s</Code><Message>as the test wants it</Message></Error>" % code
        return self._reply(status, body.encode())

    def _reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET" and self.cloud.cut_replies > 0 and len(body) > 1000:
            self.cloud.cut_replies -= 1
            self.close_connection = True
            self.wfile.write(body[: len(body) // 2])
        elif self.command != "HEAD":
            self.wfile.write(body)
