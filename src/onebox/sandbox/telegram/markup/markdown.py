"""`parse_mode: MarkdownV2`, as strictly as Telegram reads it, and the older `Markdown`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onebox.sandbox.telegram.markup.entities import Entity, is_address, units
from onebox.sandbox.telegram.refusals import Refused, bad

_RESERVED = "_*[]()~`>#+-=|{}.!"
_SIMPLE = {"*": "Bold", "_": "Italic", "__": "Underline", "~": "Strikethrough", "||": "Spoiler"}
_KINDS = {
    "Bold": "bold", "Italic": "italic", "Underline": "underline", "Strikethrough": "strikethrough", "Spoiler": "spoiler",
    "Code": "code", "Pre": "pre", "PreCode": "pre", "TextUrl": "text_link", "CustomEmoji": "custom_emoji",
    "BlockQuote": "blockquote",
}  # fmt: skip
_ENDS = {
    **{name: mark for mark, name in _SIMPLE.items()},
    "Code": "`",
    "Pre": "```",
    "PreCode": "```",
    "TextUrl": "]",
    "CustomEmoji": "]",
}
_PLAIN_INSIDE = {"Code", "Pre", "PreCode"}
_LANGUAGE = re.compile(r"([^\s`]+)\s")
_ASCII = 126


@dataclass
class _Open:
    name: str
    offset: int
    byte: int
    shown_at: int
    language: str = ""


def parse_markdown_v2(text: str) -> tuple[str, list[Entity]]:
    """What is shown, and its entities. Raises Refused with Telegram's own words."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._shown: list[str] = []
        self._offset = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._text):
            self._step()
        if self._open and self._open[-1].name == "BlockQuote":
            self._end_quote()
        if self._open:
            unended = self._open[-1]
            raise _fault(f"Can't find end of {unended.name} entity at byte offset {unended.byte}")
        return "".join(self._shown), self._entities

    def _step(self) -> None:
        sign = self._text[self._at]
        inside = self._open[-1].name if self._open else ""
        if self._is_escaped():
            self._show(self._text[self._at + 1])
            self._at += 2
        elif inside and self._ends(inside):
            self._end(inside)
        elif inside in _PLAIN_INSIDE and sign != "`":
            self._show_next()
        elif sign == "\n" and inside == "BlockQuote":
            self._line_of_quote()
        elif sign not in _RESERVED:
            self._show_next()
        else:
            self._begin(sign)

    def _is_escaped(self) -> bool:
        following = self._text[self._at + 1 : self._at + 2]
        return self._text[self._at] == "\\" and bool(following) and 0 < ord(following) <= _ASCII

    def _show(self, sign: str) -> None:
        self._shown.append(sign)
        self._offset += units(sign)

    def _show_next(self) -> None:
        self._show(self._text[self._at])
        self._at += 1

    def _starts(self, mark: str) -> bool:
        return self._text.startswith(mark, self._at)

    def _ends(self, inside: str) -> bool:
        if inside == "BlockQuote":
            return self._starts("||") and self._text[self._at + 2 : self._at + 3] in {"", "\n"}
        if inside == "Italic":
            return self._starts("_") and not self._starts("__")
        return self._starts(_ENDS[inside])

    # --- beginnings

    def _begin(self, sign: str) -> None:
        if self._starts("```"):
            self._begin_pre()
            return
        if sign == ">" and self._is_at_line_start() and not self._open:
            self._push("BlockQuote", 1)
        elif sign == "`":
            self._push("Code", 1)
        elif sign == "[":
            self._push("TextUrl", 1)
        elif self._starts("!["):
            self._push("CustomEmoji", 2)
        else:
            mark = next((mark for mark in ("__", "||", "_", "*", "~") if self._starts(mark)), None)
            if self._starts("**>") and self._is_at_line_start() and not self._open:
                self._push("BlockQuote", 3)
            elif mark is None:
                raise _reserved(sign)
            else:
                self._push(_SIMPLE[mark], len(mark))

    def _push(self, name: str, width: int, language: str = "") -> None:
        self._open.append(_Open(name, self._offset, len(self._text[: self._at].encode()), len(self._shown), language))
        self._at += width

    def _begin_pre(self) -> None:
        language = _LANGUAGE.match(self._text, self._at + 3)
        if language:
            self._push("PreCode", 3 + len(language[1]), language[1])
        else:
            self._push("Pre", 3)
        if self._starts("\r\n"):
            self._at += 2
        elif self._text[self._at : self._at + 1] in {"\n", "\r"}:
            self._at += 1

    def _is_at_line_start(self) -> bool:
        return not self._shown or self._shown[-1] == "\n"

    # --- ends

    def _end(self, inside: str) -> None:
        if inside == "BlockQuote":
            self._at += 2
            self._end_quote(kind="expandable_blockquote")
            return
        self._at += len(_ENDS[inside])
        opened = self._open.pop()
        url = self._address(opened) if inside in {"TextUrl", "CustomEmoji"} else ""
        if self._offset == opened.offset:
            return
        entity: Entity = {"type": _KINDS[inside], "offset": opened.offset, "length": self._offset - opened.offset}
        if inside == "TextUrl":
            self._add_link(entity, url)
            return
        if inside == "CustomEmoji":
            entity["custom_emoji_id"] = url.partition("id=")[2]
        if opened.language:
            entity["language"] = opened.language
        self._entities.append(entity)

    def _add_link(self, entity: Entity, url: str) -> None:
        mention = re.fullmatch(r"tg://user\?id=(\d+)", url)
        if mention:
            self._entities.append({**entity, "type": "text_mention", "user": {"id": int(mention[1])}})
        elif is_address(url):
            self._entities.append({**entity, "url": url})

    def _address(self, opened: _Open) -> str:
        if self._text[self._at : self._at + 1] != "(":
            if opened.name == "CustomEmoji":
                raise _fault("Custom emoji entity must contain a tg://emoji URL")
            return "".join(self._shown[opened.shown_at :])
        self._at += 1
        begins, url = self._at, []
        while self._at < len(self._text) and self._text[self._at] != ")":
            self._at += 1 if self._is_escaped() else 0
            url.append(self._text[self._at])
            self._at += 1
        if self._at >= len(self._text):
            raise _fault(f"Can't find end of a URL at byte offset {len(self._text[:begins].encode())}")
        self._at += 1
        return "".join(url)

    def _line_of_quote(self) -> None:
        """A quote goes on where the next line begins with its sign, too."""
        if self._text[self._at + 1 : self._at + 2] == ">":
            self._show_next()
            self._at += 1
        else:
            self._end_quote()
            self._show_next()

    def _end_quote(self, kind: str = "blockquote") -> None:
        opened = self._open.pop()
        if self._offset > opened.offset:
            self._entities.append({"type": kind, "offset": opened.offset, "length": self._offset - opened.offset})


def parse_markdown(text: str) -> tuple[str, list[Entity]]:
    """The first `Markdown`: nothing is nested, nothing reserved. Raises Refused with Telegram's own words."""
    shown, offset, at = [], 0, 0
    entities: list[Entity] = []
    kinds = {"_": "italic", "*": "bold", "`": "code", "```": "pre", "[": "text_link"}
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in {"_", "*", "`", "["}:
            shown.append(text[at + 1])
            offset, at = offset + 1, at + 2
            continue
        mark = next((mark for mark in ("```", "_", "*", "`", "[") if text.startswith(mark, at)), None)
        if mark is None:
            shown.append(text[at])
            offset, at = offset + units(text[at]), at + 1
            continue
        ends = text.find("]" if mark == "[" else mark, at + len(mark))
        if ends < 0:
            raise _fault(f"Can't find end of the entity starting at byte offset {len(text[:at].encode())}")
        inner = text[at + len(mark) : ends]
        at = ends + len(mark)
        entity: Entity = {"type": kinds[mark], "offset": offset, "length": units(inner)}
        if mark == "[":
            address = re.compile(r"\(([^)]*)\)").match(text, at)
            at = address.end() if address else at
            entity["url"] = address[1] if address else ""
        if inner and (mark != "[" or is_address(entity["url"])):
            entities.append(entity)
        shown.append(inner)
        offset += units(inner)
    return "".join(shown), entities


def _reserved(sign: str) -> Refused:
    return _fault(f"Character '{sign}' is reserved and must be escaped with the preceding '\\'")


def _fault(what: str) -> Refused:
    return bad(f"can't parse entities: {what}")
