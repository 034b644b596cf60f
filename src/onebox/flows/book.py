"""The flows of a box, as they are now. Reloading swaps the book's page; runs keep the version they began with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.waiting import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from onebox.flows.plan import Flow, Trigger


class FlowBook:
    """The current flow of each name. Readers ask it each time; those who derive tables from it subscribe."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}
        self._by_topic: dict[str, list[tuple[Flow, Mapping[str, Any]]]] = {}
        self._readers: list[Callable[[], None]] = []

    @property
    def flows(self) -> Mapping[str, Flow]:
        """By name."""
        return self._flows

    def knows(self, topic: str) -> bool:
        """Whether any flow waits for events of this topic."""
        return topic in self._by_topic

    def waiting_for(self, topic: str, data: Mapping[str, Any]) -> list[Flow]:
        """The flows that an event of this topic with this data starts, each once."""
        found: list[Flow] = []
        for flow, where in self._by_topic.get(topic, ()):
            if flow not in found and (not where or matches(where, data)):
                found.append(flow)
        return found

    def triggers(self, kind: str) -> list[tuple[Flow, Trigger]]:
        """All triggers of one kind."""
        return [(flow, trigger) for flow in self._flows.values() for trigger in flow.triggers if trigger.kind == kind]

    def replace(self, flows: Iterable[Flow]) -> None:
        """Takes the new set of flows, and tells the readers."""
        self._flows = {flow.name: flow for flow in flows}
        self._by_topic = {}
        for flow in self._flows.values():
            for trigger in flow.triggers:
                self._by_topic.setdefault(trigger.topic, []).append((flow, trigger.where))
        for told in self._readers:
            told()

    def on_change(self, told: Callable[[], None]) -> None:
        """Calls `told` after each replacement, and once now."""
        self._readers.append(told)
        told()
