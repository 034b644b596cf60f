"""How the web server behaves; `box.yaml` may say otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network, IPv6Network

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Sizes in bytes, times in seconds."""

    body_limit: int = 5 * MEGABYTE
    """of one request's body, after it was unpacked"""
    max_depth: int = 100
    """how deep JSON may be nested; at most 200, where the parser itself stops"""
    respond_timeout: float = 30.0
    """how long a caller waits for a `respond` step before it is answered 202"""
    body_timeout: float = 60.0
    """how long a body may take to arrive"""
    header_timeout: float = 20.0
    """how long the head of a request may take to arrive, also the first of a connection"""
    linger: float = 2.0
    """how long the rest of a refused body is read and thrown away, so that the caller gets to see the answer"""
    keepalive_timeout: float = 75.0
    """how long an idle connection is kept: longer than the usual proxy keeps it"""
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()
    """who is believed when it says in X-Forwarded-For whom it calls for"""
