"""Which step of the old flow is which of the new one.

1. Steps of the same id are the same step, wherever they stand.
2. In two lists that belong together, steps that are equal or alike are the same, in order; then those out of order.
3. What is left on both sides and is alike was moved from one list to another.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from onebox.flows.difference.tree import all_nodes
from onebox.flows.difference.values import likeness, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onebox.flows.difference.tree import Block, Node

_SAME_KIND = 0.2
"""what it counts to be of the same kind at the same place"""
_ALIKE_ELSEWHERE = 0.6
"""how alike steps must be to be the same out of order, or in another list"""
_MOST_PAIRS = 40_000
"""compared one by one; in longer lists only equal steps are the same"""


class Pairs:
    """Steps that are the same on both sides."""

    def __init__(self) -> None:
        self._after: dict[Node, Node] = {}
        self._before: dict[Node, Node] = {}

    def add(self, before: Node, after: Node) -> None:
        """They are the same."""
        self._after[before] = after
        self._before[after] = before

    def new(self, node: Node) -> Node | None:
        """What became of an old step."""
        return self._after.get(node)

    def old(self, node: Node) -> Node | None:
        """What a new step was."""
        return self._before.get(node)

    def together(self, before: Block, after: Block) -> bool:
        """Whether two lists belong together: of the same name, in steps that are the same."""
        if before.name != after.name:
            return False
        if before.owner is None or after.owner is None:
            return before.owner is after.owner
        return self.new(before.owner) is after.owner


def match(before: Sequence[Block], after: Sequence[Block]) -> Pairs:
    """The pairs of two flows, whose outermost lists these are: those of the same name belong together."""
    pairs = Pairs()
    names = {node.name: node for node in all_nodes(after) if node.name}
    for node in all_nodes(before):
        named = names.pop(node.name or "", None)
        if named is not None and named.shape == node.shape:
            pairs.add(node, named)
    roots = {block.name: block for block in after}
    _match_blocks([(block, roots[block.name]) for block in before if block.name in roots], pairs)
    known = [(node, found) for node in all_nodes(before) if (found := pairs.new(node)) is not None]
    _match_blocks(_inner(known), pairs)
    _match_moved(before, after, pairs)
    return pairs


def _match_blocks(todo: list[tuple[Block, Block]], pairs: Pairs) -> None:
    """Matches lists that belong together, and those within what was matched."""
    while todo:
        old_block, new_block = todo.pop()
        old = [node for node in old_block.nodes if pairs.new(node) is None]
        new = [node for node in new_block.nodes if pairs.old(node) is None]
        found = _in_order(old, new)
        used = {node for pair in found for node in pair}
        found += _alike([node for node in old if node not in used], [node for node in new if node not in used])
        for first, second in found:
            pairs.add(first, second)
        todo += _inner(found)


def _inner(found: Iterable[tuple[Node, Node]]) -> list[tuple[Block, Block]]:
    return [
        (block, second.blocks[name])
        for first, second in found
        for name, block in first.blocks.items()
        if name in second.blocks
    ]


def _in_order(old: Sequence[Node], new: Sequence[Node]) -> list[tuple[Node, Node]]:
    """Equal steps first; between these, those that are most alike."""
    keys = _Keys()
    matcher = SequenceMatcher(None, [keys.of(one) for one in old], [keys.of(one) for one in new], autojunk=False)
    found: list[tuple[Node, Node]] = []
    at_old = at_new = 0
    for block in matcher.get_matching_blocks():
        found += _aligned(old[at_old : block.a], new[at_new : block.b])
        found += [(old[block.a + step], new[block.b + step]) for step in range(block.size)]
        at_old, at_new = block.a + block.size, block.b + block.size
    return found


class _Keys:
    """Numbers for steps: the same for equal ones."""

    def __init__(self) -> None:
        self._seen: dict[frozenset[str], list[Node]] = {}
        self._numbers: dict[Node, int] = {}

    def of(self, node: Node) -> int:
        alike = self._seen.setdefault(node.marks, [])
        first = next((other for other in alike if _equal(node, other)), None)
        if first is None:
            alike.append(node)
            first = node
        return self._numbers.setdefault(first, len(self._numbers))


def _equal(one: Node, other: Node) -> bool:
    if not same(one.own, other.own) or one.blocks.keys() != other.blocks.keys():
        return False
    return all(
        len(block.nodes) == len(other.blocks[name].nodes) and all(map(_equal, block.nodes, other.blocks[name].nodes))
        for name, block in one.blocks.items()
    )


def _aligned(old: Sequence[Node], new: Sequence[Node]) -> list[tuple[Node, Node]]:
    """The pairs in order whose likenesses are the most together."""
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        return []
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    score = [[_score(first, second) for second in new] for first in old]
    for row in range(len(old) - 1, -1, -1):
        for column in range(len(new) - 1, -1, -1):
            taken = score[row][column] + best[row + 1][column + 1] if score[row][column] else 0.0
            best[row][column] = max(best[row + 1][column], best[row][column + 1], taken)
    return _walk_back(old, new, best, score)


def _walk_back(
    old: Sequence[Node], new: Sequence[Node], best: list[list[float]], score: list[list[float]]
) -> list[tuple[Node, Node]]:
    found, row, column = [], 0, 0
    while row < len(old) and column < len(new):
        if score[row][column] and best[row][column] == score[row][column] + best[row + 1][column + 1]:
            found.append((old[row], new[column]))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return found


def _score(first: Node, second: Node) -> float:
    """How much speaks for these two being the same; 0: they are not."""
    if first.shape != second.shape:
        return 0.0
    alike = likeness(first.marks, second.marks)
    certain = first.kind == second.kind and not (first.name and second.name)
    if not certain and alike < _ALIKE_ELSEWHERE:
        return 0.0
    return _SAME_KIND + alike


def _alike(old: Sequence[Node], new: Sequence[Node]) -> list[tuple[Node, Node]]:
    """Pairs in any order, the most alike first."""
    if len(old) * len(new) > _MOST_PAIRS:
        return []
    scored = [
        (likeness(first.marks, second.marks), row, column)
        for row, first in enumerate(old)
        for column, second in enumerate(new)
        if first.shape == second.shape and first.kind == second.kind
    ]
    found: list[tuple[Node, Node]] = []
    used_old: set[int] = set()
    used_new: set[int] = set()
    for alike, row, column in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        if alike >= _ALIKE_ELSEWHERE and row not in used_old and column not in used_new:
            found.append((old[row], new[column]))
            used_old.add(row)
            used_new.add(column)
    return found


def _match_moved(before: Sequence[Block], after: Sequence[Block], pairs: Pairs) -> None:
    """Steps that went into another list, such as under a new `if`. Cases stay in their switch."""
    while True:
        old = [node for node in all_nodes(before) if pairs.new(node) is None and node.shape != "case"]
        new = [node for node in all_nodes(after) if pairs.old(node) is None and node.shape != "case"]
        found = _alike(old, new)
        if not found:
            return
        for first, second in found:
            pairs.add(first, second)
        _match_blocks(_inner(found), pairs)
