"""What stands inside a line: marks, links, code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.messaging.markup.style import Style

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markdown_it.token import Token

_MARKS = {"strong", "em", "s"}
_PLAIN = Style()


def plain(tokens: Iterable[Token]) -> str:
    """The text of a line without any format, links included."""
    return inline(tokens, _PLAIN)


def inline(tokens: Iterable[Token], style: Style, *, strong: bool = False) -> str:
    """A line in the style's format. `strong`: it stands in what is strong already."""
    line = _Line(style, strong=strong)
    for token in tokens:
        line.take(token)
    return "".join(line.shown)


class _Line:
    def __init__(self, style: Style, *, strong: bool) -> None:
        self._style = style
        self._depth = {"strong": int(strong), "em": 0, "s": 0}
        self.shown: list[str] = []
        self._link: tuple[str, int] | None = None  # where it leads, and where in `shown` its label begins
        self._label: list[str] = []

    def take(self, token: Token) -> None:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in _MARKS:
            self._mark(name, opening=token.nesting > 0)
        elif token.type == "link_open":
            self._link, self._label = (str(token.attrGet("href") or ""), len(self.shown)), []
        elif token.type == "link_close":
            self._close_link()
        elif token.type == "image":
            self._image(token)
        elif token.type in ("softbreak", "hardbreak"):
            self._say("\n", "\n")
        elif token.type == "code_inline":
            self._say(self._style.code(token.content), token.content)
        else:
            self._say(self._style.text(token.content), token.content)

    def _say(self, shown: str, plainly: str) -> None:
        self.shown.append(shown)
        self._label.append(plainly)

    def _mark(self, name: str, *, opening: bool) -> None:
        depth = self._depth[name] = self._depth[name] + (1 if opening else -1)
        if depth == (1 if opening else 0):
            self.shown.append(self._style.mark(name, opening=opening))

    def _close_link(self) -> None:
        if self._link is None:
            return
        (url, start), self._link = self._link, None
        label = "".join(self.shown[start:])
        self.shown[start:] = [self._style.link(label, "".join(self._label), url)]

    def _image(self, token: Token) -> None:
        words = plain(token.children or [])
        if self._link is not None:  # a link cannot hold another
            self._say(self._style.text(words), words)
            return
        url = str(token.attrGet("src") or "")
        self.shown.append(self._style.link(self._style.text(words or url), words, url))
