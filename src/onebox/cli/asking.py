"""Asking something of a box that runs, and waiting for what comes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.cli.output import say
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.visit import Visit
    from onebox.flows.records import Records
    from onebox.flows.run import Run

PATIENCE = 3.0
"""seconds: a box that runs answers within one"""
_LOOK = 0.1
_ENDED = frozenset({"done", "failed", "cancelled"})


class BoxRefused(OneboxError):
    """The box answered that it cannot be done."""

    code: ClassVar[str] = "refused"


async def answered(
    visit: Visit,
    kind: str,
    target: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    patience: float | None = None,
    lapses: bool = False,
) -> Mapping[str, Any] | None:
    """What the box answered; None, and a word to the person, if it did not. `lapses`: it is not done later. Raises
    BoxRefused."""
    answer = await visit.ask(kind, target, arguments or {}, patience=PATIENCE if patience is None else patience)
    if answer is None:
        then = "nothing was done" if lapses else "it takes this when it runs"
        say(f"the box {visit.folder} does not run, or is busy: {then}")
        say(f"hint: start it with: onebox run --box {visit.folder}")
        return None
    if not answer["ok"]:
        raise BoxRefused(answer["message"], hint=answer.get("hint"))
    return answer


async def until_ended(records: Records, run_id: str, timeout: float) -> Run | None:
    """The run when it has ended; None if it does not within `timeout` seconds."""
    ends = asyncio.get_running_loop().time() + timeout
    while True:
        detail = await records.run_detail(run_id)
        if detail is not None and detail.run.state.value in _ENDED:
            return detail.run
        if asyncio.get_running_loop().time() >= ends:
            return None
        await asyncio.sleep(_LOOK)
