"""The one line of JSON that a verb prints, never longer than SSM passes on."""

import json

from ..limits import ANSWER_MAX_BYTES
from ..texts import first_bytes, last_bytes, printable


class VerbFailure(Exception):
    """A verb that cannot do what it was asked, with a code for the control plane and a sentence for people."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def answer_line(answer):
    """The answer as bytes with a newline; what is long inside is shortened until it fits."""
    line = _encoded(answer)
    # Each round halves the curve or the longest text, so a few dozen rounds end it whatever is inside.
    for _ in range(64):
        if len(line) <= ANSWER_MAX_BYTES or not (_thin_losses(answer) or _shorten_longest(answer)):
            break
        line = _encoded(answer)
    return line


def _encoded(answer):
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace") + b"\n"


def _thin_losses(answer):
    """Leaves out every other loss, never the newest: a curve is worth less than the words that explain an end."""
    losses = (answer.get("report") or {}).get("losses") or []
    if len(losses) < 2:
        return False
    answer["report"]["losses"] = losses[-1::-2][::-1]
    return True


def _shorten_longest(answer):
    spots = list(_shortenable(answer))
    if not spots:
        return False
    owner, key, cut = max(spots, key=lambda spot: len(spot[0][spot[1]].encode("utf-8", "replace")))
    size_bytes = len(owner[key].encode("utf-8", "replace"))
    owner[key] = cut(printable(owner[key]), size_bytes // 2)
    return True


def _shortenable(answer):
    """Every text that may be cut: (where, key, how)."""
    report = answer.get("report") or {}
    for owner, key, cut in (
        (report.get("result") or {}, "lastLogLines", last_bytes),
        (report.get("preparationFailure") or {}, "message", first_bytes),
        (answer.get("error") or {}, "message", first_bytes),
        (answer, "nonce", first_bytes),
    ):
        if owner.get(key):
            yield owner, key, cut
    for warnings in (report.get("warnings") or [],):
        for index, warning in enumerate(warnings):
            if warning:
                yield warnings, index, first_bytes
