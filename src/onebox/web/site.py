"""All addresses of a box, and the one place where what goes wrong becomes an answer."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

import structlog

from onebox.kernel.ledger import StorageClosed, StorageFull
from onebox.messaging.inbox import BacklogFull
from onebox.web.answers import Answer, Refused, json_answer
from onebox.web.endpoints import PREFIXES, Endpoints
from onebox.web.form.handler import Forms
from onebox.web.form.settings import PREFIX as FORMS
from onebox.web.hooks import Hooks
from onebox.web.switchboard import Switchboard
from onebox.web.unavailable import unavailable
from onebox.web.webhook import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp.web import BaseRequest, StreamResponse

    from onebox.flows.book import FlowBook
    from onebox.flows.responses import Responses
    from onebox.kernel.clock import Clock
    from onebox.messaging.endpoint import Endpoint
    from onebox.messaging.files import FileKeeper
    from onebox.messaging.inbox import Inbox
    from onebox.web.settings import WebSettings

_log = structlog.get_logger("onebox.web")

_RETRY_AFTER = {"starting": 1, "migrating": 10, "stopping": 5}


class Site:
    """Answers requests. `hooks`, `forms` and `endpoints` are None while there is nothing yet to store events in."""

    def __init__(
        self,
        *,
        readiness: Callable[[], str | None],
        hooks: Hooks | None = None,
        forms: Forms | None = None,
        endpoints: Endpoints | None = None,
    ) -> None:
        self._readiness = readiness
        self._hooks = hooks
        self._forms = forms
        self._endpoints = endpoints

    async def __call__(self, request: BaseRequest) -> StreamResponse:
        """Never raises but for a connection that was lost."""
        try:
            return await self._answer(request)
        except Refused as refusal:
            return refusal.answer()
        except (BacklogFull, StorageFull, StorageClosed) as error:
            return unavailable(error).answer()
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - the caller gets an id, the operator the traceback
            return _unexpected(request)

    async def _answer(self, request: BaseRequest) -> StreamResponse:
        path, _, query = _target(request).partition("?")
        if path.startswith((PREFIX, FORMS, *PREFIXES)):
            not_ready = self._readiness()
            if not_ready is not None or self._hooks is None or self._forms is None or self._endpoints is None:
                raise _not_ready(not_ready or "starting")
            if path.startswith(FORMS):
                return await self._forms.answer(request, path)
            if path.startswith(PREFIXES):
                return await self._endpoints.answer(request, path, query)
            return await self._hooks.answer(request, path.removeprefix(PREFIX), query)
        if path in {"/healthz", "/readyz"}:
            return self._health(request, path)
        raise Refused(404, "not_found", "there is nothing at this address")

    def _health(self, request: BaseRequest, path: str) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            raise Refused(405, "method_not_allowed", "this address takes GET", headers={"Allow": "GET, HEAD"})
        not_ready = self._readiness()
        if path == "/healthz":
            return json_answer(200, {"status": "alive"})
        if not_ready is not None or self._hooks is None:
            return json_answer(503, {"status": not_ready or "starting"}, _retry_after(not_ready or "starting"))
        return json_answer(200, {"status": "ready"})


def build_web(
    inbox: Inbox,
    book: FlowBook,
    *,
    secrets: Mapping[str, str],
    responses: Responses,
    clock: Clock,
    settings: WebSettings,
    files: FileKeeper,
    readiness: Callable[[], str | None],
    endpoints: Mapping[str, Endpoint],
) -> Site:
    """All that the world may call. `endpoints` are what channels serve, by path. `readiness` is None when events may come, else why not: `starting`, `migrating`,
    `stopping`."""
    switchboard = Switchboard(book, secrets)
    hooks = Hooks(inbox=inbox, switchboard=switchboard, responses=responses, clock=clock, settings=settings)
    forms = Forms(inbox=inbox, book=book, files=files, clock=clock, settings=settings)
    return Site(readiness=readiness, hooks=hooks, forms=forms, endpoints=Endpoints(endpoints, settings))


def _target(request: BaseRequest) -> str:
    """Path and query as they were sent; of an absolute address too."""
    target = request.raw_path
    return target if target.startswith("/") else request.rel_url.raw_path_qs


def _not_ready(why: str) -> Refused:
    return Refused(
        503,
        "not_ready",
        f"this box is {why}: nothing was stored, try again",
        headers=_retry_after(why),
        close=why == "stopping",
    )


def _retry_after(why: str) -> dict[str, str]:
    return {"Retry-After": str(_RETRY_AFTER.get(why, 5))}


def _unexpected(request: BaseRequest) -> Answer:
    reference = token_hex(6)
    _log.exception("a request failed", reference=reference, method=request.method, path=request.path)
    told = {"error": "internal", "message": "something went wrong in this box", "id": reference}
    return json_answer(500, told)
