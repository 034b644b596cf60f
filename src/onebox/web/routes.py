"""Which hook an address belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")
NO_PARAMETERS: Mapping[str, str] = {}


class NotServed(Exception):
    """Nothing stands there for this method. `allowed` are the methods that something stands there for, if any."""

    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__()
        self.allowed = allowed


class Routes(Generic[T]):
    """Paths with parameters (`orders/{number}`), and what stands at them by method.

    A written part is preferred to a parameter: `orders/new` is not `orders/{number}`.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], T] = {}
        self._root: _Node[T] = _Node()

    def add(self, path: str, method: str, thing: T) -> None:
        """Puts something at a path. What was added last wins."""
        names = tuple(segment[1:-1] for segment in path.split("/") if segment.startswith("{"))
        node = self._root
        for segment in path.split("/"):
            node = node.below(_ANY if segment.startswith("{") else segment)
        node.things[method] = (thing, names)
        if not names:
            self._written[method, path] = thing

    def find(self, raw_path: str, method: str) -> tuple[T, Mapping[str, str]]:
        """What stands at a percent-encoded path, and the parameters in it.

        Raises NotServed, and UnicodeDecodeError for an escape that is no UTF-8.
        """
        thing = self._written.get((method, raw_path))
        return (thing, NO_PARAMETERS) if thing is not None else self._search(raw_path, method)

    def _search(self, raw_path: str, method: str) -> tuple[T, Mapping[str, str]]:
        allowed: set[str] = set()
        segments = tuple(unquote(segment, errors="strict") for segment in raw_path.split("/"))
        for things, values in self._root.matches(segments):
            if method in things:
                thing, names = things[method]
                return thing, dict(zip(names, values, strict=True))
            allowed.update(things)
        raise NotServed(frozenset(allowed))


_ANY = ""
"""stands for a parameter, as no written part is empty"""


class _Node(Generic[T]):
    __slots__ = ("_below", "things")

    def __init__(self) -> None:
        self._below: dict[str, _Node[T]] = {}
        self.things: dict[str, tuple[T, tuple[str, ...]]] = {}

    def below(self, part: str) -> _Node[T]:
        return self._below.setdefault(part, _Node())

    def matches(
        self, segments: tuple[str, ...], values: tuple[str, ...] = ()
    ) -> Iterator[tuple[Mapping[str, tuple[T, tuple[str, ...]]], tuple[str, ...]]]:
        """All that stands at these parts, with the parameters' values: what is written out first."""
        if not segments:
            if self.things:
                yield self.things, values
            return
        first, rest = segments[0], segments[1:]
        if first and (written := self._below.get(first)):
            yield from written.matches(rest, values)
        if first and (parameter := self._below.get(_ANY)):
            yield from parameter.matches(rest, (*values, first))
