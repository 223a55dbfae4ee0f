"""Who the instance is to a registry of images: its role at Amazon ECR, or what `docker login` has left here."""

import base64
import json
import os
from urllib.parse import urlsplit

from ..aws.service import AwsService, endpoint_override, host_of
from .image_name import ecr_region

_TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
# Where Docker Hub's password lies in config.json.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"


def registry_login(registry, region, credentials):
    """(name, password) for the registry, or None where nothing is known; raises AwsRefusal."""
    if not is_login_of_role(registry):
        return _stored_login(registry)
    region = ecr_region(registry) or region
    origin = endpoint_override("ECR") or "https://" + host_of("api.ecr", region)
    return _ask_ecr(origin, region, credentials)


def is_login_of_role(registry):
    """Whether the registry is Amazon ECR's, or that of a stand-in for AWS, which is a registry itself."""
    return ecr_region(registry) is not None or urlsplit(endpoint_override("ECR") or "").netloc == registry


def _ask_ecr(origin, region, credentials):
    answer = AwsService("ecr", origin, region, credentials).call(_TARGET, {})
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    name, _, password = token.partition(":")
    return name, password


def _stored_login(registry):
    """What somebody logged in with on this instance; programs that keep passwords are not asked."""
    folder = os.environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")
    try:
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            logins = json.load(file)["auths"]
        stored = logins[_DOCKER_HUB_KEY if registry == "docker.io" else registry]
        name, _, password = base64.b64decode(stored["auth"]).decode().partition(":")
        return (name, password) if password else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
