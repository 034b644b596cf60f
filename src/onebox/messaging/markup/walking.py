"""Walks over the tokens of a Markdown text and puts together what a style makes of them.

The tokens are a flat list, and so is the walk: what a stranger nests deeply costs memory, never the stack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.messaging.markup.inline import inline, plain
from onebox.messaging.markup.parsing import parse
from onebox.messaging.markup.table import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from markdown_it.token import Token

    from onebox.messaging.markup.style import Style

_LISTS = {"bullet_list", "ordered_list"}


def write(markdown: str, style: Style) -> str:
    """The text in the style's format, without blank lines around it."""
    walk = _Walk(style)
    for token in parse(markdown):
        walk.step(token)
    return walk.text().strip("\n")


@dataclass(slots=True)
class _Frame:
    """A thing with blocks in it that is still open: the text itself, a quote, a list, an item of one."""

    kind: str
    blocks: list[str] = field(default_factory=list)
    marker: str = ""
    tight: bool = False

    def joined(self) -> str:
        return ("\n" if self.tight else "\n\n").join(block for block in self.blocks if block)


class _Walk:
    def __init__(self, style: Style) -> None:
        self._style = style
        self._frames = [_Frame("text")]
        self._heading = False
        self._rows: list[list[str]] | None = None
        self._right: list[bool] = []
        self._takes: dict[str, Callable[[Token], None]] = {
            "inline": self._inline,
            "fence": self._block,
            "code_block": self._block,
            "hr": lambda _token: self._add(self._style.rule),
            "heading_open": self._open_heading,
            "heading_close": self._close_heading,
            "paragraph_open": self._open_paragraph,
            "blockquote_open": self._open,
            "bullet_list_open": self._open,
            "ordered_list_open": self._open,
            "list_item_open": self._open_item,
            "blockquote_close": self._close_quote,
            "bullet_list_close": self._close_list,
            "ordered_list_close": self._close_list,
            "list_item_close": self._close_item,
            "table_open": self._open_table,
            "tr_open": lambda _token: self._open_row(),
            "th_open": self._open_column,
            "table_close": lambda _token: self._close_table(),
        }

    def step(self, token: Token) -> None:
        take = self._takes.get(token.type)
        if take is not None:
            take(token)

    def text(self) -> str:
        return self._frames[0].joined()

    def _add(self, block: str) -> None:
        self._frames[-1].blocks.append(block)

    # --- lines

    def _inline(self, token: Token) -> None:
        children = token.children or []
        if self._rows is not None:
            self._rows[-1].append(plain(children).replace("\n", " "))
        else:
            self._add(inline(children, self._style, strong=self._heading))

    def _open_heading(self, _token: Token) -> None:
        self._heading = True

    def _close_heading(self, _token: Token) -> None:
        self._heading = False
        frame = self._frames[-1]
        frame.blocks[-1] = self._style.heading(frame.blocks[-1])

    def _open_paragraph(self, token: Token) -> None:
        self._frames[-1].tight = token.hidden  # markdown-it hides the paragraphs of a list without blank lines

    def _block(self, token: Token) -> None:
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        self._add(self._style.block(token.content.removesuffix("\n"), language))

    # --- what holds blocks

    def _open(self, token: Token) -> None:
        self._frames.append(_Frame(token.type.removesuffix("_open")))

    def _open_item(self, token: Token) -> None:
        numbered = self._frames[-1].kind == "ordered_list"
        self._frames.append(_Frame("item", marker=f"{token.info}. " if numbered else self._style.bullet))

    def _close_quote(self, _token: Token) -> None:
        quote = self._frames.pop()
        outermost = all(frame.kind != "blockquote" for frame in self._frames)
        self._add(self._style.quote(quote.joined(), outermost=outermost))

    def _close_list(self, _token: Token) -> None:
        self._add(self._frames.pop().joined())

    def _close_item(self, _token: Token) -> None:
        item = self._frames.pop()
        self._frames[-1].tight = item.tight or not item.blocks
        self._add(_hanging(item.marker, item.joined()))

    # --- tables

    def _open_table(self, _token: Token) -> None:
        self._rows, self._right = [], []

    def _open_row(self) -> None:
        if self._rows is not None:
            self._rows.append([])

    def _open_column(self, token: Token) -> None:
        self._right.append(token.attrGet("style") == "text-align:right")

    def _close_table(self) -> None:
        self._add(self._style.table(columns(self._rows or [], self._right)))
        self._rows = None


def _hanging(marker: str, text: str) -> str:
    """The first line after its marker, the others below it."""
    first, *others = text.split("\n")
    indent = " " * len(marker)
    return "\n".join([f"{marker}{first}".rstrip(), *_indented(indent, others)])


def _indented(indent: str, lines: Iterable[str]) -> list[str]:
    return [f"{indent}{line}" if line else "" for line in lines]
