"""AWS Signature Version 4. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""

import hashlib
import hmac
import time
from urllib.parse import quote

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def encoded_target(path, query):
    """Path and query as they are both sent and signed; S3 encodes a path once."""
    encoded_path = quote(path, safe="/-_.~")
    encoded_query = "&".join(
        "%s=%s" % (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in sorted(query.items())
    )
    return encoded_path, encoded_query


def signed_headers(method, path, query, headers, payload_sha256, credentials, region, now_seconds, service="s3"):
    """The headers (which must have Host) and those that authenticate them."""
    moment = time.gmtime(now_seconds)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", moment)
    scope = "%s/%s/%s/aws4_request" % (stamp[:8], region, service)
    result = dict(headers)
    result["x-amz-date"] = stamp
    result["x-amz-content-sha256"] = payload_sha256
    if credentials.session_token:
        result["x-amz-security-token"] = credentials.session_token
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in result.items())
    names = ";".join(name for name, _ in canonical)
    encoded_path, encoded_query = encoded_target(path, query)
    request = "\n".join(
        [method, encoded_path, encoded_query]
        + ["%s:%s" % pair for pair in canonical]
        + ["", names, payload_sha256]
    )
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + credentials.secret_access_key).encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    result["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
        credentials.access_key_id,
        scope,
        names,
        signature,
    )
    return result
