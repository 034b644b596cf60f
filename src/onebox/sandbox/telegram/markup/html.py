"""`parse_mode: HTML`, as strictly as Telegram reads it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onebox.sandbox.telegram.markup.entities import is_address, units
from onebox.sandbox.telegram.refusals import Refused, bad

if TYPE_CHECKING:
    from onebox.sandbox.telegram.markup.entities import Entity

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "code": "code", "pre": "pre", "a": "text_link", "tg-emoji": "custom_emoji", "blockquote": "blockquote",
    "tg-time": "date_time",
}  # fmt: skip
_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot)(?![A-Za-z]));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPACE = " \t\r\n\v\0"
_SURROGATES = range(0xD800, 0xE000)


@dataclass
class _Tag:
    name: str
    attributes: dict[str, str]
    offset: int
    """in UTF-16 units of what is shown"""
    shown_at: int
    """in characters of what is shown"""


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """What is shown, and its entities. Raises Refused with Telegram's own words."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._shown: list[str] = []
        self._offset = 0
        self._open: list[_Tag] = []
        self._entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._text):
            if self._peek() == "<":
                self._end_tag() if self._peek(1) == "/" else self._start_tag()
            else:
                self._show(self._sign())
        if self._open:
            raise _fault(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return "".join(self._shown), self._entities

    def _show(self, sign: str) -> None:
        self._shown.append(sign)
        self._offset += units(sign)

    def _sign(self) -> str:
        """The next character, with `&amp;` and the like read."""
        match = _ENTITY.match(self._text, self._at)
        if match and (sign := _decoded(match)):
            self._at = match.end()
            return sign
        self._at += 1
        return self._text[self._at - 1]

    def _start_tag(self) -> None:
        begins = self._at
        self._at += 1
        name = self._until(_SPACE + ">").lower()
        if not self._peek():
            raise self._at_byte("Unclosed start tag", begins)
        if name not in _KINDS:
            raise self._at_byte(f'Unsupported start tag "{name}"', begins)
        attributes: dict[str, str] = {}
        while True:
            self._skip_space()
            if self._peek() == ">":
                break
            key, value = self._attribute(name, begins)
            attributes.setdefault(key, value)
        self._at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._at_byte('Tag "span" must have class "tg-spoiler"', begins)
        self._open.append(_Tag(name, attributes, self._offset, len(self._shown)))

    def _attribute(self, tag: str, begins: int) -> tuple[str, str]:
        if not self._peek():
            raise self._at_byte("Unclosed start tag", begins)
        key = self._until(_SPACE + "=>").lower()
        if not key:
            raise self._at_byte(f'Empty attribute name in the tag "{tag}"', begins)
        self._skip_space()
        if self._peek() != "=":
            if tag == "blockquote" and key == "expandable":
                return key, key
            raise self._at_byte(f'Expected equal sign in declaration of an attribute of the tag "{tag}"', begins)
        self._at += 1
        self._skip_space()
        value = self._quoted() if self._peek() in {'"', "'"} else self._token(tag, begins)
        if not self._peek():
            raise self._at_byte("Unclosed start tag", begins)
        return key, value

    def _quoted(self) -> str:
        quote, value = self._peek(), []
        self._at += 1
        while self._peek() and self._peek() != quote:
            value.append(self._sign())
        self._at += 1
        return "".join(value)

    def _token(self, tag: str, begins: int) -> str:
        if not self._peek():
            raise self._at_byte(f'Unclosed start tag "{tag}"', begins)
        token = re.compile(r"[A-Za-z0-9.-]*").match(self._text, self._at)
        assert token is not None
        starts, self._at = self._at, token.end()
        if self._peek() and self._peek() not in _SPACE + ">":
            raise self._at_byte("Unexpected end of name token", starts)
        return token.group().lower()

    def _end_tag(self) -> None:
        begins = self._at
        if not self._open:
            raise self._at_byte("Unexpected end tag", begins)
        self._at += 2
        name = self._until(_SPACE + ">").lower()
        self._skip_space()
        if self._peek() != ">":
            raise self._at_byte("Unclosed end tag", begins)
        self._at += 1
        tag = self._open.pop()
        if name and name != tag.name:
            place = f"Unmatched end tag at byte offset {self._byte(begins)}"
            raise _fault(f'{place}, expected "</{tag.name}>", found "</{name}>"')
        if self._offset > tag.offset and (entity := self._entity(tag)):
            self._entities.append(entity)

    def _entity(self, tag: _Tag) -> Entity | None:
        entity: Entity = {"type": _KINDS[tag.name], "offset": tag.offset, "length": self._offset - tag.offset}
        if tag.name == "a":
            href = tag.attributes.get("href") or "".join(self._shown[tag.shown_at :])
            mention = re.fullmatch(r"tg://user\?id=(\d+)", href)
            if mention:
                return {**entity, "type": "text_mention", "user": {"id": int(mention[1])}}
            return {**entity, "url": href} if is_address(href) else None
        if tag.name == "tg-emoji":
            return {**entity, "custom_emoji_id": tag.attributes.get("emoji-id", "")}
        if tag.name == "blockquote" and "expandable" in tag.attributes:
            return {**entity, "type": "expandable_blockquote"}
        language = tag.attributes.get("class", "")
        if tag.name == "code" and self._open and self._open[-1].name == "pre" and language.startswith("language-"):
            self._open[-1].attributes["language"] = language.removeprefix("language-")
            return None
        if tag.name == "pre" and (language := tag.attributes.get("language", "")):
            return {**entity, "language": language}
        return entity

    # --- reading

    def _peek(self, ahead: int = 0) -> str:
        return self._text[self._at + ahead : self._at + ahead + 1]

    def _until(self, ends: str) -> str:
        starts = self._at
        while self._at < len(self._text) and self._text[self._at] not in ends:
            self._at += 1
        return self._text[starts : self._at]

    def _skip_space(self) -> None:
        while self._peek() and self._peek() in _SPACE:
            self._at += 1

    def _byte(self, position: int) -> int:
        return len(self._text[:position].encode())

    def _at_byte(self, what: str, position: int) -> Refused:
        return _fault(f"{what} at byte offset {self._byte(position)}")


def _decoded(match: re.Match[str]) -> str | None:
    if match[3]:
        return _NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 0 < code < sys.maxunicode and code not in _SURROGATES else None


def _fault(what: str) -> Refused:
    return bad(f"can't parse entities: {what}")
