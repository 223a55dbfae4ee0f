"""Text from anywhere (logs, scripts, exceptions), made safe for one line of bounded length."""

import re

# Terminal colours, then everything that would break a line or show as garbage; newline and tab stay.
_ESCAPES = re.compile("\x1b\\[[0-?]*[ -/]*[@-~]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(text):
    """Without escapes and control characters; a carriage return (a progress bar) becomes a new line."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def first_bytes(text, max_bytes):
    """At most so many bytes of UTF-8 from the start, cut between characters."""
    return text.encode("utf-8", "replace")[: max(0, max_bytes)].decode("utf-8", "ignore")


def last_bytes(text, max_bytes):
    """At most so many bytes of UTF-8 from the end, cut between characters."""
    encoded = text.encode("utf-8", "replace")
    kept = encoded[max(0, len(encoded) - max(0, max_bytes)) :]
    # Bytes 10xxxxxx continue a character whose beginning was cut off.
    while kept and kept[0] & 0xC0 == 0x80:
        kept = kept[1:]
    return kept.decode("utf-8", "ignore")


def last_lines_of_file(path, max_bytes, mask=None, first_byte=0):
    """The end of a log for people, without the secrets that a mask knows; empty when there is none.

    What stands before `first_byte` is not the caller's.
    """
    hidden_bytes = mask.longest_bytes if mask else 0
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            # Characters that are removed below must not leave too little.
            file.seek(max(first_byte, size - 4 * max_bytes - hidden_bytes))
            tail = file.read(4 * max_bytes + hidden_bytes)
    except OSError:
        return ""
    if mask:
        # Half a secret may be left of the first; it is cut off with what was read for it.
        tail = mask.masked(tail)[-4 * max_bytes :]
    return last_bytes(printable(tail.decode("utf-8", "replace")).strip("\n"), max_bytes)
