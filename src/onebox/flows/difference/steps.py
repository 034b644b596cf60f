"""What changed in the steps of a flow."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onebox.flows.difference.fields import compare_fields
from onebox.flows.difference.findings import Change, Finding, Reason, Risk
from onebox.flows.difference.matching import match
from onebox.flows.difference.secrets import secrets_of_step
from onebox.flows.difference.statements import danger
from onebox.flows.difference.tree import about, all_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from onebox.flows.difference.arguments import Files
    from onebox.flows.difference.findings import Spot
    from onebox.flows.difference.matching import Pairs
    from onebox.flows.difference.tree import Block, Node

_REACHING = ("send", "ask", "edit", "broadcast", "run", "emit")
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of both sides. `has_effect` says whether a kind of step does something beyond the run."""

    before: Sequence[Block]
    after: Sequence[Block]
    files: Files
    has_effect: Callable[[str], bool]

    def compare(self) -> Iterator[Finding]:
        """All that changed."""
        pairs = match(self.before, self.after)
        # That a list of its own is gone as a whole, such as `on_error`, is told by the flow.
        kept = {block.name for block in self.after}
        for old in all_nodes([block for block in self.before if block.name in kept]):
            if pairs.new(old) is None and _is_topmost(old, pairs.new):
                yield self._removed(old, pairs)
        for new in all_nodes(self.after):
            known = pairs.old(new)
            if known is None:
                if _is_topmost(new, pairs.old):
                    yield self._added(new, pairs)
            else:
                yield from self._changed(known, new, pairs)
        for new_block in _blocks(self.after):
            yield from _reordered(new_block, pairs)
        yield from self._secrets(pairs)

    def _changed(self, old: Node, new: Node, pairs: Pairs) -> Iterator[Finding]:
        has_effect = self._acts(old) or self._acts(new)
        for found in compare_fields(old, new, self.files, has_effect=has_effect):
            yield replace(found, spot=new.spot)
        assert old.block is not None
        assert new.block is not None
        if not pairs.together(old.block, new.block):
            yield Finding(
                Change.moved, "step", Risk.medium, spot=new.spot, before=_within(old.block), after=_within(new.block)
            )

    def _acts(self, node: Node) -> bool:
        return node.kind is not None and self.has_effect(node.kind)

    def _effects(self, node: Node, other: Callable[[Node], Node | None]) -> list[Node]:
        """What is done in it that is not done on the other side."""
        return [one for one in node.walk() if self._acts(one) and other(one) is None]

    def _removed(self, node: Node, pairs: Pairs) -> Finding:
        effects = self._effects(node, pairs.new)
        risk, reason = (Risk.high, Reason.effect_lost) if effects else (Risk.medium, None)
        return Finding(Change.removed, _what(node), risk, spot=node.spot, reason=reason, effects=_named(node, effects))

    def _added(self, node: Node, pairs: Pairs) -> Finding:
        effects = self._effects(node, pairs.old)
        risk, reason = self._weight(node, effects)
        return Finding(
            Change.added,
            _what(node),
            risk,
            spot=node.spot,
            reason=reason,
            beside=_before(node),
            effects=_named(node, effects),
            lines=_as_new(_statement(node, self.files.after)) if node.kind == "sql" else (),
        )

    def _weight(self, node: Node, effects: Sequence[Node]) -> tuple[Risk, Reason | None]:
        if any(_reaches(one) for one in effects):
            return Risk.high, Reason.recipient
        for one in effects:
            statement = _statement(one, self.files.after)
            if one.kind == "sql" and danger("", statement)[0] is Risk.high:
                return Risk.high, Reason.data
        return (Risk.medium, None) if effects or node.kind is None else (Risk.low, None)

    def _secrets(self, pairs: Pairs) -> Iterator[Finding]:
        """Secrets in steps that did not use them before."""
        known = {name for node in all_nodes(self.before) for name in secrets_of_step(node, self.files.before)}
        for node in all_nodes(self.after):
            old = pairs.old(node)
            before = secrets_of_step(old, self.files.before) if old is not None else set()
            for name in sorted(secrets_of_step(node, self.files.after) - before):
                change = Change.spread if name in known else Change.used
                yield Finding(change, f"secret.{name}", Risk.high, spot=node.spot, reason=Reason.secret)


def _what(node: Node) -> str:
    return "case" if node.shape == "case" else "step"


def _reaches(node: Node) -> bool:
    kind = node.kind or ""
    return kind.startswith("http.") or kind in _REACHING


def _statement(node: Node, files: Mapping[str, str]) -> str:
    written, named = node.arguments.get("run"), node.arguments.get("file")
    if isinstance(written, str):
        return written
    return files.get(named, "") if isinstance(named, str) else ""


def _as_new(text: str) -> tuple[str, ...]:
    return tuple(f"+ {line}" for line in text.splitlines())


def _is_topmost(node: Node, other: Callable[[Node], Node | None]) -> bool:
    """Whether the step that it stands in is on the other side, too."""
    owner = node.block.owner if node.block is not None else None
    return owner is None or other(owner) is not None


def _named(node: Node, effects: Sequence[Node]) -> tuple[str, ...]:
    """What is done in it, where that is not the step itself."""
    inner = [about(one) for one in effects if one is not node]
    more = [f"and {len(inner) - _MOST_NAMED} more"] if len(inner) > _MOST_NAMED else []
    return (*inner[:_MOST_NAMED], *more)


def _before(node: Node) -> Spot | None:
    """The step that it comes after, or the one that it is in."""
    block = node.block
    assert block is not None
    at = block.nodes.index(node)
    if at and block.ordered:
        return block.nodes[at - 1].spot
    return None


def _within(block: Block) -> str:
    """Where a list of steps is."""
    if block.owner is None:
        return block.name
    return f"{block.owner.path}.{block.name}"


def _blocks(roots: Sequence[Block]) -> Iterator[Block]:
    yield from roots
    for node in all_nodes(roots):
        yield from node.blocks.values()


def _reordered(block: Block, pairs: Pairs) -> Iterator[Finding]:
    """The fewest steps of a list whose moving explains its new order."""
    stayed = []
    for node in block.nodes:
        old = pairs.old(node)
        if old is not None and old.block is not None and pairs.together(old.block, block):
            stayed.append((node, old.block.nodes.index(old)))
    kept = _longest_rising([at for _, at in stayed])
    for number, (node, _) in enumerate(stayed):
        if number not in kept:
            risk = Risk.medium if block.ordered else Risk.low
            yield Finding(Change.reordered, _what(node), risk, spot=node.spot, beside=_before(node))


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The places of a longest rising part.

    >>> sorted(_longest_rising([2, 0, 1, 3]))
    [1, 2, 3]
    """
    ends: list[int] = []
    places: list[int] = []
    earlier: list[int] = []
    for place, number in enumerate(numbers):
        at = bisect_left(ends, number)
        earlier.append(places[at - 1] if at else -1)
        ends[at : at + 1] = [number]
        places[at : at + 1] = [place]
    found: set[int] = set()
    place = places[-1] if places else -1
    while place >= 0:
        found.add(place)
        place = earlier[place]
    return found
