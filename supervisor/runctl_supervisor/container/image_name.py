"""The parts of a container image's name. Pure."""

import re
from dataclasses import dataclass

_ECR_HOST = re.compile(r"^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$")
_DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class ImageName:
    # The registry's host, with its port where it has one.
    registry: str
    # What the engine is to download: everything before the tag, and the tag or digest.
    repository: str
    tag: str


def parse_image_name(image):
    """`[registry/]repository[:tag][@digest]`; without tag and digest it is `latest`."""
    first, slash, _ = image.partition("/")
    # A repository's first part has neither dot nor colon: that is how engines tell it from a host.
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    name, at, digest = image.partition("@")
    folder, _, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    repository = "%s/%s" % (folder, last) if folder else last
    return ImageName(first if is_host else _DOCKER_HUB, repository, digest if at else tag or "latest")


def ecr_region(registry):
    """The region of a registry of Amazon ECR; None for any other one."""
    match = _ECR_HOST.match(registry)
    return match.group(1) if match else None
