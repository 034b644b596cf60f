"""Texts as Fluent parses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluent.syntax.ast import Junk, Message

FIRST_LANGUAGE = "en"
"""the catalogue that says which keys, variables and functions there are"""


def entries_of(source: str) -> list[Any]:
    """The messages, terms and junk of a catalogue, in order."""
    from fluent.syntax import FluentParser
    from fluent.syntax.ast import Junk, Message, Term

    return [entry for entry in FluentParser().parse(source).body if isinstance(entry, (Message, Term, Junk))]


def entry_of(key: str, text: str) -> Message | None:
    """The message that a salon's own text is; None if it is none."""
    found = parsed(key, text)
    return found if getattr(found, "value", None) is not None else None  # type: ignore[return-value]


def parsed(key: str, text: str) -> Message | Junk | None:
    """The same, or what could not be read of it; None if there is nothing."""
    indented = "\n    ".join(text.strip().splitlines())
    found = entries_of(f"{key} =\n    {indented}\n" if "\n" in indented else f"{key} = {indented}\n")
    return found[0] if len(found) == 1 else None
