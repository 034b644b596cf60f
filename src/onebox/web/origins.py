"""Who is really calling, when proxies stand between."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from ipaddress import IPv4Address


def caller(peer: str, forwarded_for: str, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address of the caller: the last in X-Forwarded-For that no trusted proxy has, if one sent it.

    >>> home = [IPv4Network("10.0.0.0/8")]
    >>> caller("10.0.0.2", "1.1.1.1, 203.0.113.9, 10.0.0.7", home)
    '203.0.113.9'
    >>> caller("198.51.100.4", "1.1.1.1", home)
    '198.51.100.4'
    """
    address = _address(peer)
    if address is None or not _within(address, trusted):
        return peer
    for text in reversed(forwarded_for.split(",")):
        forwarded = _address(text.strip())
        if forwarded is None:  # what a trusted proxy did not write itself is not believed
            break
        address = forwarded
        if not _within(address, trusted):
            break
    return str(address)


def remote_of(peer: str, headers: Mapping[str, str], trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The caller's address; `headers` by lower-case name."""
    return caller(peer, headers.get("x-forwarded-for", ""), trusted) if trusted else peer


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: IPv4Address | IPv6Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)
