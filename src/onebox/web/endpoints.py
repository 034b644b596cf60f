"""What channels serve: their webhooks and pages. The web room reads the request whole, and calls them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from aiohttp.web import Response

from onebox.messaging.endpoint import Called
from onebox.web.answers import Refused
from onebox.web.large import LargeBodies, may_be_large
from onebox.web.origins import remote_of
from onebox.web.reading import read_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.web import BaseRequest

    from onebox.messaging.endpoint import Endpoint, Reply
    from onebox.web.settings import WebSettings

PREFIXES = ("/channels/", "/chat/")
_DEPTH = 3
"""parts of a path that may name an endpoint: /channels/telegram/main"""


class Endpoints:
    """By the path that each is mounted at, such as `/channels/telegram/main`."""

    def __init__(self, endpoints: Mapping[str, Endpoint], settings: WebSettings) -> None:
        self._endpoints = endpoints
        self._settings = settings
        self._large = LargeBodies()

    async def answer(self, request: BaseRequest, path: str, query: str) -> Response:
        """What the endpoint answers. Raises Refused, and what the inbox raises."""
        endpoint, rest = self._find(path)
        settings = self._settings
        limit = getattr(endpoint, "body_limit", settings.body_limit)
        headers = _headers(request)
        remote = remote_of(request.remote or "", headers, settings.trusted_proxies)
        async with self._large.place(remote) if may_be_large(request, limit) else nullcontext():
            body = await read_body(request, limit=limit, timeout=settings.body_timeout)
            return _response(await endpoint(Called(request.method, rest, query, headers, body, remote)))

    def _find(self, path: str) -> tuple[Endpoint, str]:
        parts = path.split("/")
        for depth in range(min(_DEPTH, len(parts) - 1), 1, -1):
            name = "/".join(parts[: depth + 1])
            if name in self._endpoints:
                return self._endpoints[name], path[len(name) :]
        raise Refused(404, "not_found", "there is nothing at this address")


def _headers(request: BaseRequest) -> dict[str, str]:
    """By lower-case name; one that comes again is joined by commas, so that a check of it fails."""
    found: dict[str, str] = {}
    for given, value in request.headers.items():
        name = given.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _response(reply: Reply) -> Response:
    return Response(status=reply.status, body=reply.body, headers=dict(reply.headers))
