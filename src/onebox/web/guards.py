"""Who may call a webhook. Compared in constant time, over the raw body; never open because something is missing."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from multidict import CIMultiDictProxy

    from onebox.web.credentials import Auth, Hmac

_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class Guard(Protocol):
    """Lets a request in or not."""

    @property
    def challenge(self) -> str | None:
        """What WWW-Authenticate says."""
        ...

    @property
    def needs_body(self) -> bool:
        """Whether `admits` looks at the body; if not, it may be asked before the body is read."""
        ...

    def admits(self, headers: CIMultiDictProxy[str], body: bytes, now: float) -> bool:
        """Whether the caller has the secret. `now` is in seconds since 1970."""
        ...


class SecretUnusable(ValueError):
    """A secret that is there and is not of the form that its scheme needs. Says which, never what."""


def build_guard(auth: Auth, secrets: Mapping[str, str]) -> Guard | None:
    """What guards a hook; None where everyone may call.

    Raises KeyError with the name of a secret that is missing (or empty), SecretUnusable for one of the wrong form.
    """
    keys = {name: _given(secrets, name) for name in auth.secret_names}
    if auth.bearer:
        return _Bearer(keys.values())
    if auth.basic:
        return _Basic(auth.basic.user, keys.values())
    return _signed(auth.hmac, keys) if auth.hmac else None


def _given(secrets: Mapping[str, str], name: str) -> str:
    if not secrets[name]:  # an empty secret would let everyone in
        raise KeyError(name)
    return secrets[name]


def _signed(scheme: Hmac, keys: Mapping[str, str]) -> Guard:
    if scheme.kind == "standard":
        return _Standard([_standard_key(*item) for item in keys.items()], scheme.tolerance.total_seconds())
    plain = [key.encode() for key in keys.values()]
    if scheme.kind == "stripe":
        return _Stripe(plain, scheme.tolerance.total_seconds())
    if scheme.kind == "github":
        return _Header(plain, header="X-Hub-Signature-256", prefix="sha256=")
    assert scheme.header is not None
    return _Header(
        plain, header=scheme.header, prefix=scheme.prefix, encoding=scheme.encoding, algorithm=scheme.algorithm
    )


def _standard_key(name: str, secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise SecretUnusable(f"the secret {name} is no Standard Webhooks secret: whsec_ and base64")
    return key


def _same(expected: Iterable[bytes], given: bytes) -> bool:
    # All are compared, so that the time does not tell which secret it was.
    return any([hmac.compare_digest(one, given) for one in expected])  # noqa: C419


class _Bearer:
    challenge = 'Bearer realm="onebox"'
    needs_body = False

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = [token.encode() for token in tokens]

    def admits(self, headers: CIMultiDictProxy[str], body: bytes, now: float) -> bool:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and _same(self._tokens, _bytes(token.strip(" ")))


class _Basic:
    challenge = 'Basic realm="onebox", charset="UTF-8"'
    needs_body = False

    def __init__(self, user: str, passwords: Iterable[str]) -> None:
        self._pairs = [f"{user}:{password}".encode() for password in passwords]

    def admits(self, headers: CIMultiDictProxy[str], body: bytes, now: float) -> bool:
        scheme, _, pair = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            return _same(self._pairs, base64.b64decode(pair.strip(" "), validate=True))
        except ValueError:
            return False


@dataclass(frozen=True)
class _Header:
    keys: Sequence[bytes]
    header: str
    prefix: str = ""
    encoding: str = "hex"
    algorithm: str = "sha256"
    challenge = None
    needs_body = True

    def admits(self, headers: CIMultiDictProxy[str], body: bytes, now: float) -> bool:
        given = headers.get(self.header, "").strip()
        if not given.startswith(self.prefix):
            return False
        digest = _decoded(given.removeprefix(self.prefix), self.encoding)
        return _same([hmac.digest(key, body, self.algorithm) for key in self.keys], digest)


@dataclass(frozen=True)
class _Standard:
    keys: Sequence[bytes]
    tolerance: float
    challenge = None
    needs_body = True

    def admits(self, headers: CIMultiDictProxy[str], body: bytes, now: float) -> bool:
        # All of them, as the event's key is made of all: a second one must not make a replay look new.
        identity, stamp = ", ".join(headers.getall("Webhook-Id", ())), headers.get("Webhook-Timestamp", "").strip()
        if not identity or not _is_recent(stamp, now, self.tolerance):
            return False
        signed = b".".join((_bytes(identity), stamp.encode(), body))
        expected = [hmac.digest(key, signed, "sha256") for key in self.keys]
        versions = [part.partition(",") for part in headers.get("Webhook-Signature", "").split()]
        return any(_same(expected, _decoded(given, "base64")) for version, _, given in versions if version == "v1")


@dataclass(frozen=True)
class _Stripe:
    keys: Sequence[bytes]
    tolerance: float
    challenge = None
    needs_body = True

    def admits(self, headers: CIMultiDictProxy[str], body: bytes, now: float) -> bool:
        parts = [part.strip().partition("=") for part in headers.get("Stripe-Signature", "").split(",")]
        stamp = next((value for name, _, value in parts if name == "t"), "")
        if not _is_recent(stamp, now, self.tolerance):
            return False
        expected = [hmac.digest(key, b".".join((stamp.encode(), body)), "sha256") for key in self.keys]
        return any(_same(expected, _decoded(given, "hex")) for name, _, given in parts if name == "v1")


def _is_recent(stamp: str, now: float, tolerance: float) -> bool:
    return bool(_TIMESTAMP.fullmatch(stamp)) and abs(now - int(stamp)) <= tolerance


def _decoded(signature: str, encoding: str) -> bytes:
    """Nothing, which equals no digest, for what is not in that encoding."""
    try:
        return bytes.fromhex(signature) if encoding == "hex" else base64.b64decode(signature, validate=True)
    except ValueError:
        return b""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
