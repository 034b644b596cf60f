"""What goes out: one HTTP request, made ready from a step's arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yarl

from onebox.connectors.http.auth import apply_auth, basic
from onebox.connectors.http.body import as_text, encode_body
from onebox.flows.handlers import StepFailed
from onebox.kernel.durations import DurationError, parse_duration
from onebox.kernel.sizes import SizeError, parse_size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from onebox.flows.handlers import Call

DEFAULT_LIMIT = 30.0
"""seconds"""
DEFAULT_SIZE = 1_000_000
"""bytes of an answer"""
_WITHOUT_BODY = {"GET", "HEAD"}
_OURS = {"connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CACHED_LENGTH = 512


@dataclass(slots=True)
class Request:
    """One request. `secret_query` is added to the URL only when it is sent; `secrets` are taken out of messages."""

    method: str
    url: yarl.URL
    headers: dict[str, str]
    data: bytes | None = None
    secret_query: tuple[str, str] | None = None
    secrets: list[str] = field(default_factory=list)

    @property
    def sent_url(self) -> yarl.URL:
        """The URL as it is sent."""
        return self.url if self.secret_query is None else self.url.update_query([self.secret_query])

    @property
    def name(self) -> str:
        """What messages call it: no path and no query, since these may hold secrets."""
        port = "" if self.url.is_default_port() else f":{self.url.port}"
        return f"{self.method} {self.url.host}{port}"


def prepare(call: Call, secrets: Mapping[str, str], agent: str) -> Request:
    """The request that a step's arguments ask for. Raises StepFailed."""
    arguments = call.arguments
    method = call.kind.rpartition(".")[2].upper()
    url, credentials = _read_url(arguments.get("url"))
    if arguments.get("query"):
        url = url.extend_query(_query(arguments["query"]))
    headers = {"User-Agent": agent}
    data = None
    if method not in _WITHOUT_BODY:
        headers["Idempotency-Key"] = call.idempotency_key
        data, media_type = encode_body(arguments)
        if media_type is not None:
            headers["Content-Type"] = media_type
    request = Request(method, url, headers, data)
    if credentials is not None:
        headers["Authorization"] = credentials
    if arguments.get("auth"):
        apply_auth(request, arguments["auth"], secrets)
    if arguments.get("headers"):
        _add_headers(headers, arguments["headers"])
    return request


def _read_url(text: Any) -> tuple[yarl.URL, str | None]:
    if not isinstance(text, str):
        raise StepFailed("bad_argument", f"url: expected a text, got {text!r}", passing=False)
    return _parse_short_url(text) if len(text) <= _CACHED_LENGTH else _parse_url(text)


def _parse_url(text: str) -> tuple[yarl.URL, str | None]:
    """The URL without credentials, and the Authorization header that they are."""
    try:
        url = yarl.URL(text.strip())
        fault = "expected it to begin with http:// or https://" if url.scheme not in {"http", "https"} else None
        fault = fault or (None if url.raw_host else "it names no host")
    except ValueError as error:
        fault = str(error)
    if fault is not None:
        shown = re.sub(r"//[^/@]*@", "//***@", text.partition("?")[0])[:200]
        raise StepFailed("bad_url", f"{shown!r} is no URL that can be called: {fault}", passing=False)
    if url.user is None and url.password is None:
        return url, None
    return url.with_user(None), basic(url.user or "", url.password or "")


_parse_short_url = lru_cache(maxsize=1024)(_parse_url)


def _query(query: Any) -> list[tuple[str, str]]:
    if not hasattr(query, "items"):
        raise StepFailed("bad_argument", f"query: expected a mapping, got {query!r}", passing=False)
    pairs = []
    for name, value in query.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs += [(str(name), as_text(item)) for item in values if item is not None]
    return pairs


def _add_headers(headers: dict[str, str], given: Any) -> None:
    """Adds the author's headers; theirs replace ours, whatever their case."""
    if not hasattr(given, "items"):
        raise StepFailed("bad_argument", f"headers: expected a mapping, got {given!r}", passing=False)
    ours = {name.lower(): name for name in headers}
    for name, value in given.items():
        if value is None:
            continue
        text = as_text(value)
        _check_header(name, text)
        replaced = ours.get(name.lower())
        if replaced is not None:
            headers.pop(replaced, None)
        headers[name] = text


def _check_header(name: Any, text: str) -> None:
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        raise StepFailed("bad_argument", f"headers: {name!r} is no name of a header", passing=False)
    if name.lower() in _OURS:
        raise StepFailed("bad_argument", f"headers: {name} is set by the box itself", passing=False)
    if _UNSAFE.search(text):
        raise StepFailed("bad_argument", f"headers: {name} holds a line break or control character", passing=False)


def time_limit(given: Any, step_limit: timedelta | None) -> float | None:
    """Seconds that the request may take; None where the step's own time limit is the one that counts."""
    if given is None:
        return DEFAULT_LIMIT if step_limit is None else None
    try:
        return _seconds(given)
    except (DurationError, TypeError) as error:
        raise StepFailed("bad_argument", f"timeout: {error}", passing=False) from None


@lru_cache(maxsize=256)
def _seconds(given: Any) -> float:
    return parse_duration(given).total_seconds()


def size_limit(given: Any) -> int:
    """Bytes that the answer may have."""
    try:
        return DEFAULT_SIZE if given is None else parse_size(given)
    except SizeError as error:
        raise StepFailed("bad_argument", f"max_bytes: {error}", passing=False) from None
