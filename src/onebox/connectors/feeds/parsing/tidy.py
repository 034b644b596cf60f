"""HTML of strangers, made a plain text, and a markup of which only what chat channels show is left.

In one pass, in linear time: what the parser holds back for more to come is not asked for again.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urljoin, urlsplit

from onebox.connectors.feeds.parsing.decoding import without_forbidden
from onebox.connectors.feeds.parsing.lenient import LenientParser

LONGEST_HTML = 200_000
LONGEST_LINK = 2000
_SAME = {
    "b": "b", "strong": "b", "h1": "b", "h2": "b", "h3": "b", "h4": "b", "h5": "b", "h6": "b",
    "i": "i", "em": "i", "cite": "i", "u": "u", "ins": "u", "s": "s", "del": "s", "strike": "s",
    "code": "code", "kbd": "code", "samp": "code", "tt": "code", "pre": "pre", "blockquote": "blockquote", "a": "a",
}  # fmt: skip
_LITERAL = frozenset({"code", "pre"})
_HIDDEN = frozenset({"script", "style", "title", "template", "iframe", "svg", "math", "noembed", "select", "textarea"})
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol dl blockquote pre table hr figure".split())
_LINES = frozenset(
    "div li dt dd tr section article header footer main aside nav figcaption form fieldset address caption".split()
)
_NONE, _SPACE, _LINE, _PARAGRAPH = range(4)
_GAPS = ("", " ", "\n", "\n\n")
_UNWISE = str.maketrans({" ": "%20", '"': "%22", "<": "%3C", ">": "%3E", "\\": "%5C", "`": "%60"})
"""what no address holds as it is"""
_BLANK = re.compile(r"[ \t\r\n\f]")


@dataclass(frozen=True, slots=True)
class Tidied:
    """`markup` has no tags but b, i, u, s, a, code, pre and blockquote, and is balanced. `image` is the first one."""

    text: str
    markup: str
    image: str | None = None


def tidied(source: str, *, base: str, most: int) -> Tidied:
    """HTML made tidy; text and markup have up to `most` characters, and the markup the end tags beyond."""
    tidy = _Tidy(base, most)
    try:
        tidy.feed(source[:LONGEST_HTML])
        tidy.end()
    except _Full:
        pass
    return tidy.result()


def plain(text: str, *, most: int) -> Tidied:
    """A text that is no HTML."""
    text = text.strip()
    markup = _Written(most)
    markup.add_escaped(text)
    return Tidied(shortened(text, most), "".join(markup.pieces))


def shortened(text: str, most: int) -> str:
    """Up to `most` characters; what is cut off shows as …

    >>> shortened("abcdef", 4), shortened("abc", 4)
    ('abc…', 'abc')
    """
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"


def web_address(link: str | None, base: str) -> str | None:
    """An absolute http or https URL; None for any other."""
    try:
        given = without_forbidden((link or "").strip())
        absolute = urljoin(base, given).translate(_UNWISE)
        if (urlsplit(given).scheme or given.startswith("//")) and not urlsplit(given).netloc:
            return None
        parts = urlsplit(absolute)
        host, _ = parts.hostname, parts.port  # a port that is none raises
    except ValueError:
        return None
    fine = parts.scheme in {"http", "https"} and host and len(absolute) <= LONGEST_LINK
    return absolute if fine and not any(map(str.isspace, absolute)) else None


class _Full(Exception):
    """Neither text nor markup takes any more."""


class _Written:
    """Pieces up to a length."""

    def __init__(self, most: int) -> None:
        self.pieces: list[str] = []
        self.left = most - 1  # for the … of what is cut
        self.full = False

    def add(self, piece: str) -> None:
        """Adds a piece, or as much of it as fits."""
        if not self.full:
            self._add(piece if len(piece) <= self.left else None, piece[: self.left])

    def add_escaped(self, text: str) -> None:
        """Adds a text with its `<`, `>` and `&` escaped, or as much of it as fits."""
        if self.full:
            return
        piece, shown = escape(text, quote=False), text[: self.left]
        if len(piece) <= self.left:
            self._add(piece, "")
            return
        while len(piece := escape(shown, quote=False)) > self.left:
            shown = shown[: len(shown) * self.left // len(piece)]
        self._add(None, piece)

    def _add(self, whole: str | None, part: str) -> None:
        self.full = whole is None
        piece = f"{part}…" if whole is None else whole
        self.left -= len(piece)
        self.pieces.append(piece)


class _Tidy(LenientParser):
    def __init__(self, base: str, most: int) -> None:
        super().__init__()
        self._base = base
        self._text = _Written(most)
        self._markup = _Written(most)
        self._image: str | None = None
        self._gap = _NONE
        self._bullet = False
        self._hidden: str | None = None
        self._hidden_depth = 0
        self._open: list[str] = []
        self._waiting: list[tuple[str, str]] = []
        self._passed_over: Counter[str] = Counter()
        """start tags that were not written, so that their end tags are not either"""

    def end(self) -> None:
        """What was held back is text, or a tag that never ends."""
        if not self.rawdata.startswith("<"):
            self.handle_data(unescape(self.rawdata))

    def result(self) -> Tidied:
        closing = "".join(f"</{tag}>" for tag in reversed(self._open))
        return Tidied("".join(self._text.pieces).strip(), "".join(self._markup.pieces).strip() + closing, self._image)

    # --- what the parser finds ---

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._hidden is not None:
            self._hidden_depth += tag == self._hidden
            return
        if tag in _HIDDEN:
            self._hidden, self._hidden_depth = tag, 1
            return
        self._break(tag)
        if tag == "img":
            self._image = self._image or web_address(dict(attrs).get("src"), self._base)
        elif tag in _SAME:
            self._start(_SAME[tag], dict(attrs).get("href"))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden is not None:
            self._hidden_depth -= tag == self._hidden
            self._hidden = self._hidden if self._hidden_depth else None
            return
        if tag in _SAME:
            self._end(_SAME[tag])
        if tag == "li":
            self._bullet, self._gap = False, max(self._gap, _LINE)
        else:
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden is not None or not data:
            return
        if "pre" in self._open or any(tag == "pre" for tag, _ in self._waiting):
            self._put(data)
            return
        words = " ".join(data.split())
        if words == "" or _BLANK.match(data):
            self._gap = max(self._gap, _SPACE)
        if words:
            self._put(words)
            self._gap = _SPACE if _BLANK.match(data[-1]) else _NONE

    # --- what is written ---

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._gap = _PARAGRAPH if self._gap >= _LINE else _LINE
        elif tag in _PARAGRAPHS:
            self._gap = max(self._gap, _LINE if self._bullet else _PARAGRAPH)
        elif tag in _LINES:
            self._gap = max(self._gap, _LINE)
            self._bullet = self._bullet or tag == "li"
        elif tag in {"td", "th"}:
            self._gap = max(self._gap, _SPACE)

    def _start(self, tag: str, href: str | None) -> None:
        """Is written when there is something between it and its end."""
        inside = {*self._open, *(waiting for waiting, _ in self._waiting)}
        link = web_address(href, self._base) if tag == "a" else None
        if tag in inside or (inside & _LITERAL and tag != "code") or (tag == "a" and link is None):
            self._passed_over[tag] += 1
            return
        self._waiting.append((tag, f"<{tag}>" if link is None else f'<a href="{escape(link)}">'))

    def _end(self, tag: str) -> None:
        if self._passed_over[tag]:
            self._passed_over[tag] -= 1
            return
        waiting = [name for name, _ in self._waiting]
        if tag in waiting:
            del self._waiting[waiting.index(tag) :]
        elif tag in self._open and not self._markup.full:
            self._waiting.clear()
            while tag in self._open:  # each is open once
                self._markup.pieces.append(f"</{self._open.pop()}>")

    def _put(self, text: str) -> None:
        gap = _GAPS[self._gap] if self._text.pieces else ""
        gap, self._gap, self._bullet = f"{gap}• " if self._bullet else gap, _NONE, False
        self._text.add(gap + text)
        self._markup.add(gap)
        for tag, opening in self._waiting:
            if not self._markup.full and len(opening) <= self._markup.left:
                self._markup.add(opening)
                self._open.append(tag)
            else:
                self._passed_over[tag] += 1
        self._waiting.clear()
        self._markup.add_escaped(text)
        if self._text.full and self._markup.full:
            raise _Full
