"""Brings a container's image onto the instance, unless it is there already, and takes away what it brought."""

import base64
import json

from .. import limits
from ..aws.refusal import AwsRefusal
from ..journal import log
from ..patience import Refusals
from .engine import EngineAway, EngineRefusal, image_path, is_engine_installed
from .image_name import parse_image_name
from .registry_login import is_login_of_role, registry_login

# What a registry says, through the engine, when asking again cannot help. Everything else is the network's doing.
_PERMANENT = (
    "not found",
    "manifest unknown",
    "name unknown",
    "no matching manifest",
    "invalid reference",
    "invalid repository name",
    "no space left",
    "http response to https client",
    "unsupported media type",
)
# What a missing permission looks like; some registries say so of images that do not exist, too.
_DENIED = ("denied", "unauthorized", "no basic auth credentials", "authentication required", "forbidden")
_MISSING, _FORBIDDEN, _UNREACHABLE = 404, 403, 0
_NO_ENGINE = Refusals(*["container-engine-missing"] * 4, needs_role=False)
_NO_IMAGE = Refusals(*["image-unavailable"] * 4, needs_role=False)


def fetch_image(engine, image, region, credentials, before_download, patience):
    """Returns once the engine has the image; raises PreparationFailure when it never will, or takes too long."""

    def find():
        try:
            return engine.get(image_path(image, "json")) is not None
        except EngineAway as error:
            # It may start after us; but one that is not even installed never does.
            raise AwsRefusal(_UNREACHABLE if is_engine_installed() else _MISSING, "Engine", str(error)) from error
        except EngineRefusal as refusal:
            # The name is no name of an image, for instance; `download` tells.
            log("looking for the image %s: %s" % (image, refusal))
            return False

    def download():
        _download(engine, image, region, credentials, patience)

    what = "the container engine"
    if not patience.ask(find, what, _NO_ENGINE, what, limits.ENGINE_START_SECONDS):
        before_download()
        what = "the image %s" % image
        patience.ask(download, what, _NO_IMAGE, what, limits.IMAGE_PATIENCE_SECONDS)


def image_environment(engine, image):
    """What the image sets by itself."""
    configuration = (engine.get(image_path(image, "json")) or {}).get("Config") or {}
    return dict(pair.split("=", 1) for pair in configuration.get("Env") or [] if "=" in pair)


def remove_image(engine, image):
    """Harmless when it is gone, or in use by another container."""
    try:
        engine.call("DELETE", image_path(image))
    except EngineRefusal as refusal:
        if refusal.status != 404:
            log("the image %s stays: %s" % (image, refusal))


def _download(engine, image, region, credentials, patience):
    name = parse_image_name(image)
    login = registry_login(name.registry, region, credentials)
    headers = {} if login is None else {"X-Registry-Auth": _encoded(login, name.registry)}
    query = {"fromImage": name.repository, "tag": name.tag}
    log("downloading the image %s" % image)
    try:
        with engine.open(
            "POST", "/images/create", query, headers, silence_seconds=limits.IMAGE_SILENCE_SECONDS
        ) as reply:
            with patience.cutting(reply.cut):
                error = _error_in(reply)
    except EngineRefusal as refusal:
        error = str(refusal)
    except EngineAway as away:
        raise AwsRefusal(_UNREACHABLE, "Engine", str(away)) from away
    if error is not None:
        status = _status_of(error.lower(), is_login_of_role(name.registry))
        raise AwsRefusal(status, "Registry", error)


def _status_of(error, has_role):
    """As a status, what a registry's sentence means for whoever thinks of asking again."""
    if any(phrase in error for phrase in _DENIED):
        # A role that was attached a moment ago is refused for a while; a wrong password stays wrong.
        return _FORBIDDEN if has_role else _MISSING
    return _MISSING if any(phrase in error for phrase in _PERMANENT) else _UNREACHABLE


def _error_in(reply):
    """The engine tells its progress line by line; an error comes as such a line, below a status of 200."""
    rest = b""
    while True:
        some = reply.read_some()
        lines = (rest + some).split(b"\n")
        rest = lines.pop() if some else b""
        for line in lines:
            if b'"error"' in line:
                return _error_of(line)
        if not some:
            return None


def _error_of(line):
    try:
        return str(json.loads(line)["error"])
    except (ValueError, KeyError, TypeError):
        return line.decode("utf-8", "replace")


def _encoded(login, registry):
    name, password = login
    content = {"username": name, "password": password, "serveraddress": registry}
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
