"""Choices that a message offers. How they are shown (buttons, a list, numbers) is the channel's affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.messaging.content import invalid, one_line

LONGEST_ID = 64
"""bytes of UTF-8 that every channel can give back"""
_KEYS = ("id", "title", "description", "url")
_MOST = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them. `id` is what comes back as `event.choice`; one with a `url` opens that, and nothing comes back."""

    id: str
    title: str
    description: str | None = None
    url: str | None = None


def choices_of(content: Mapping[str, Any]) -> tuple[Choice, ...]:
    """What stands under `choices`: texts, or mappings with a title. Raises DeliveryFailed.

    >>> choices_of({"choices": ["Yes", {"id": "n", "title": "No"}]})[1].id
    'n'
    """
    given = content.get("choices")
    if given is None:
        return ()
    if not isinstance(given, Sequence) or isinstance(given, str) or not 0 < len(given) <= _MOST:
        raise invalid(f"choices must be a list of 1 to {_MOST}, got {given!r:.80}", "such as [Yes, No]")
    found = tuple(_choice(one, f"choices[{number}]") for number, one in enumerate(given))
    twice = {choice.id for choice in found if sum(other.id == choice.id for other in found) > 1}
    if twice:
        raise invalid(f"choices: the id {min(twice)!r} is there twice", "give each an id of its own")
    return found


def _choice(given: Any, where: str) -> Choice:
    if isinstance(given, (str, int)) and not isinstance(given, bool):
        given = {"title": str(given)}
    if not isinstance(given, Mapping):
        raise invalid(f"{where} must be a text or a mapping with a title, got {given!r:.80}")
    for key in given:
        if key not in _KEYS:
            raise invalid(f"{where}: there is no {key!r}", f"a choice has {', '.join(_KEYS)}")
    title = _text(given, "title", where)
    if not title:
        raise invalid(f"{where}: title is missing", "it is what the person reads")
    url = _text(given, "url", where)
    if url and not url.startswith(("https://", "http://", "tg://")):
        raise invalid(f"{where}: url must begin with https://, got {url!r:.80}")
    made = Choice(_text(given, "id", where) or title, title, _text(given, "description", where), url)
    if len(made.id.encode()) > LONGEST_ID:
        raise invalid(f"{where}: the id {made.id!r:.80} is longer than {LONGEST_ID} bytes", "give it a short id")
    return made


def _text(given: Mapping[str, Any], key: str, where: str) -> str | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise invalid(f"{where}: {key} must be a text, got {value!r:.80}")
    return one_line(str(value), f"{where}: {key}") or None


def numbered(text: str, choices: Sequence[Choice]) -> str:
    r"""The text, with the choices as a numbered list after it, for where there are no buttons.

    >>> numbered("When?", [Choice("a", "Today"), Choice("b", "Tomorrow")])
    'When?\n\n1. Today\n2. Tomorrow'
    """
    lines = [_line(number, choice) for number, choice in enumerate(choices, start=1)]
    return "\n\n".join(part for part in (text, "\n".join(lines)) if part)


def _line(number: int, choice: Choice) -> str:
    more = " ".join(part for part in (choice.description and f"({choice.description})", choice.url) if part)
    return f"{number}. {choice.title} {more}".rstrip()


def chosen(text: str, offered: Sequence[tuple[str, str]]) -> str | None:
    """The id of what a person who typed meant, by its number or its title; None where that is not clear.

    `offered` are ids and titles, in the order in which they were shown.

    >>> chosen("2.", [("a", "Today"), ("b", "Tomorrow")])
    'b'
    >>> chosen("today", [("a", "Today"), ("b", "Tomorrow")])
    'a'
    """
    said = text.strip().rstrip(".)").casefold()
    by_title = [known for known, title in offered if title.casefold() == said]
    if len(by_title) == 1:
        return by_title[0]
    if said.isascii() and said.isdigit() and len(said) < 4 and 0 < int(said) <= len(offered):  # noqa: PLR2004
        return offered[int(said) - 1][0]
    return None
