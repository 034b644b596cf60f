"""The words of a message, as `send` gives them and as Telegram takes them: plain, or HTML that is safe."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.messaging.content import invalid
from onebox.messaging.markup.formats import to_plain_text, to_simple_html

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 4096
LONGEST_CAPTION = 1024
FORMS = ("text", "markdown", "markup")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Words:
    """`sent` is what Telegram gets, HTML or not; `shown` is what a person reads of it, without any format."""

    form: str
    given: str
    sent: str
    shown: str

    def arguments(self, key: str, *, plain: bool = False) -> dict[str, Any]:
        """Those of a method that takes them as `key`."""
        if plain:
            return {key: self.shown}
        return {key: self.sent} if self.form == "text" else {key: self.sent, "parse_mode": "HTML"}


def words_of(content: Mapping[str, Any]) -> Words | None:
    """The one that is given of text, markdown and markup. Raises DeliveryFailed."""
    given = [form for form in FORMS if content.get(form) is not None]
    if len(given) > 1:
        raise invalid(f"{' and '.join(given)} exclude each other", "give one of text, markdown, markup and template")
    if not given:
        return None
    [form] = given
    text = content[form]
    if not isinstance(text, str):
        raise invalid(f"{form} must be a text, got {text!r:.80}")
    words = _words(form, text)
    if not words.shown.strip():
        raise invalid(f"{form} is empty", "a message needs at least one character that can be seen")
    if form == "markup" and units(words.shown) > LONGEST:
        what = f"markup shows {units(words.shown)} characters, and Telegram takes {LONGEST}"
        raise invalid(what, "text and markdown are split, markup is not")
    return words


def _words(form: str, text: str) -> Words:
    if form == "markdown":
        return Words(form, text, to_simple_html(text), to_plain_text(text))
    return Words(form, text, text, text if form == "text" else html.unescape(_TAG.sub("", text)))


def units(text: str) -> int:
    """The length as Telegram counts it.

    >>> units("a🙂")
    3
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def markdown_units(markdown: str) -> int:
    """The length of what is shown. Links are not counted by Telegram, and are here: a little less is sent than could
    be."""
    return units(to_plain_text(markdown))
