"""After the trainer's end: its newest checkpoint, then its outputs, then its log, each for as long as it is worth it."""

import time

from .. import limits
from ..journal import log


def publish_rest(checkpoints, outputs, logs, watch, lookout, wait):
    """Returns once all is in the bucket, or its time is over; `wait()` sleeps and looks at everything else meanwhile."""
    # A status that nobody saw may have been a kill, so the stricter rule for checkpoints holds.
    was_killed = watch.exit_status.exit_code is None
    checkpoints.finish(watch.ended_at_seconds, was_killed)
    ended_at = time.monotonic()
    while not checkpoints.is_finished:
        if time.monotonic() > last_moment_for_publishing(ended_at, lookout.cause, lookout.notice_ends_at):
            log("the newest checkpoint could not be published in time")
            break
        wait()
    # After the checkpoint, without which they would be of no use to the next attempt.
    if outputs is not None:
        _publish_outputs(outputs, ended_at, lookout, wait)
    logs.finish(limits.FINAL_LOG_SECONDS)


def _publish_outputs(outputs, ended_at, lookout, wait):
    # Within a notice, the time is for uploading.
    outputs.finish(verifies=lookout.notice_ends_at is None)
    while outputs.is_alive():
        last_moment = last_moment_for_outputs(
            ended_at, lookout.cause, lookout.notice_ends_at, outputs.last_success_at
        )
        if time.monotonic() > last_moment:
            log("not all outputs could be uploaded in time")
            outputs.give_up()
            return
        wait()


def last_moment_for_publishing(ended_at, cause, notice_ends_at):
    """Until when the last checkpoint may be tried, since S3 may be away for a while. All in monotonic seconds."""
    if cause == "force-stop":
        return ended_at + limits.FINAL_PUBLISHING_AFTER_FORCE_SECONDS
    if notice_ends_at is not None:
        return notice_ends_at + limits.FINAL_PUBLISHING_AFTER_NOTICE_SECONDS
    return ended_at + limits.FINAL_PUBLISHING_SECONDS


def last_moment_for_outputs(ended_at, cause, notice_ends_at, last_success_at):
    """The same for outputs: there may be a lot of them, so only a standstill ends the patience."""
    if cause == "force-stop" or notice_ends_at is not None:
        return last_moment_for_publishing(ended_at, cause, notice_ends_at)
    return last_success_at + limits.OUTPUT_STALL_SECONDS
