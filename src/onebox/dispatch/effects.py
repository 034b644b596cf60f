"""Performs what the machine asks for: by a handler (outside), or as changes of the box's own rows (writing)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from onebox.flows.handlers import Call, Handler, Writing, failure_from, too_slow
from onebox.flows.run import Entry, EntryKind
from onebox.kernel.encoding import normalise
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from onebox.flows.machine.failure import Failure
    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Change

log = structlog.get_logger(__name__)


class Recording(Protocol):
    """Performs an effect inside the unit that records it: the box's own SQL."""

    def handles(self, call: Call) -> bool:
        """False: an ordinary handler of the same kind does it."""
        ...

    async def __call__(self, call: Call, *, position: int, at: datetime) -> Any:
        """Performs and records at this position of the journal. Raises StepFailed; then nothing was recorded."""
        ...


@dataclass(frozen=True, slots=True)
class Effects:
    """What performs which kind of step. `mask` takes secrets out of what is kept and shown."""

    handlers: Mapping[str, Handler]
    writings: Mapping[str, Writing]
    recordings: Mapping[str, Recording]
    mask: Callable[[Any], Any]
    clock: Clock

    def recording_for(self, call: Call) -> Recording | None:
        """The one that performs this call within its own unit, if that is how it is done."""
        recording = self.recordings.get(call.kind)
        return recording if recording is not None and recording.handles(call) else None

    def write(self, call: Call) -> tuple[Sequence[Change[Any]], Entry]:
        """The changes that the step is, and its entry; a failure has no changes."""
        try:
            changes, value = self.writings[call.kind](call)
        except OneboxError as error:
            return (), self._failed(call, failure_from(error))
        except Exception as error:  # noqa: BLE001 - what it is, the log says
            return (), self._crashed(call, error)
        return changes, self._entry(call, EntryKind.result, value)

    async def perform(self, call: Call) -> Entry:
        """What the effect gave, or why it failed. Never raises but CancelledError."""
        handler = self.handlers.get(call.kind)
        if handler is None:
            message = f"this box has nothing that performs {call.kind!r}"
            return self._failed(call, {"code": "no_handler", "message": message, "passing": False})
        try:
            if call.timeout is None:
                value = await handler(call)
            else:
                async with asyncio.timeout(call.timeout.total_seconds()):
                    value = await handler(call)
            return self._entry(call, EntryKind.result, self.mask(normalise(value)))
        except TimeoutError:
            return self._failed(call, too_slow(call))
        except OneboxError as error:
            return self._failed(call, failure_from(error))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return self._crashed(call, error)  # something that it waited for was cancelled, not the step
        except Exception as error:  # noqa: BLE001 - what it is, the log says
            return self._crashed(call, error)

    async def perform_recording(self, call: Call, recording: Recording, *, position: int) -> Entry:
        """The same for an effect that is recorded in its own unit."""
        at = self.clock.now()
        try:
            value = await recording(call, position=position, at=at)
        except OneboxError as error:
            return self._failed(call, failure_from(error))
        return Entry(call.path, EntryKind.result, value, at, call.attempt)

    def _entry(self, call: Call, kind: EntryKind, value: Any) -> Entry:
        return Entry(call.path, kind, value, self.clock.now(), call.attempt)

    def _crashed(self, call: Call, error: BaseException) -> Entry:
        log.error("step_crashed", run=call.run_id, step=call.path, kind=call.kind, exc_info=error)
        message = f"{call.kind} failed unexpectedly; the log of the box has the details (run {call.run_id})"
        return self._failed(call, {"code": "internal", "message": message, "passing": False})

    def _failed(self, call: Call, failed: Failure) -> Entry:
        return self._entry(call, EntryKind.failure, self.mask(failed))
