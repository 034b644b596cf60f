"""What the machine asks for. Every command has a path, which is its identity within the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from onebox.flows.run import RunState


@dataclass(slots=True)
class Perform:
    """Do the effect. Answer with an Entry of this path and attempt: result, failure or skipped.

    `step` is the path without loop numbers: under it `once` keys are claimed.
    """

    path: str
    kind: str
    arguments: Mapping[str, Any]
    step: str
    attempt: int = 1
    timeout: timedelta | None = None
    once: str | None = None


@dataclass(slots=True)
class StartChild:
    """Start a run of another flow. With `wait`, answer with result or failure when it has ended; else at once with
    `{"run_id": …}`."""

    path: str
    flow: str
    data: Mapping[str, Any]
    wait: bool = True


@dataclass(slots=True)
class Sleep:
    """Answer with `fired` at this time. `limit`: it is the most that something may take."""

    path: str
    until: datetime
    limit: bool = False


@dataclass(slots=True)
class Listen:
    """Answer with `event` when one comes that matches."""

    path: str
    topic: str
    match: Mapping[str, Any]


@dataclass(slots=True)
class Withdraw:
    """A command of this path is no longer wanted: stop it if it can be stopped; an answer will be ignored."""

    path: str


@dataclass(slots=True)
class Finish:
    """The run has ended. Nothing is pending any more."""

    state: RunState
    output: Any = None
    error: Mapping[str, Any] | None = None


Command = Perform | StartChild | Sleep | Listen | Withdraw | Finish
