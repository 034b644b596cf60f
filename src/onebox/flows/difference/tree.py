"""The steps of a flow as a tree, read off the document as far as it can be: whatever stands there, it becomes a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from onebox.flows.difference.findings import Spot
from onebox.flows.difference.values import marks
from onebox.kernel.encoding import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHAPES = ("each", "repeat", "then", "switch", "try", "wait_for", "wait", "do", "parallel", "steps")
"""by these keys, in this order: `each` may have `do`, `repeat` has `steps`"""
_BLOCKS = {
    "then": ("then", "else"),
    "switch": ("else",),
    "each": ("steps",),
    "repeat": ("steps",),
    "parallel": ("parallel",),
    "try": ("try", "finally"),
    "steps": ("steps",),
}
_AS_WRITTEN = {"then": "if"}


@dataclass(eq=False)
class Node:
    """A step, or a case of a switch. `own` is what it says itself, without the steps in it."""

    label: str
    path: str
    shape: str
    own: dict[str, Any]
    blocks: dict[str, Block] = field(default_factory=dict)
    block: Block | None = None

    @property
    def name(self) -> str | None:
        """Its id."""
        name = self.own.get("id")
        return name if isinstance(name, str) else None

    @property
    def kind(self) -> str | None:
        """What it does, such as `http.get`; None for a step that holds others, or waits."""
        kind = self.own.get("do")
        return kind if isinstance(kind, str) else None

    @property
    def arguments(self) -> dict[str, Any]:
        """What stands under `with`, where it is written out."""
        given = self.own.get("with")
        return given if isinstance(given, dict) else {}

    @cached_property
    def marks(self) -> frozenset[str]:
        """What it is compared by, with all that is in it."""
        found = marks({key: value for key, value in self.own.items() if key != "id"})
        for name, block in self.blocks.items():
            for node in block.nodes:
                found |= {f"{name}{mark}" for mark in node.marks}
        return found

    @property
    def spot(self) -> Spot:
        """Where it is, and what."""
        return Spot(self.path, self.name, about(self))

    def walk(self) -> Iterator[Node]:
        """It, and all in it, in the order of the file."""
        yield self
        for block in self.blocks.values():
            for node in block.nodes:
                yield from node.walk()


@dataclass(eq=False)
class Block:
    """A list of steps. `name` says which of its step's; `ordered`: one after another."""

    name: str
    owner: Node | None
    nodes: list[Node] = field(default_factory=list)
    ordered: bool = True

    def walk(self) -> Iterator[Node]:
        """All steps in it, in the order of the file."""
        for node in self.nodes:
            yield from node.walk()


def read_block(raw: Any, name: str, owner: Node | None, prefix: str) -> Block:
    """A list of steps; what is no list is one of none. `prefix` begins the paths of its steps."""
    block = Block(name, owner, ordered=name != "parallel")
    for number, item in enumerate(raw if isinstance(raw, list) else []):
        node = _node(item, number + 1, prefix)
        node.block = block
        block.nodes.append(node)
    return block


def _node(raw: Any, number: int, prefix: str) -> Node:
    given: dict[str, Any] = raw if isinstance(raw, dict) else {"": raw}
    name = given.get("id")
    label = name if isinstance(name, str) and name else str(number)
    shape = next((key for key in _SHAPES if key in given), "")
    node = Node(label, prefix + label, _AS_WRITTEN.get(shape, shape), dict(given))
    for key in _BLOCKS.get(shape, ()):
        if isinstance(given.get(key), list):
            del node.own[key]
            where = f"{node.path}." if key in ("steps", "parallel") else f"{node.path}.{key}."
            node.blocks[key] = read_block(given[key], key, node, where)
    if shape == "switch" and isinstance(given.get("cases"), list):
        del node.own["cases"]
        node.blocks["cases"] = _cases(given["cases"], node)
    _take_catch(node)
    return node


def _cases(raw: list[Any], owner: Node) -> Block:
    block = Block("cases", owner)
    for number, item in enumerate(raw):
        given: dict[str, Any] = item if isinstance(item, dict) else {"": item}
        label = f"case{number}"
        own = {key: value for key, value in given.items() if key != "steps"}
        node = Node(label, f"{owner.path}.{label}", "case", own, block=block)
        node.blocks["steps"] = read_block(given.get("steps"), "steps", node, f"{node.path}.")
        block.nodes.append(node)
    return block


def _take_catch(node: Node) -> None:
    """Its steps become a block; that it is there stays with the step."""
    catch = node.own.get("catch")
    steps = catch.get("steps") if isinstance(catch, dict) else catch
    if isinstance(steps, list):
        node.own["catch"] = {"steps": True}
        node.blocks["catch"] = read_block(steps, "catch", node, f"{node.path}.catch.")


def about(node: Node) -> str:
    """What a step is, in a few words.

    >>> about(_node({"do": "send", "with": {"via": "email/office", "to": "${vars.boss}"}}, 1, ""))
    'send to ${vars.boss} by email/office'
    """
    if node.shape == "case":
        return case_test(node)
    told = node.kind or {"if": "if/then", "steps": "block"}.get(node.shape, node.shape.replace("_", " ") or "step")
    return f"{told}{_target(node)}"


def case_test(node: Node) -> str:
    """What a case asks for."""
    key = next((key for key in ("match", "equals", "when") if key in node.own), None)
    if key is None:
        return "case"
    asked = node.own[key]
    return f"case {key} {asked if isinstance(asked, str) else to_json(asked):.60}"


def _target(node: Node) -> str:
    """Whom or what it reaches."""
    given, kind = node.arguments, node.kind or ""
    if kind.startswith("http.") and isinstance(given.get("url"), str):
        return f" to {head(given['url'])}"
    if kind in {"send", "ask", "edit", "broadcast"}:
        to, via = given.get("to"), given.get("via")
        return (f" to {to!s:.60}" if to is not None else "") + (f" by {via!s:.60}" if via is not None else "")
    key = {"run": "flow", "emit": "event", "python": "function"}.get(kind)
    return f" {given[key]!s:.60}" if key and given.get(key) is not None else ""


def head(url: str) -> str:
    """The part of an address that says whose it is: scheme and host, or the expression that it begins with.

    >>> head("https://shop.example.org/a?b"), head("${vars.shop_api}/orders")
    ('https://shop.example.org', '${vars.shop_api}')
    """
    if url.startswith("${"):
        end = url.find("}")
        return url[: end + 1] if end > 0 else url
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url.partition("/")[0]
    return scheme + mark + min((rest.partition(sign)[0] for sign in "/?#"), key=len)


def all_nodes(blocks: Sequence[Block]) -> list[Node]:
    """Every step of these blocks."""
    return [node for block in blocks for node in block.walk()]
