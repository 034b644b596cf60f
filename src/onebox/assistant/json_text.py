"""A JSON text that can be changed without a change to any byte of what is there: every value knows its place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_STRINGS = json.JSONDecoder()
_BOM = "\ufeff"
_DEEPEST = 200
_MOST_ON_A_LINE = 4


class JsonFault(ValueError):
    """The text is no JSON: what is wrong, and where."""

    def __init__(self, what: str, text: str, at: int) -> None:
        self.line = text.count("\n", 0, at) + 1
        self.column = at - (text.rfind("\n", 0, at) + 1) + 1
        super().__init__(what)


@dataclass
class Node:
    """A value, from `start` up to `end`. Of an object `names` and `parts` go together; of a list, `parts` alone."""

    value: Any
    start: int
    end: int = 0
    names: list[str] = field(default_factory=list)
    parts: list[Node] = field(default_factory=list)

    def member(self, name: str) -> Node | None:
        """As JSON's readers do: of a name that stands twice, the last."""
        if not isinstance(self.value, dict):
            return None
        return next((part for each, part in zip(self.names[::-1], self.parts[::-1], strict=True) if each == name), None)


def read(text: str) -> Node:
    """The value of a text, with the places of all that is in it. Raises JsonFault."""
    reader = _Reader(text)
    node = reader.value(_space(text, 1 if text.startswith(_BOM) else 0), 0)
    after = reader.at = _space(text, node.end)
    if after < len(text):
        raise JsonFault(reader.wrong("the end"), text, after)
    return node


@dataclass
class _Reader:
    text: str
    at: int = 0

    def wrong(self, wanted: str) -> str:
        found = self.text[self.at : self.at + 1]
        if self.text.startswith(("//", "/*"), self.at):
            return "a comment, which JSON does not have"
        return f"{wanted} was expected, and here is {found!r}" if found else f"{wanted} was expected, and the text ends"

    def value(self, at: int, depth: int) -> Node:
        self.at = at
        sign = self.text[at : at + 1]
        if depth > _DEEPEST:
            raise JsonFault(f"more than {_DEEPEST} values in each other", self.text, at)
        if sign == "{":
            return self.many(Node({}, at), "}", depth)
        if sign == "[":
            return self.many(Node([], at), "]", depth)
        if sign == '"':
            value, end = self.string(at)
            return Node(value, at, end)
        scalar = _SCALAR.match(self.text, at)
        if scalar is None:
            raise JsonFault(self.wrong("a value"), self.text, at)
        return Node(json.loads(scalar[0]), at, scalar.end())

    def many(self, node: Node, close: str, depth: int) -> Node:
        at = _space(self.text, node.start + 1)
        while not (self.text[at : at + 1] == close and not node.parts):
            at = self.part(node, at, depth)
            at = self.at = _space(self.text, at)
            sign = self.text[at : at + 1]
            if sign == close:
                break
            if sign != ",":
                raise JsonFault(self.wrong(f"',' or {close!r}"), self.text, at)
            at = _space(self.text, at + 1)
        node.end = at + 1
        return node

    def part(self, node: Node, at: int, depth: int) -> int:
        if isinstance(node.value, list):
            part = self.value(at, depth + 1)
            node.value.append(part.value)
            node.parts.append(part)
            return part.end
        self.at = at
        if self.text[at : at + 1] != '"':
            raise JsonFault(self.wrong('a name in "…"'), self.text, at)
        name, at = self.string(at)
        at = self.at = _space(self.text, at)
        if self.text[at : at + 1] != ":":
            raise JsonFault(self.wrong("':'"), self.text, at)
        part = self.value(_space(self.text, at + 1), depth + 1)
        node.value[name] = part.value
        node.names.append(name)
        node.parts.append(part)
        return part.end

    def string(self, at: int) -> tuple[str, int]:
        try:
            value, end = _STRINGS.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            raise JsonFault(error.msg[:1].lower() + error.msg[1:], self.text, error.pos) from None
        return str(value), end


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


# ---- putting in


def insertion(text: str, node: Node, parts: list[tuple[str | None, Any]]) -> tuple[int, str]:
    """What to put in, and where, so that this object has these parts (name and value) as its last, or this list (None
    and value) as its first. It is set as the rest of the text is: indented alike, or on one line."""
    newline = "\r\n" if "\r\n" in text else "\n"
    unit = _unit(text)
    if node.parts:
        begin = _start_of(text, node, 0 if isinstance(node.value, list) else len(node.parts) - 1)
        indent = _indent_before(text, begin)
        if indent is None and isinstance(node.value, list) and len(parts) > _MOST_ON_A_LINE and "\n" in text.strip():
            indent = f"{newline}{_indent_of_line(text, node.start)}{unit}"
            joint = f",{indent}"
            return begin, indent + joint.join(_set(part, None, unit, newline) for part in parts) + joint
        joint = ", " if indent is None else f",{newline}{indent}"
        words = joint.join(_set(part, indent, unit, newline) for part in parts)
        return (begin, words + joint) if isinstance(node.value, list) else (node.parts[-1].end, joint + words)
    inside = text[node.start + 1 : node.end - 1]
    around = _indent_of_line(text, node.start)
    flat = "\n" not in text.strip().removeprefix(_BOM) and len(text.strip()) > len("[{ }]")
    if flat:
        return node.start + 1, ", ".join(_set(part, None, unit, newline) for part in parts)
    indent = around + unit
    lines = f",{newline}{indent}".join(_set(part, indent, unit, newline) for part in parts)
    return node.start + 1, f"{newline}{indent}{lines}" + ("" if "\n" in inside else f"{newline}{around}")


def _set(part: tuple[str | None, Any], indent: str | None, unit: str, newline: str) -> str:
    name, value = part
    words = json.dumps(value, ensure_ascii=False, indent=None if indent is None else unit)
    if indent is not None:
        words = words.replace("\n", newline + indent)
    return words if name is None else f"{json.dumps(name, ensure_ascii=False)}: {words}"


def _unit(text: str) -> str:
    """By how much each level is indented."""
    found = re.search(r"^[ \t]+(?=[\"\[{])", text, re.MULTILINE)
    return found[0] if found else "  "


def _indent_before(text: str, at: int) -> str | None:
    """The white space from the line's beginning to here; None where something else stands before."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line if "\n" in text[:at] and not line.strip() else None


def _indent_of_line(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :].removeprefix(_BOM)
    return line[: len(line) - len(line.lstrip(" \t"))]


# ---- taking out


def without(text: str, node: Node, index: int) -> str:
    """The text without this part of the object or list, and without the comma that it no longer needs."""
    part = node.parts[index]
    if index:
        return text[: node.parts[index - 1].end] + text[part.end :]
    if len(node.parts) > 1:
        return text[: _start_of(text, node, 0)] + text[_start_of(text, node, 1) :]
    return text[: node.start + 1] + text[node.end - 1 :]


def _start_of(text: str, node: Node, index: int) -> int:
    """Where a part begins: of a list the value, of an object its name."""
    after = node.parts[index - 1].end if index else node.start
    return _space(text, text.index("," if index else text[node.start], after) + 1)
