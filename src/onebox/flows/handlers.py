"""The port of what performs effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from onebox.flows.machine.commands import Perform
    from onebox.flows.machine.failure import Failure
    from onebox.kernel.ledger import Change


class StepFailed(OneboxError):
    """An effect failed. `step_code` is for `error.code` in flows; `passing`: trying again may help;
    `retry_after`: seconds that the other side asks for."""

    code: ClassVar[str] = "step_failed"

    def __init__(
        self, step_code: str, message: str, *, passing: bool, retry_after: float | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.step_code = step_code
        self.passing = passing
        self.retry_after = retry_after


@dataclass(slots=True)
class Call:
    """One attempt of one effect."""

    run_id: str
    flow: str
    path: str
    kind: str
    arguments: Mapping[str, Any]
    attempt: int
    timeout: timedelta | None
    event_id: str

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this step of this run, also after a crash."""
        return f"{self.run_id}:{self.path}"


class Handler(Protocol):
    """Performs effects of one kind outside the database (an HTTP call, a child process)."""

    async def __call__(self, call: Call) -> Any:
        """The step's result: a value that `kernel.encoding.normalise` takes. Raises StepFailed.

        Is cancelled when the attempt's `timeout` is over, or the step is withdrawn.
        """
        ...


class Writing(Protocol):
    """Performs effects of one kind that are changes of the box's own rows (send, respond): no I/O of its own.

    The changes are committed in one unit with the journal entry, so they happen exactly once.
    """

    def __call__(self, call: Call) -> tuple[Sequence[Change[Any]], Any]:
        """The changes, and the step's result. Raises StepFailed."""
        ...


def failure_from(error: OneboxError) -> Failure:
    """The failure that an error of a handler is."""
    if isinstance(error, StepFailed):
        failed: Failure = {"code": error.step_code, "message": error.message, "passing": error.passing}
        if error.retry_after is not None:
            failed["retry_after"] = error.retry_after
        return failed
    return {"code": error.code, "message": error.message, "passing": bool(getattr(error, "passing", False))}


def call_for(command: Perform, *, run_id: str, flow: str, event_id: str) -> Call:
    """The call that a command asks for."""
    return Call(
        run_id=run_id,
        flow=flow,
        path=command.path,
        kind=command.kind,
        arguments=command.arguments,
        attempt=command.attempt,
        timeout=command.timeout,
        event_id=event_id,
    )


def too_slow(call: Call) -> Failure:
    """The failure of a call that was not done within its time limit."""
    limit = f"{call.timeout.total_seconds():g} s" if call.timeout else "its time limit"
    return {"code": "timeout", "message": f"{call.kind} was not done within {limit}", "passing": True}
