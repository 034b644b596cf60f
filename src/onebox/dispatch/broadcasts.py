"""Broadcasts that the operator asks for: begun, paused, resumed, cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from onebox.dispatch.requests import Refused
from onebox.dispatch.sendings import MOST_RECIPIENTS
from onebox.flows.handlers import Call
from onebox.messaging.broadcast import BroadcastState, SetBroadcastState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from onebox.dispatch.sendings import Sendings
    from onebox.flows.run import Request
    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Change
    from onebox.messaging.broadcast import BroadcastReader
    from onebox.messaging.conversation import ConversationReader

    class Reader(BroadcastReader, ConversationReader, Protocol):
        """What is read for them."""


BY_HAND = "by hand"
_STATES = {
    "pause": BroadcastState.paused,
    "resume": BroadcastState.running,
    "cancel": BroadcastState.cancelled,
}


class BroadcastRequests:
    """Carries out what is asked of broadcasts. `commit` makes changes durable and tells the senders."""

    def __init__(
        self,
        sendings: Sendings,
        reader: Reader,
        clock: Clock,
        commit: Callable[[Sequence[Change[Any]]], Awaitable[list[Any]]],
    ) -> None:
        self._sendings = sendings
        self._reader = reader
        self._clock = clock
        self._commit = commit

    def all(self) -> dict[str, Callable[[Request], Awaitable[Mapping[str, Any]]]]:
        """By kind of request."""
        return {"broadcast.start": self.start, "broadcast.state": self.set_state}

    async def start(self, request: Request) -> Mapping[str, Any]:
        """`target` is the account; `arguments` are `to`, recipients or null for all who can be reached, and `content`.
        Its id is the request's: asked again, because the answer was lost, it is one broadcast."""
        known = await self._reader.broadcast(request.id)
        if known is not None:
            return {"broadcast": known.id, "total": known.total, "skipped": known.skipped}
        given = request.arguments.get("to")
        recipients = await self._reader.reachable(request.target) if given is None else given
        self._check(request.target, recipients)
        call = Call("", BY_HAND, "", "broadcast", {"via": request.target, "to": recipients}, 1, None, "")
        account = self._sendings.account_of(call)
        change = self._sendings.start_broadcast(call, account, recipients, request.arguments["content"])
        change.broadcast.id = request.id
        for message in change.messages:
            message.run_id = message.step = None
            message.broadcast = request.id
        [total] = await self._commit([change])
        skipped = change.broadcast.skipped + len(change.messages) - total
        return {"broadcast": request.id, "total": total, "skipped": skipped}

    def _check(self, account: str, recipients: Sequence[str]) -> None:
        if not recipients:
            hint = "name recipients with --to, one in each line; with --all it goes to those who have written"
            raise Refused(f"nobody is known on {account} to whom this could go", hint=hint)
        if len(recipients) > MOST_RECIPIENTS:
            raise Refused(f"{len(recipients):,} recipients are more than a broadcast takes: {MOST_RECIPIENTS:,}")

    async def set_state(self, request: Request) -> Mapping[str, Any]:
        """`target` is the broadcast, `arguments.to` what to do: pause, resume, cancel."""
        found = await self._reader.broadcast(request.target)
        if found is None:
            raise Refused(f"there is no broadcast {request.target!r}", hint="onebox broadcast list shows the latest")
        state = _STATES[request.arguments["to"]]
        change = SetBroadcastState(found.id, found.account, state, self._clock.now())
        [changed] = await self._commit([change])
        if not changed:
            raise Refused(f"broadcast {found.id} was cancelled: that is its end")
        after = await self._reader.broadcast(found.id)
        assert after is not None
        return {"broadcast": after.id, "state": after.state.value, "left": after.left}
