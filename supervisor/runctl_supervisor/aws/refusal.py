"""What a refusal of an AWS service means: whether to ask again, and whether a permission is missing."""

_RETRYABLE_CODES = {
    "SlowDown",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "RequestTimeout",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
CREDENTIAL_CODES = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
}


class AwsRefusal(Exception):
    """A service refused a request, or could not be reached (status 0)."""

    def __init__(self, status, code, message):
        super().__init__("%s: %s" % (code, message))
        self.status = status
        self.code = code
        self.message = message

    @property
    def is_transient(self):
        """Whether the same request may succeed later."""
        return self.status == 0 or self.status >= 500 or self.status == 429 or self.code in _RETRYABLE_CODES

    @property
    def is_denied(self):
        return self.status == 403 or self.code == "AccessDeniedException" or self.code in CREDENTIAL_CODES
