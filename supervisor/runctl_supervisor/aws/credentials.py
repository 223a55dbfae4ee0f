"""The instance role's credentials, renewed before they expire."""

import threading
import time
from dataclasses import dataclass

from ..instants import instant_seconds
from ..limits import CREDENTIALS_RENEW_BEFORE_SECONDS
from .metadata import MetadataUnreachable

_ROLES_PATH = "/latest/meta-data/iam/security-credentials/"


class CredentialsMissing(Exception):
    """The metadata service has no credentials (yet): no instance profile, or one just attached."""


@dataclass(frozen=True)
class Credentials:
    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at_seconds: float


class InstanceCredentials:
    """Hands out credentials that are good for some minutes yet; safe to use from several threads."""

    def __init__(self, metadata):
        self._metadata = metadata
        self._lock = threading.Lock()
        self._current = None

    def current(self):
        with self._lock:
            if self._current is None or self._expires_soon():
                self._current = self._renewed()
            return self._current

    def forget(self):
        """The storage called them expired: the next use asks again."""
        with self._lock:
            self._current = None

    def _expires_soon(self):
        return self._current.expires_at_seconds - time.time() < CREDENTIALS_RENEW_BEFORE_SECONDS

    def _renewed(self):
        try:
            roles = (self._metadata.get(_ROLES_PATH) or "").split()
            found = self._metadata.get_json(_ROLES_PATH + roles[0]) if roles else None
            if found is None:
                raise CredentialsMissing("the instance has no role; give it an instance profile")
            return Credentials(
                found["AccessKeyId"],
                found["SecretAccessKey"],
                found.get("Token") or "",
                # Without a stated end they are used until the storage refuses them.
                instant_seconds(found.get("Expiration")) or float("inf"),
            )
        except (MetadataUnreachable, KeyError) as error:
            # Those at hand may be good for minutes yet.
            if self._current is not None and self._current.expires_at_seconds > time.time():
                return self._current
            raise CredentialsMissing("the metadata service gives no credentials: %s" % error) from error
