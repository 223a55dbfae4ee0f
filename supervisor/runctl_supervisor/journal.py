"""supervisor.log: what the supervisor did, one line each. Its standard error is that file."""

import sys

from .instants import instant
from .texts import printable


def log(sentence):
    try:
        sys.stderr.write("%s %s\n" % (instant(), printable(str(sentence)).replace("\n", " | ")[:2000]))
        sys.stderr.flush()
    except OSError:
        # A full disk must not end a training that could still publish.
        pass
