"""One verb, one line of JSON, exit code 0: SSM gives exit codes meanings of their own, and 194 reboots the machine."""

import os
import sys

from .verbs.answers import VerbFailure, answer_line


def main():
    """Never returns: the process ends with 0 whatever happened."""
    # First, since the nonce marks every answer, also the one to a request that cannot be read.
    verb, options = _split(sys.argv[1:])
    nonce = options.get("--nonce", "")
    try:
        request = _decoded(options.get("--request"))
        answer = {"nonce": nonce, "ok": True, **_run(verb, request)}
    except VerbFailure as failure:
        answer = _failed(nonce, failure.code, failure.message)
    except BaseException as error:
        answer = _failed(nonce, "internal-error", "%s: %s" % (type(error).__name__, error))
    try:
        sys.stdout.flush()
        line = answer_line(answer)
        while line:
            line = line[os.write(1, line) :]
    finally:
        os._exit(0)


def _run(verb, request):
    # Each verb imports what it needs and no more: `status` runs every few seconds.
    from .paths import training_paths

    paths = training_paths()
    if verb == "start":
        from .verbs.starting import start

        return start(paths, request)
    if verb == "clean-up":
        from .verbs.cleaning import clean_up

        return clean_up(paths, request)
    if verb == "processes":
        from .verbs.usage import processes

        return processes(paths, request)
    from .verbs import asking

    known = {
        "status": asking.status,
        "save": asking.save,
        "save-and-stop": asking.save_and_stop,
        "stop": asking.stop,
    }
    if verb not in known:
        raise VerbFailure("unknown-verb", "expected start, clean-up, processes or one of %s, got %r" % (", ".join(known), verb))
    return known[verb](paths, request)


def _split(arguments):
    """(verb, options); the options are `--nonce N` and `--request BASE64_OF_JSON`."""
    return (arguments[0] if arguments else ""), dict(zip(arguments[1::2], arguments[2::2]))


def _decoded(encoded):
    if not encoded:
        return {}
    import base64
    import json

    try:
        request = json.loads(base64.b64decode(encoded, validate=True))
    except (ValueError, RecursionError) as error:
        raise VerbFailure("request-not-understood", "--request: %s" % error) from error
    if request is None:
        return {}
    if not isinstance(request, dict):
        raise VerbFailure("request-not-understood", "--request: expected an object")
    return request


def _failed(nonce, code, message):
    return {"nonce": nonce, "ok": False, "error": {"code": code, "message": message}}
