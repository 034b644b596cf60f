"""What `send` gives a channel, read with care: each fault is a failure of that message alone, for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onebox.kernel.nearest import did_you_mean, nearest
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.splitting import split

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_ALWAYS = ("to", "text", "markdown")


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a message, and whether it is Markdown."""

    text: str
    markdown: bool = False

    @property
    def key(self) -> str:
        """The argument of `send` that it was given by."""
        return "markdown" if self.markdown else "text"


def invalid(message: str, hint: str | None = None) -> DeliveryFailed:
    """The failure of a message that the channel can make nothing of."""
    return DeliveryFailed(f"send: {message}", permanent=True, kind="invalid", hint=hint)


def body_of(content: Mapping[str, Any], *, known: Collection[str] = (), may_be_blank: bool = False) -> Body:
    """The text or the Markdown. `known`: what else the channel takes. Raises DeliveryFailed, as `check_keys` does."""
    check_keys(content, known)
    given = [key for key in ("text", "markdown") if content.get(key) is not None]
    if len(given) != 1:
        what = "text and markdown exclude each other" if given else "text is missing"
        raise invalid(what, "give one of text, markdown and template")
    [key] = given
    text = content[key]
    if not isinstance(text, str):
        raise invalid(f"{key} must be a text, got {text!r:.80}")
    if not may_be_blank and not text.strip():
        raise invalid(f"{key} is empty", "a message needs at least one character that can be seen")
    return Body(text, markdown=key == "markdown")


def in_parts(
    content: Mapping[str, Any], *, limit: int, length: Callable[[Body], int], known: Collection[str] = ()
) -> list[Mapping[str, Any]]:
    """The content, as often as its text must be split to be at most `limit` long as `length` measures it.

    Raises DeliveryFailed, as `body_of` does.
    """
    body = body_of(content, known=known)
    pieces = split(body.text, limit, lambda text: length(Body(text, body.markdown)), markdown=body.markdown)
    return [{**content, body.key: piece} for piece in pieces]


def text_at(content: Mapping[str, Any], key: str) -> str | None:
    """A text of one line, without white space around it; None where there is none. Raises DeliveryFailed."""
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(f"{key} must be a text, got {value!r:.80}")
    return one_line(value, key)


def one_line(value: str, what: str) -> str:
    """The text without white space around it. Raises DeliveryFailed where it holds a line break, which could begin a
    header of a stranger's making."""
    stripped = value.strip()
    if len(stripped.splitlines()) > 1 or "\0" in stripped:
        raise invalid(f"{what} holds a line break: {stripped!r:.80}", f"{what} is one line")
    return stripped


def check_keys(content: Mapping[str, Any], known: Collection[str]) -> None:
    """`known`: what the channel takes beside text and Markdown.

    A key that the channel does not take is left alone, since a step may speak to several channels; but not if it looks
    like a slip of the pen. Raises DeliveryFailed.
    """
    taken = {*_ALWAYS, *known}
    for key in content:
        if key not in taken and nearest(key, taken - content.keys()) is not None:
            raise invalid(f"there is no {key!r}{did_you_mean(key, taken - content.keys())}")
