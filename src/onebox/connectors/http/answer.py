"""What came back: the answer of a service, made a step's result."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from onebox.flows.handlers import StepFailed
from onebox.kernel.encoding import EncodingError, from_json

if TYPE_CHECKING:
    from datetime import datetime

    import aiohttp

    from onebox.connectors.http.request import Request

_EXCERPT = 200
_EXCERPT_BYTES = 4096
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_BOM = b"\xef\xbb\xbf"
_TEXTS = ("application/xml", "application/javascript", "application/x-www-form-urlencoded", "application/yaml")
_MOST_RETRY_AFTER = 7 * 86400.0


async def read_result(request: Request, response: aiohttp.ClientResponse, most: int) -> dict[str, Any]:
    """`{status, headers, body, url}`. Raises StepFailed for an answer that is too large or broken JSON."""
    raw = await _read(request, response, most)
    headers = plain_headers(response)
    body = _body(request, raw, headers.get("content-type", ""))
    return {"status": response.status, "headers": headers, "body": body, "url": str(request.url)}


async def unexpected(request: Request, response: aiohttp.ClientResponse, now: datetime) -> StepFailed:
    """The failure that an answer with an unexpected status is."""
    status = response.status
    excerpt = "" if request.method == "HEAD" else await _excerpt(request, response)
    message = f"{request.name} answered {status} {_readable(response.reason or '')}".rstrip()
    return StepFailed(
        f"status_{status}",
        f"{message}: {excerpt}" if excerpt else message,
        passing=status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_after=retry_after(response.headers.get("Retry-After"), now),
    )


def plain_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Names in lower case; what stands twice is joined by a comma."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    if len(headers) != len(response.headers):
        headers = {name: ", ".join(response.headers.getall(name)) for name in headers}
    return {name: _readable(value) for name, value in headers.items()}


def _readable(text: str) -> str:
    r"""Bytes that are no UTF-8 are left as lone surrogates by aiohttp, and no row can keep these.

    >>> _readable("Sal\udcf3n")
    'Salón'
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None where it says nothing that can be read.

    >>> retry_after("120", None)
    120.0
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _MOST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), _MOST_RETRY_AFTER)


async def _read(request: Request, response: aiohttp.ClientResponse, most: int) -> bytes:
    if request.method == "HEAD":
        return b""
    declared = response.content_length
    if declared is not None and declared > most:
        raise _too_large(request, most, f"{declared} bytes")
    if declared is not None and "Content-Encoding" not in response.headers:
        return await response.read()
    pieces: list[bytes] = []
    total = 0
    while piece := await response.content.readany():
        total += len(piece)
        if total > most:
            raise _too_large(request, most, "more")
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(request: Request, most: int, found: str) -> StepFailed:
    message = f"{request.name} answered with {found}, but the step takes {most} bytes; raise max_bytes if that is meant"
    return StepFailed("too_large", message, passing=False)


def _body(request: Request, raw: bytes, content_type: str) -> Any:
    """JSON parsed, text as text, else bytes; without a type, text if it is UTF-8. None where there is nothing."""
    kind, charset = _media_type(content_type)
    if not raw:
        return "" if kind == "text" else None
    if kind == "json":
        return _json(request, raw, charset)
    if kind == "text":
        return _decode(raw, charset)
    if kind == "unknown":
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
    return raw


def _json(request: Request, raw: bytes, charset: str) -> Any:
    try:
        return from_json(raw.removeprefix(_BOM) if charset == "utf-8" else _decode(raw, charset))
    except EncodingError as error:
        place = f"{error.message}; it begins {_shorten(raw, request)!r}"
        raise StepFailed("bad_json", f"{request.name} answered with {place}", passing=False) from None


def _decode(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset, errors="replace")
    except LookupError:
        return raw.decode(errors="replace")


@lru_cache(maxsize=256)
def _media_type(content_type: str) -> tuple[str, str]:
    """
    >>> _media_type("application/problem+json; charset=UTF-8")
    ('json', 'utf-8')
    """
    media_type, _, rest = content_type.lower().partition(";")
    media_type = media_type.strip()
    charset = "utf-8"
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip():
            charset = value.strip().strip("\"'")
    if media_type == "application/json" or media_type.endswith(("+json", "/json")):
        return "json", charset
    if media_type.startswith("text/") or media_type.endswith("+xml") or media_type in _TEXTS:
        return "text", charset
    return "bytes" if media_type else "unknown", charset


async def _excerpt(request: Request, response: aiohttp.ClientResponse) -> str:
    return _shorten(await response.content.read(_EXCERPT_BYTES), request)


def _shorten(raw: bytes, request: Request) -> str:
    text = " ".join(raw.decode(errors="replace").split())
    for secret in request.secrets:
        text = text.replace(secret, "***")
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"


def expected(expect: Any, status: int) -> bool:
    """Whether `expect` (a status, a range such as 200-299, or a list of these) names the status. Raises StepFailed."""
    entries = tuple(expect) if isinstance(expect, (list, tuple)) else (expect,)
    return any(first <= status <= last for first, last in map(status_range, entries))


@lru_cache(maxsize=256)
def status_range(entry: Any) -> tuple[int, int]:
    """The first and last status that an entry of `expect` names. Raises StepFailed.

    >>> status_range("200-299"), status_range(404)
    ((200, 299), (404, 404))
    """
    first, dash, last = str(entry).replace(" ", "").partition("-")
    if first.isdecimal() and (last.isdecimal() or not dash) and not isinstance(entry, bool):
        return int(first), int(last or first)
    message = f"expect: {entry!r} is no status such as 404 and no range such as 200-299"
    raise StepFailed("bad_argument", message, passing=False)
