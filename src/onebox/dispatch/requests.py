"""What another process asks of the running box: it files a row, and finds the answer in the same row."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from onebox.flows.run import AnswerRequest, RetryRun, Run, StartRun
from onebox.kernel.encoding import dump
from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean
from onebox.messaging.event import Event, StoreEvent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from onebox.dispatch.engine import Engine
    from onebox.flows.book import FlowBook
    from onebox.flows.run import Request
    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids

    Answering = Callable[[Request], Awaitable[Mapping[str, Any]]]

log = structlog.get_logger(__name__)

_PAUSE = 0.25
_PAGE = 100


class Refused(OneboxError):
    """A request that cannot be done as things are."""

    code = "refused"


class Requests:
    """Carries out retry, replay, cancel and emit, and tells what runs. `in_force`: what else the box runs with, for who
    asks for that; `more`: requests that others carry out, by kind."""

    def __init__(
        self,
        engine: Engine,
        book: FlowBook,
        clock: Clock,
        ids: Ids,
        *,
        in_force: Mapping[str, Any] | None = None,
        more: Mapping[str, Answering] | None = None,
    ) -> None:
        self._engine = engine
        self._book = book
        self._clock = clock
        self._ids = ids
        self._in_force = in_force or {}
        self._kinds: dict[str, Answering] = {
            "retry": self._retry,
            "replay": self._replay,
            "cancel": self._cancel,
            "emit": self._emit,
            "versions": self._versions,
            **(more or {}),
        }

    async def run(self) -> None:
        """Looks for requests for ever."""
        while True:
            for request in await self._engine.reader.open_requests(limit=_PAGE):
                result = await self.answer(request)
                await self._engine.commit([AnswerRequest(request.id, result, self._clock.now())])
            await asyncio.sleep(_PAUSE)

    async def answer(self, request: Request) -> Mapping[str, Any]:
        """Carries one out. Again, if it was killed before the answer was kept: that does no harm."""
        try:
            kind = self._kinds.get(request.kind)
            if kind is None:
                message = f"this box does not know the request {request.kind!r}"
                raise Refused(message, hint="the command line may be newer than the box that runs: restart the box")
            return {"ok": True, **await kind(request)}
        except OneboxError as error:
            return {"ok": False, "code": error.code, "message": error.message, "hint": error.hint}
        except Exception as error:
            log.exception("request_failed", request=request.id, kind=request.kind)
            return {"ok": False, "code": "internal", "message": f"{type(error).__name__}: {error}", "hint": None}

    async def _retry(self, request: Request) -> Mapping[str, Any]:
        [retried] = await self._engine.commit([RetryRun(request.target, self._clock.now())])
        if not retried:
            state = await self._state(request.target)
            message = f"run {request.target} is {state}: only a failed or cancelled run can be retried"
            raise Refused(message, hint="onebox runs replay starts the flow anew on the same event")
        self._engine.resume(request.target)
        return {"run": request.target}

    async def _cancel(self, request: Request) -> Mapping[str, Any]:
        if not await self._engine.cancel(request.target):
            state = await self._state(request.target)
            message = f"run {request.target} is {state}: there is nothing to cancel"
            raise Refused(message)
        return {"run": request.target}

    async def _state(self, run_id: str) -> str:
        history = await self._engine.reader.history(run_id)
        if history is None:
            message = f"there is no run {run_id!r}"
            raise Refused(message, hint="onebox runs list shows the latest")
        return history.run.state.value

    async def _replay(self, request: Request) -> Mapping[str, Any]:
        history = await self._engine.reader.history(request.target)
        if history is None:
            message = f"there is no run {request.target!r}"
            raise Refused(message, hint="onebox runs list shows the latest")
        before = history.event
        source = f"replay:{request.target}"
        return await self._start(request, history.run.flow, before.topic, before.data, source, before.sender)

    async def _emit(self, request: Request) -> Mapping[str, Any]:
        data = request.arguments.get("data") or {}
        sender = request.arguments.get("sender")
        return await self._start(request, request.target, f"manual.{request.target}", data, "manual", sender)

    async def _versions(self, _request: Request) -> Mapping[str, Any]:
        """The versions of the flows in force, by their names: their texts are kept under these."""
        return {**self._in_force, "flows": {name: flow.version for name, flow in self._book.flows.items()}}

    async def _start(
        self, request: Request, name: str, topic: str, data: Mapping[str, Any], source: str, sender: str | None
    ) -> Mapping[str, Any]:
        """Starts a run whose id is the request's: carried out twice, because the answer was lost, it is one run."""
        flow = self._book.flows.get(name)
        if flow is None:
            known = ", ".join(sorted(self._book.flows)) or "none"
            message = f"there is no flow {name!r}{did_you_mean(name, self._book.flows)}"
            raise Refused(message, hint=f"there are: {known}")
        event = Event(self._ids.new(), source, topic, self._clock.now(), data, dump(data), request.id, sender)
        run = Run(request.id, event.id, flow.name, flow.version, event.received_at, sender)
        [stored] = await self._engine.commit([StoreEvent(event, [StartRun(run)])])
        return {"event": stored.event_id, "run": run.id}
