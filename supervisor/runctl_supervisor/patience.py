"""Asks a service again for as long as it is away, and turns its refusal into a reason why the attempt cannot begin."""

import contextlib
import threading
import time
from dataclasses import dataclass

from . import limits
from .aws.refusal import AwsRefusal
from .journal import log
from .preparation_failure import Cancelled, PreparationFailure


@dataclass(frozen=True)
class Refusals:
    """The codes of docs/failures.md for what a service may answer."""

    missing: str
    denied: str = "storage-denied"
    refused: str = "storage-refused"
    unreachable: str = "storage-unreachable"
    # Whether an answer shows that the instance's role has arrived.
    needs_role: bool = True


class Patience:
    """Shared by all that the preparation asks for; `cancel` ends every wait. Safe to use from several threads."""

    def __init__(self, lease_seconds, on_change):
        self._lease_seconds = lease_seconds
        self._on_change = on_change
        self._cancelled = threading.Event()
        self._cuts = []
        # A role that has opened one door has arrived: what it may not do then, it will not be allowed in a minute.
        self._has_role_arrived = False
        self.warning = None

    def cancel(self):
        self._cancelled.set()
        for cut in list(self._cuts):
            cut()

    @contextlib.contextmanager
    def cutting(self, cut):
        """While something is under way that cannot look whether it is cancelled: `cut()` ends it."""
        self._cuts.append(cut)
        try:
            self.check()
            yield
        finally:
            self._cuts.remove(cut)

    def check(self):
        """Raises Cancelled once nobody waits any more."""
        if self._cancelled.is_set():
            raise Cancelled()

    def ask(self, request, what, refusals, whom="the storage", longest_seconds=None):
        """Repeats while the service is away: bounded by the lease, since giving up would end a run that can go on.

        A role that was attached a moment ago is refused for a while, so that refusals get some time, too.
        """
        began = time.monotonic()
        while True:
            self.check()
            try:
                result = request()
                self.warning = None
                self._has_role_arrived = self._has_role_arrived or refusals.needs_role
                return result
            except AwsRefusal as error:
                waited = time.monotonic() - began
                self._give_up_if_final(error, waited, what, refusals)
                self.check()
                self.warning = "Waiting for %s (%s)." % (whom, error)
                log("preparing: %s" % error)
                self._on_change()
                if waited > (longest_seconds or self._lease_seconds):
                    raise PreparationFailure(refusals.unreachable, "%s: %s" % (what, error)) from error
                self._cancelled.wait(1.0)

    def _give_up_if_final(self, error, waited, what, refusals):
        denied_seconds = limits.PREPARATION_STORAGE_SECONDS
        if self._has_role_arrived:
            denied_seconds = limits.PREPARATION_DENIED_SECONDS
        if error.status == 404:
            raise PreparationFailure(refusals.missing, "%s is not there: %s" % (what, error)) from error
        if error.is_denied and waited > denied_seconds:
            raise PreparationFailure(refusals.denied, "%s: %s" % (what, error)) from error
        if not (error.is_denied or error.is_transient):
            raise PreparationFailure(refusals.refused, "%s: %s" % (what, error)) from error
