"""Who is there: a visitor is known by a secret that only their browser has; their chat's name is made of it.

The name stands in events, runs and logs, and tells nobody the secret.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHAT = re.compile(r"[a-z2-7]{26}")
"""what a chat is called"""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_BYTES = 32
_KEPT = 180 * 24 * 3600
"""seconds for which a browser keeps the cookie after its last visit"""


@dataclass(frozen=True, slots=True)
class Visitor:
    """`by_bearer`: a program that sends the secret itself, which no page of another site can make a browser do."""

    secret: str
    by_bearer: bool = False
    fresh: bool = False

    @property
    def chat(self) -> str:
        """The chat's name: 130 bits of the secret's hash."""
        digest = hashlib.sha256(self.secret.encode()).digest()
        return base64.b32encode(digest)[:26].decode().lower()


class Visitors:
    """Knows visitors by their requests. `entropy(n)` gives n random bytes."""

    def __init__(self, *, base: str, name: str, embedded: bool, entropy: Callable[[int], bytes]) -> None:
        self._base = base
        self._name = f"onebox_chat_{name}"
        self._embedded = embedded
        self._entropy = entropy

    def known(self, headers: Mapping[str, str]) -> Visitor | None:
        """Who sent this; None for somebody new."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return Visitor(token.strip(), by_bearer=True) if _SECRET.fullmatch(token.strip()) else None
        # A cookie of the stricter name cannot have been set by another site of the same domain.
        cookies = _cookies(headers.get("cookie", ""))
        secret = cookies.get(self._cookie_name(secure=is_secure(headers)), "")
        return Visitor(secret) if _SECRET.fullmatch(secret) else None

    def new(self) -> Visitor:
        """Somebody who was not here before."""
        return Visitor(base64.urlsafe_b64encode(self._entropy(_BYTES)).decode().rstrip("="), fresh=True)

    def cookie(self, visitor: Visitor, headers: Mapping[str, str]) -> str:
        """The `Set-Cookie` by which the browser is known again.

        In a window on pages of other sites no browser sends a cookie that is SameSite=Lax: there, it is one that is
        kept apart for each of those sites.
        """
        kept = f"Max-Age={_KEPT}; HttpOnly"
        if not is_secure(headers):
            return f"{self._cookie_name(secure=False)}={visitor.secret}; Path={self._base}; {kept}; SameSite=Lax"
        where = "SameSite=None; Partitioned" if self._embedded else "SameSite=Lax"
        return f"{self._cookie_name(secure=True)}={visitor.secret}; Path=/; Secure; {kept}; {where}"

    def _cookie_name(self, *, secure: bool) -> str:
        return f"__Host-{self._name}" if secure else self._name


def is_secure(headers: Mapping[str, str]) -> bool:
    """Whether the browser called by https, as the proxy before the box says. Who lies about it harms their own cookie
    alone."""
    return headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() == "https"


def is_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a request that carries a cookie was made by the chat's own page, and not by another site's.

    A browser says so in headers that no page can set; a program that is no browser may leave them out.
    """
    fetched = headers.get("sec-fetch-site", "").lower()
    if fetched:
        return fetched in {"same-origin", "none"}
    origin = headers.get("origin", "")
    if not origin:
        return True
    try:
        host = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    own = (headers.get("host", ""), headers.get("x-forwarded-host", "").partition(",")[0].strip())
    return bool(host) and host in {one.lower() for one in own}


def _cookies(header: str) -> dict[str, str]:
    pairs = (one.strip().partition("=") for one in header.split(";"))
    return {name: value for name, _, value in pairs}
