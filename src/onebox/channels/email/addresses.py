"""Addresses of e-mail, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import formataddr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRITTEN = re.compile(
    r"""\s*(?:(?:"(?P<quoted>(?:[^"\\]|\\.)*)"\s*|(?P<name>[^<>",]*))<(?P<inner>[^<>\s]+)>|(?P<bare>[^<>",\s]+))\s*(?:,|$)"""
)
_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"]+")
_DOMAIN = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)(\.(?!-)[a-zA-Z0-9-]{1,63}(?<!-))*")
_LONGEST = 254


class AddressInvalid(ValueError):
    """A text that is no address; says why."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address. `domain` is in ASCII; `local`, before the @, may not be."""

    name: str
    local: str
    domain: str

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server that knows SMTPUTF8 can take it."""
        return not self.local.isascii()

    def as_header(self) -> Address:
        return Address(self.name, self.local, self.domain)

    def __str__(self) -> str:
        return formataddr((self.name, self.address), charset="utf-8") if self.name.isascii() else self.address


def read_mailbox(text: str) -> Mailbox:
    """`ana@example.org` or `Ana <ana@example.org>`. Raises AddressInvalid."""
    found = read_mailboxes(text)
    if len(found) != 1:
        message = f"expected one address such as ana@example.org, got {text!r:.80}"
        raise AddressInvalid(message)
    return found[0]


def read_mailboxes(given: Any) -> list[Mailbox]:
    """A text, with commas between several; a mapping with `id` and maybe `name`; or a list of these.
    Raises AddressInvalid."""
    if isinstance(given, (list, tuple)):
        return [mailbox for one in given for mailbox in read_mailboxes(one)]
    if isinstance(given, dict):
        given = {"name": given.get("name") or "", "id": given.get("id")}
        if isinstance(given["id"], str) and isinstance(given["name"], str):
            return [_mailbox(given["name"], given["id"], given["id"])]
    if not isinstance(given, str):
        message = f"expected an address such as ana@example.org, got {given!r:.80}"
        raise AddressInvalid(message)
    if len(given.strip().splitlines()) > 1:
        message = f"an address holds a line break: {given!r:.80}"
        raise AddressInvalid(message)
    return list(_listed(given))


def _listed(text: str) -> Iterator[Mailbox]:
    """Addresses with commas between. Read to the letter: the language's own reader would leave out a space within."""
    position = 0
    while position < len(text) or not position:
        found = _WRITTEN.match(text, position)
        if found is None:
            message = f"no address such as ana@example.org: {text!r:.80}"
            raise AddressInvalid(message)
        name = re.sub(r"\\(.)", r"\1", found["quoted"]) if found["quoted"] else found["name"] or ""
        yield _mailbox(name, found["inner"] or found["bare"], text)
        position = found.end()


def _mailbox(name: str, address: str, written: str) -> Mailbox:
    local, _, domain = address.strip().rpartition("@")
    ascii_domain = _in_ascii(domain)
    if not _LOCAL.fullmatch(local) or ascii_domain is None or len(local) + len(ascii_domain) >= _LONGEST:
        message = f"no address such as ana@example.org: {written!r:.80}"
        raise AddressInvalid(message)
    mailbox = Mailbox(_readable(name), local, ascii_domain)
    try:
        mailbox.as_header()
    except (MessageError, ValueError, IndexError):
        message = f"no address such as ana@example.org: {written!r:.80}"
        raise AddressInvalid(message) from None
    return mailbox


def _readable(name: str) -> str:
    return " ".join(name.encode("utf-8", "replace").decode().split())[:_LONGEST]


def _in_ascii(domain: str) -> str | None:
    """The name as name servers know it, by the rules of 2008: those of 2003 would turn ß into ss, another domain."""
    import idna

    try:
        found = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None
    return found if _DOMAIN.fullmatch(found) else None
