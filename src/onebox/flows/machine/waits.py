"""The parts that wait: for a time, or for an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onebox.flows.machine.commands import Listen
from onebox.flows.machine.failure import Fails
from onebox.flows.machine.frame import Frame
from onebox.flows.run import EntryKind
from onebox.kernel.durations import parse_duration
from onebox.kernel.encoding import normalise

if TYPE_CHECKING:
    from onebox.flows.machine.frame import Scope
    from onebox.flows.machine.machine import Machine
    from onebox.flows.plan import Wait, WaitFor
    from onebox.flows.run import Entry


class WaitFrame(Frame):
    """`wait: 3d`, `wait: {until: …}`."""

    __slots__ = ("part",)

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: Wait) -> None:
        super().__init__(machine, parent, path, scope)
        self.part = part

    def begin(self) -> None:
        if self.part.length is not None:
            self.sleep(self.path, self.machine.now + parse_duration(self.evaluate(self.part.length)))
        else:
            assert self.part.until is not None
            self.sleep(self.path, instant(self.evaluate(self.part.until)))

    def answered(self, path: str, entry: Entry) -> None:
        self.end(None)


def instant(value: Any) -> datetime:
    """An aware instant in UTC from a datetime or ISO text.

    >>> instant("2026-03-29T06:00:00+02:00")
    datetime.datetime(2026, 3, 29, 4, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        message = f"wait: expected an instant with its time zone, such as 2026-03-29T06:00:00+02:00, got {value!r:.80}"
        raise Fails("bad_instant", message)
    return moment.astimezone(UTC)


class WaitForFrame(Frame):
    """`wait_for` an event that matches."""

    __slots__ = ("part",)

    def __init__(self, machine: Machine, parent: Frame, path: str, scope: Scope, part: WaitFor) -> None:
        super().__init__(machine, parent, path, scope)
        self.part = part

    def begin(self) -> None:
        topic, match = self.evaluate(self.part.topic), self.evaluate(self.part.match) or {}
        if not isinstance(match, Mapping):
            message = f"wait_for: match must be a mapping of dotted paths to values, got {match!r:.80}"
            raise Fails("bad_argument", message)
        self.ask(Listen(self.path, str(topic), normalise(match)), self.path)
        if self.part.timeout is not None:
            limit = parse_duration(self.evaluate(self.part.timeout))
            self.sleep(f"{self.path}!timeout", self.machine.now + limit, limit=True)

    def answered(self, path: str, entry: Entry) -> None:
        if entry.kind is EntryKind.event:
            self.end(entry.value)
            return
        assert self.part.timeout is not None
        message = f"no {self.part.topic.source} came that matches within {self.part.timeout.source}"
        raise Fails("timeout", message, passing=True)
