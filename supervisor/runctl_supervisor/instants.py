"""Moments as the control plane writes them: ISO 8601, UTC, milliseconds."""

import re
import time

_INSTANT = re.compile(r"^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]00:?00)$")


def instant(seconds=None):
    """`2026-11-24T09:30:00.000Z` for seconds since the epoch, or for now."""
    seconds = time.time() if seconds is None else seconds
    whole_ms = int(round(seconds * 1000))
    parts = time.gmtime(whole_ms // 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", parts) + ".%03dZ" % (whole_ms % 1000)


def instant_seconds(text):
    """Seconds since the epoch; None when the text is not such a moment (IMDS may hold anything)."""
    match = _INSTANT.match(text) if isinstance(text, str) else None
    if not match:
        return None
    # `status` needs moments only the other way round, and starts faster without this.
    import calendar

    try:
        whole = calendar.timegm(tuple(int(part) for part in match.groups()[:6]))
    except ValueError:
        return None
    return whole + float(match.group(7) or 0)
