"""Reads YAML 1.2 as the files of a box use it, and remembers where everything stands.

PyYAML's parser is fast but speaks YAML 1.1 (`on` is true, `16:00` is 960); so it is asked for the nodes alone, and the
values are made here by the core schema of YAML 1.2. What they have no use for is refused: tags, anchors, merge
keys, keys that are no text, several documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from onebox.kernel.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 1_000_000
DEEPEST = 100
_SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NUMBER_START = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STANDARD_TAG = "tag:yaml.org,2002:"
_NESTING = re.compile(r"[-?:\[{]")
_NOTABLE = re.compile(r"(?:^|[\s\[{,:?-])[&*!][^\s]")

Location = tuple[str | int, ...]


class _Loader(_SAFE_LOADER):  # type: ignore[misc]  # one of two, as the machine has it
    """Resolves no scalar: that is done here, and it takes a quarter of the time."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


class DocumentInvalid(Exception):
    """A text that is no document at all; it carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(slots=True)
class Document:
    """The values of a file, and the places of its nodes."""

    file: str
    text: str
    value: Any
    root: Node | None
    faults: list[Fault]
    _lines: list[str] | None = None

    def place(self, location: Location, *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value (or of its key) at a location; of the nearest thing around it if that is
        not there."""
        node, mark = self.root, None
        for part in location:
            found = _child(node, part)
            if found is None:
                break
            name, node = found
            mark = name.start_mark if key and name is not None else node.start_mark
        if mark is None:
            mark = node.start_mark if node is not None else None
        return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1."""
        if self._lines is None:
            self._lines = self.text.splitlines()
        return self._lines[number - 1] if number <= len(self._lines) else ""

    def written(self, location: Location) -> str | None:
        """A scalar as it is written, without quotes; None if there is none at that location."""
        node = self.node(location)
        return node.value if isinstance(node, ScalarNode) else None

    def node(self, location: Location) -> Node | None:
        """What was parsed at a location, with its marks; None if there is nothing."""
        node = self.root
        for part in location:
            found = _child(node, part)
            if found is None:
                return None
            node = found[1]
        return node


def read_document(file: str, text: str, beginning: str | None = None) -> Document:
    """Parses one file; `beginning` is the hint for one that is empty. Raises DocumentInvalid if there is nothing to go on with; other faults are in the document."""
    if len(text) > LARGEST:
        raise DocumentInvalid(Fault(file, 1, 1, f"the file has {len(text):,} characters; the most is {LARGEST:,}"))
    faults: list[Fault] = []
    root = _compose(file, text, faults)
    document = Document(file, text, None, root, faults)
    if root is None:
        raise DocumentInvalid(Fault(file, 1, 1, "the file is empty", beginning))
    document.value = _Builder(document).value(root)
    return document


def _compose(file: str, text: str, faults: list[Fault]) -> Node | None:
    try:
        if _NOTABLE.search(text) or len(_NESTING.findall(text)) > DEEPEST:
            faults.extend(_inspect(file, text))
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise DocumentInvalid(_syntax_fault(file, text, error)) from None
    except yaml.reader.ReaderError as error:
        raise DocumentInvalid(_character_fault(file, text, error)) from None
    except UnicodeEncodeError as error:
        line, column = _position(text, error.start)
        # Bytes that are no UTF-8 come here as such halves; see app.folder.
        message = "this is no character of UTF-8"
        raise DocumentInvalid(Fault(file, line, column, message, "save the file as UTF-8")) from None
    except (RecursionError, ValueError, yaml.YAMLError) as error:
        message = f"this is no YAML: {(str(error) or type(error).__name__).splitlines()[0]}"
        raise DocumentInvalid(Fault(file, 1, 1, message)) from None


def _inspect(file: str, text: str) -> Iterator[Fault]:
    """Looks at what leaves no trace in nodes: anchors, tags, and nesting so deep that composing it would kill the
    process (the C composer recurses). Events come one by one, so this ends as soon as it is too deep."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            hint = "write out what is meant, or quote a text that begins with & or *"
            yield _fault_at(file, event.start_mark, "anchors (&) and aliases (*) are not taken", hint)
        if tag := getattr(event, "tag", None):
            hint = "quote a text that begins with !"
            yield _fault_at(file, event.start_mark, f"tags are not taken: {tag.replace(_STANDARD_TAG, '!!')}", hint)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise DocumentInvalid(_fault_at(file, event.start_mark, f"nested more than {DEEPEST} deep"))


def _syntax_fault(file: str, text: str, error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    problem = error.problem or "this is no YAML"
    lines = text.splitlines()
    source = lines[line] if line < len(lines) else ""
    context = f", {error.context}" if error.context else ""
    message = f"this is no YAML: {problem}{context}"
    return Fault(file, line + 1, column + 1, message, _syntax_hint(problem, source))


def _syntax_hint(problem: str, source: str) -> str | None:
    if "another document" in problem:
        return "one file holds one document: take out the `---`"
    if "tab" in problem or "\t" in source[: len(source) - len(source.lstrip())]:
        return "indent with spaces: YAML takes no tabs"
    if "${" in source:
        return 'put quotes around a text with ${…} where it stands inside { } or [ ], or holds ": " — "${…}"'
    if "mapping values are not allowed" in problem:
        return 'quote a text that holds ": "'
    if "undefined alias" in problem:
        return "an alias (*name) has no use here; quote a text that begins with *"
    if "cannot start any token" in problem:
        return "quote a text that begins with @, ` or %"
    return None


def _character_fault(file: str, text: str, error: yaml.reader.ReaderError) -> Fault:
    place = error.position if isinstance(error.position, int) else 0
    bad = next((at for at, sign in enumerate(text) if sign < " " and sign not in "\t\n\r"), place)
    line, column = _position(text, bad)
    number = ord(text[bad]) if bad < len(text) else 0
    return Fault(file, line, column, f"the character U+{number:04X} may not stand in YAML")


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _child(node: Node | None, part: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    if isinstance(node, MappingNode):
        return next((pair for pair in node.value if pair[0].value == part), None)
    return None


class _Builder:
    """Makes values of nodes; what is refused becomes a fault and is left out."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def value(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return node.value if node.style else plain_scalar(node.value)
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return [self.value(item) for item in node.value]

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            if key in values:
                line = next(first.start_mark.line + 1 for first, _ in node.value if first.value == key)
                self._fault(key_node, f"{key!r} stands here twice, first on line {line}", "take one of them out")
                continue
            values[key] = self.value(value_node)
        return values

    def _key(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode):
            self._fault(node, "a key must be a text", 'quote a text that begins with { or [, such as "${…}"')
            return None
        if not node.style and node.value == "<<":
            self._fault(node, "merge keys (<<) are not taken", "write out what is meant")
            return None
        key = node.value if node.style else plain_scalar(node.value)
        if not isinstance(key, str):
            written = node.value or "empty"
            self._fault(node, f"a key must be a text, this one is {written}", f'quote it: "{node.value}"')
            return None
        return key

    def _fault(self, node: Node, message: str, hint: str) -> None:
        self._document.faults.append(_fault_at(self._document.file, node.start_mark, message, hint))


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar by the core schema of YAML 1.2.

    >>> [plain_scalar(text) for text in ("on", "16:00", "0777", "0x1F", "1.10", "~", "true")]
    ['on', '16:00', 777, 31, 1.1, None, True]
    """
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return _number(text) if text[0] in _NUMBER_START else text


def _number(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        return value if isfinite(value) else text
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    for prefix, base in (("0x", 16), ("0o", 8)):
        if text.startswith(prefix):
            try:
                return int(text[2:], base)
            except ValueError:
                return text
    return text


def _fault_at(file: str, mark: Any, message: str, hint: str | None = None) -> Fault:
    return Fault(file, mark.line + 1, mark.column + 1, message, hint)
