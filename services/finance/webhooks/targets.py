"""Where a message may go: public addresses over https, or what a setting allows; checked again at every attempt."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_PORTS = {"https": 443, "http": 80}


class TargetError(Exception):
    """Why nothing is sent there; the text is a stable word (`target_…`)."""


@dataclass(frozen=True, slots=True)
class Target:
    """`url` as registered; `address` is what its host meant when it was checked, and what is to be connected to.

    Connecting by name again could reach another host than the one that was checked (DNS rebinding).
    """

    url: str
    host: str
    address: Address


async def checked_target(url: str, allowed: Sequence[Network], timeout_seconds: float) -> Target:
    """Resolve and check; TargetError for what is never reached.

    Every address that the host resolves to must do: one private among them is refused. Plain http goes to networks
    that the setting allows only, such as a test's loopback or a bank's own line.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise TargetError("target_malformed") from None
    if port is None or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise TargetError("target_malformed")
    addresses = await _resolved(parts.hostname, port, timeout_seconds)
    for address in addresses:
        _check(address, parts.scheme, allowed)
    return Target(url, parts.hostname, addresses[0])


async def _resolved(host: str, port: int, timeout_seconds: float) -> list[Address]:
    try:
        async with asyncio.timeout(timeout_seconds):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise TargetError("target_unresolved") from None
    # An IPv6 zone ("%eth0") names an interface of this machine.
    return list(dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found))


def _check(address: Address, scheme: str, allowed: Sequence[Network]) -> None:
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain.version == network.version and plain in network for network in allowed):
        return
    if not plain.is_global or plain.is_multicast:
        raise TargetError("target_not_public")
    if scheme != "https":
        raise TargetError("target_not_https")
