"""Reads Markdown: CommonMark, with tables and ~~struck~~ text, without raw HTML."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_DEEPEST = 40
"""quotes and lists in each other: a limit for what a stranger may have written"""


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """The one parser. It is loaded when first used: it costs some milliseconds."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _DEEPEST})
    made.enable(["table", "strikethrough"])
    made.validateLink = leads_outside  # type: ignore[method-assign]  # this is how markdown-it is told
    return made


def parse(markdown: str) -> Sequence[Token]:
    """The tokens, in order; what is opened is closed."""
    return parser().parse(markdown)


def leads_outside(url: str) -> bool:
    """Whether a link of a message may lead there.

    >>> leads_outside("https://example.org"), leads_outside("javascript:alert(1)")
    (True, False)
    """
    return url.strip().lower().startswith(_SCHEMES)
