"""Where a redirect leads, and what may go along."""

from __future__ import annotations

from http import HTTPStatus

import yarl

from onebox.connectors.http.request import Request
from onebox.flows.handlers import StepFailed

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_HOPS = 10
_MOVED = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND}
_HARMLESS = ("accept", "content-", "user-agent", "idempotency-key", "if-", "range")
"""headers that may be told to another host; everything else may be a credential"""


def redirected(request: Request, status: int, location: str) -> Request:
    """The request that follows an answer of 301, 302, 303, 307 or 308. Raises StepFailed."""
    url = _target(request, location)
    method, data, headers = request.method, request.data, request.headers
    if (status == HTTPStatus.SEE_OTHER and method != "HEAD") or (status in _MOVED and method == "POST"):
        method, data = "GET", None
        headers = {name: value for name, value in headers.items() if not _belongs_to_body(name)}
    if same_site(request.url, url):
        return Request(method, url, headers, data, request.secret_query, request.secrets)
    headers = {name: value for name, value in headers.items() if name.lower().startswith(_HARMLESS)}
    return Request(method, url, headers, data, None, request.secrets)


def same_origin(one: yarl.URL, other: yarl.URL) -> bool:
    """Same scheme, host and port."""
    return one.origin() == other.origin()


def same_site(one: yarl.URL, other: yarl.URL) -> bool:
    """Same origin, or the same host's usual step from http to https."""
    upgraded = (one.scheme, other.scheme) == ("http", "https") and one.is_default_port() and other.is_default_port()
    return same_origin(one, other) or (upgraded and one.raw_host == other.raw_host)


def _target(request: Request, location: str) -> yarl.URL:
    try:
        url = request.url.join(yarl.URL(location)).with_fragment(None)
        if url.user is not None or url.password is not None:
            url = url.with_user(None)
    except ValueError as error:
        message = f"{request.name} redirects to something that is no URL: {error}"
        raise StepFailed("redirect_refused", message, passing=False) from None
    if url.scheme not in {"http", "https"} or not url.raw_host:
        message = f"{request.name} redirects to a {url.scheme or 'nameless'} URL; only http and https are followed"
        raise StepFailed("redirect_refused", message, passing=False)
    return url


def _belongs_to_body(name: str) -> bool:
    return name.lower().startswith("content-") or name.lower() == "idempotency-key"
