"""Decides the network of a container, and whether what runs in it reaches the instance's metadata service.

The metadata service gives the instance's role to whoever asks. On a bridge network of the engine a container is one hop
further away than the instance itself, and gets no answer where the instance's hop limit is 1 (docs/decisions/0012).
An instance of the user's may have any limit, so there the address is taken away as well: the container gets it as an
address of its own, on a network that leads nowhere.
"""

import ipaddress
from dataclasses import dataclass
from typing import Optional
from urllib.parse import urlsplit

from ..journal import log
from .engine import EngineRefusal

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
METADATA_ADDRESS = "169.254.169.254"
DEAD_END_NETWORK = "runctl-no-metadata"
# The smallest network that an engine makes. It also covers 169.254.169.253, where a VPC's resolver listens beside its
# usual address: an instance whose resolv.conf names that one cannot resolve names in a container that is kept out.
_DEAD_END_SUBNET = "169.254.169.252/30"

_STAYS_REACHABLE = (
    "The container engine has no bridge network, so the container shares the instance's network: a program in it that"
    " knows the address of the metadata service reaches the instance's role."
)


@dataclass(frozen=True)
class NetworkChoice:
    # `bridge` or `host`, as the engine names them.
    mode: str
    # Whether the metadata service's address is to lead nowhere.
    has_dead_end: bool
    warning: Optional[str]


def decide_network(has_bridge, is_metadata_passed, metadata_endpoint):
    """Pure: test_container_choices.py is its table."""
    address = urlsplit(metadata_endpoint).hostname
    if is_metadata_passed:
        # The loopback of a container is its own.
        is_near = address == "localhost" or _is_loopback(address)
        return NetworkChoice("bridge" if has_bridge and not is_near else "host", False, None)
    if has_bridge:
        return NetworkChoice("bridge", address == METADATA_ADDRESS, None)
    return NetworkChoice("host", False, _STAYS_REACHABLE)


def make_dead_end(engine, container_name):
    """Gives the created container the metadata service's address; True when it is so before the container starts."""
    try:
        if engine.get("/networks/" + DEAD_END_NETWORK) is None:
            engine.call("POST", "/networks/create", body=_dead_end())
        if _has_instance_lost_its_way():
            remove_dead_end(engine)
            log("the engine gave the bridge an address although it was told not to")
            return False
        endpoint = {"IPAMConfig": {"IPv4Address": METADATA_ADDRESS}}
        body = {"Container": container_name, "EndpointConfig": endpoint}
        engine.call("POST", "/networks/%s/connect" % DEAD_END_NETWORK, body=body)
        return True
    except EngineRefusal as refusal:
        log("the metadata service cannot be kept out by a network: %s" % refusal)
        return False


def remove_dead_end(engine):
    """Harmless when there is none, or a container is still in it."""
    try:
        engine.call("DELETE", "/networks/" + DEAD_END_NETWORK)
    except EngineRefusal as refusal:
        if refusal.status != 404:
            log("the network %s stays: %s" % (DEAD_END_NETWORK, refusal))


def _dead_end():
    return {
        "Name": DEAD_END_NETWORK,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": True,
        "IPAM": {"Config": [{"Subnet": _DEAD_END_SUBNET}]},
        # Without it the bridge itself would have an address of this subnet, and the instance would lose its own way.
        "Options": {"com.docker.network.bridge.inhibit_ipv4": "true"},
    }


def _has_instance_lost_its_way():
    """Whether this machine itself has a route into the dead end: an engine that ignores the option makes one."""
    with open("/proc/net/route", encoding="ascii") as file:
        routes = [line.split() for line in file.read().splitlines()[1:]]
    # Destination and mask in hexadecimal, lowest byte first: 169.254.169.252 and 255.255.255.252.
    return any((route[1], route[7]) == ("FCA9FEA9", "FCFFFFFF") for route in routes)


def _is_loopback(address):
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
