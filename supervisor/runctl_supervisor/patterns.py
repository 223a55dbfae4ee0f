"""Regular expressions that users give: compiled by one rule, and never allowed to take for ever."""

import re
import signal

# `COMPLETE`, `training finished`: words, which nobody means to find inside of other words.
_PLAIN_WORDS = re.compile(r"\w+(?: \w+)*\Z")


def compile_pattern(text):
    """The pattern, looked for anywhere in a line; plain words match as whole words only, so not `INCOMPLETE`.

    Raises ValueError with a sentence for what is no regular expression.
    """
    try:
        return re.compile(r"\b%s\b" % text if _PLAIN_WORDS.match(text) else text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("expected a regular expression as Python's re has them, got %r (%s)" % (text, error)) from error


def find_match(pattern, line, seconds):
    """The text that matches, or None; raises TimeoutError after the seconds. For the main thread only.

    A pattern such as `(a+)+$` can take for ever; the alarm ends it, since matching looks at signals now and then.
    """

    def give_up(_number, _frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        match = pattern.search(line)
        return None if match is None else match.group()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def pattern_problems(log_pattern, failure_patterns):
    """A sentence for each pattern of the request that cannot be used."""
    places = [] if log_pattern is None else [("completion.logPattern", log_pattern)]
    for group in failure_patterns:
        places += [("completion.failurePatterns", row["pattern"]) for row in group]
    problems = []
    for place, text in places:
        try:
            compile_pattern(text)
        except ValueError as error:
            problems.append("%s: %s" % (place, error))
    return problems
