"""Decides when the trainer has to end, and how long it may take to save. Pure: test_stopping.py is its table."""

from dataclasses import dataclass
from typing import Optional

from .. import limits


@dataclass(frozen=True)
class StopOrder:
    """Why the trainer has to end, and at what monotonic second it is killed if it has not."""

    cause: str
    kill_at: float


@dataclass(frozen=True)
class StopCommand:
    """What a verb asked for; `received_at` in monotonic seconds."""

    cause: str
    timeout_seconds: float
    received_at: float


@dataclass(frozen=True)
class Situation:
    now: float
    save_timeout_seconds: float
    command: Optional[StopCommand]
    # Seconds that the instance has left; None without a notice.
    notice_seconds_left: Optional[float]
    is_machine_going_down: bool
    is_lease_expired: bool
    completed_at: Optional[float]
    completion_grace_seconds: float
    # For how long the trainer has shown no sign of life, once that is too long.
    quiet_seconds: Optional[float]


def decide_stop(order, situation):
    """The order that holds now, or None. An order under way is never taken back; it can only become more urgent."""
    for wanted in _wanted(situation):
        if order is None:
            order = wanted
        elif wanted.cause == "force-stop" and order.cause != "force-stop":
            order = wanted
        elif wanted.kill_at < order.kill_at:
            order = StopOrder(order.cause, wanted.kill_at)
    return order


def _wanted(situation):
    """Every reason that applies, the weightiest first: it names the cause when several come at once."""
    now, command = situation.now, situation.command
    # For a trainer that hangs, which will hardly obey.
    patience = min(situation.save_timeout_seconds, limits.HUNG_TRAINER_TERMINATE_SECONDS)
    if command is not None and command.cause == "force-stop":
        yield StopOrder("force-stop", now)
    if situation.notice_seconds_left is not None:
        yield StopOrder("interruption", now + saving_seconds(situation))
    if command is not None and command.cause != "force-stop":
        yield StopOrder(command.cause, command.received_at + command.timeout_seconds)
    if situation.is_machine_going_down:
        # The init system kills what is left a while after its SIGTERM.
        yield StopOrder("interruption", now + min(situation.save_timeout_seconds, limits.ASSUMED_NOTICE_SECONDS))
    if situation.is_lease_expired:
        yield StopOrder("lease-expired", now + situation.save_timeout_seconds)
    if situation.completed_at is not None and now >= situation.completed_at + situation.completion_grace_seconds:
        yield StopOrder("hung-after-completion", now + patience)
    if situation.quiet_seconds is not None:
        yield StopOrder("hung", now + patience)


def saving_seconds(situation):
    """How long a trainer may save within a notice: what is left, less a reserve for publishing."""
    left = situation.notice_seconds_left
    reserve = left * limits.PUBLISHING_RESERVE_SHARE
    reserve = max(limits.PUBLISHING_RESERVE_MIN_SECONDS, min(reserve, limits.PUBLISHING_RESERVE_MAX_SECONDS))
    return max(0.0, min(situation.save_timeout_seconds, left - reserve))
