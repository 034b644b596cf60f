"""The flows of a box, as they are now. Reloading swaps the book's page; runs keep the version they began with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from onebox.flows.plan import Flow, Trigger


class FlowBook:
    """The current flow of each name. Readers ask it each time; those who derive tables from it subscribe."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}
        self._by_topic: dict[str, tuple[Flow, ...]] = {}
        self._readers: list[Callable[[], None]] = []

    @property
    def flows(self) -> Mapping[str, Flow]:
        """By name."""
        return self._flows

    def waiting_for(self, topic: str) -> tuple[Flow, ...]:
        """The flows that an event of this topic starts."""
        return self._by_topic.get(topic, ())

    def triggers(self, kind: str) -> list[tuple[Flow, Trigger]]:
        """All triggers of one kind."""
        return [(flow, trigger) for flow in self._flows.values() for trigger in flow.triggers if trigger.kind == kind]

    def replace(self, flows: Iterable[Flow]) -> None:
        """Takes the new set of flows, and tells the readers."""
        self._flows = {flow.name: flow for flow in flows}
        by_topic: dict[str, dict[str, Flow]] = {}
        for flow in self._flows.values():
            for trigger in flow.triggers:
                by_topic.setdefault(trigger.topic, {})[flow.name] = flow
        self._by_topic = {topic: tuple(found.values()) for topic, found in by_topic.items()}
        for told in self._readers:
            told()

    def on_change(self, told: Callable[[], None]) -> None:
        """Calls `told` after each replacement, and once now."""
        self._readers.append(told)
        told()
