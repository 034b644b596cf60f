"""Which addresses a redirect may lead to: those that are reachable from the whole internet.

A name is resolved once, the addresses are checked, and the connection is made to just these: a name server that
answers otherwise a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver

if TYPE_CHECKING:
    import socket

    from aiohttp.abc import ResolveResult

_CARRYING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""NAT64, and the old form ::127.0.0.1 (with ::1 and :: in it, which are no public addresses either)"""


class PrivateAddress(Exception):
    """The host lies in a private, loopback or link-local network."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(host, address)
        self.host = host
        self.address = address


class PublicResolver(AbstractResolver):
    """Gives only addresses that are public. Raises PrivateAddress where none is left."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily | int = 0) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)  # type: ignore[arg-type]
        public = [result for result in found if is_public(result["host"])]
        if found and not public:
            raise PrivateAddress(host, found[0]["host"])
        return public

    async def close(self) -> None:
        await self._inner.close()


def check_literal(host: str) -> None:
    """Raises PrivateAddress for a host that is itself an address and not a public one."""
    if (":" in host or host.replace(".", "").isdigit()) and not is_public(host):
        raise PrivateAddress(host, host)


def is_public(text: str) -> bool:
    """
    >>> [is_public(text) for text in ("93.184.215.14", "10.0.0.1", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False, False, False]
    >>> [is_public(text) for text in ("2606:2800:21f:cb07::1", "::1", "::127.0.0.1", "fec0::1", "fe80::1%eth0")]
    [True, False, False, False, False]
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _carried(address)
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if any(address in network for network in _CARRYING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
