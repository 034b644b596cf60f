"""Writes what was seen into a test file: each value that differs is replaced where it stands, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yaml.nodes import CollectionNode, MappingNode, ScalarNode, SequenceNode

from onebox.flows.testing.yaml_text import inline, scalar, yaml_lines
from onebox.kernel.document import read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yaml.nodes import Node

    from onebox.flows.testing.judging import Outcome

_WIDEST = 120


@dataclass(frozen=True, slots=True)
class _Edit:
    """A stretch of the text, by offsets, and what is to stand there."""

    begin: int
    end: int
    text: str


def updated(file: str, text: str, outcomes: Sequence[Outcome]) -> str:
    """The text of a test file in which these cases, which differ, expect what was seen. Raises DocumentInvalid."""
    if not text.endswith("\n"):
        text += "\n"  # a text of several lines at the end would lose its last one's end
    document = read_document(file, text)
    edits: list[_Edit] = []
    for outcome in outcomes:
        for difference in outcome.differences:
            location = (outcome.case.number, "expect", difference.field)
            raw: Any = document.value
            for part in location:
                raw = raw[part]
            node, around = document.node(location), document.node(location[:-1])
            assert node is not None
            assert isinstance(around, MappingNode)
            key = next(name for name, value in around.value if value is node)
            within = _Within(text, _is_flow(around), key.start_mark.column + 2)
            edits += within.edits(node, raw, difference.seen)
    return _applied(text, edits)


def _applied(text: str, edits: list[_Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.begin, reverse=True):
        text = text[: edit.begin] + edit.text + text[edit.end :]
    return text


@dataclass(frozen=True, slots=True)
class _Within:
    """A place in a text: whether it is inside `[…]` or `{…}`, and how far what stands there is indented."""

    text: str
    in_flow: bool
    indent: int
    in_list: bool = False

    def edits(self, node: Node, raw: Any, seen: Any) -> Iterator[_Edit]:
        """What makes `seen` of a node whose value is `raw`: the smallest parts that differ."""
        if inline(raw) == inline(seen):
            return
        in_flow = self.in_flow or _is_flow(node)
        if isinstance(node, MappingNode) and isinstance(seen, dict) and list(raw) == list(seen):
            for name, value in node.value:
                inner = _Within(self.text, in_flow, name.start_mark.column + 2)
                yield from inner.edits(value, raw[name.value], seen[name.value])
        elif isinstance(node, SequenceNode) and isinstance(seen, list) and len(raw) == len(seen):
            for number, item in enumerate(node.value):
                inner = _Within(self.text, in_flow, item.start_mark.column, in_list=True)
                yield from inner.edits(item, raw[number], seen[number])
        else:
            yield self._replaced(node, seen)

    def _replaced(self, node: Node, seen: Any) -> _Edit:
        begin, end = node.start_mark.index, _end(node, self.text)
        if self._fits_inline(node, seen, begin, end):
            written = inline(seen) if self.in_flow or isinstance(seen, (dict, list)) else scalar(seen, in_flow=False)
            # A value that is left out, as in `output:`, stands right behind its colon.
            return _Edit(begin, end, f" {written}" if self.text[begin - 1 : begin] == ":" else written)
        lines = yaml_lines(seen)
        below = isinstance(seen, (dict, list)) and not _is_block(node) and not self.in_list
        while below and self.text[begin - 1] == " ":
            begin -= 1
        pad = "\n" + " " * (node.start_mark.column if _is_block(node) else self.indent)
        joined = pad.join(lines).replace(f"{pad}\n", "\n\n")
        return _Edit(begin, end, (pad if below else "") + joined)

    def _fits_inline(self, node: Node, seen: Any, begin: int, end: int) -> bool:
        if self.in_flow:
            return True
        line_end = self.text.find("\n", end)
        rest = self.text[end : line_end if line_end >= 0 else len(self.text)].strip()
        if isinstance(seen, (dict, list)) and seen:
            short = len(inline(seen)) + node.start_mark.column <= _WIDEST
            return not _is_block(node) and (short or rest != "")
        return not (isinstance(seen, str) and "\n" in seen and rest == "" and begin < end)


def _is_flow(node: Node) -> bool:
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def _is_block(node: Node) -> bool:
    return isinstance(node, CollectionNode) and not node.flow_style


def _end(node: Node, text: str) -> int:
    """Where a node's own text ends: the parser counts what follows a block up to the next token."""
    if _is_block(node):
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last, text)
    end: int = node.end_mark.index
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip())
    return end
