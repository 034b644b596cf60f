"""What `send` may give for Telegram, checked, and made into the messages that it goes out as.

A message of Telegram holds one thing: words, one file or an album, a place, an invoice. Words of up to 1,024 characters
stand under the first file; else they are messages of their own, of up to 4,096. What is pressed hangs on the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onebox.channels.telegram.actions import action_of
from onebox.channels.telegram.invoices import invoice_of
from onebox.channels.telegram.keyboards import keyboard_of
from onebox.channels.telegram.reading import number
from onebox.channels.telegram.texts import FORMS, LONGEST, LONGEST_CAPTION, markdown_units, units, words_of
from onebox.messaging.content import check_keys, invalid, text_at
from onebox.messaging.media import media_of
from onebox.messaging.splitting import split

if TYPE_CHECKING:
    from onebox.channels.telegram.texts import Words
    from onebox.messaging.media import Media

NEEDS = (*FORMS, "media", "location", "invoice", "edit", "action")
"""of these, a `send` must have one"""
_FIRST = ("reply_to", "edit")
_LAST = ("choices", "choices_title", "request")
_HELD = (*FORMS, "media", "location", "invoice")
_KEYS = (*_HELD, *_FIRST, *_LAST, "silent", "link_preview")
_ALBUMS = {"photo": "seen", "video": "seen", "document": "document", "audio": "audio"}
"""what stands together in an album; a voice stands alone"""


def parts(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The contents of the messages that a content goes out as. Raises DeliveryFailed."""
    if content.get("action") is not None:
        action_of(content)
        return [content]
    check(content)
    held = _held(content)
    if len(held) == 1:
        return [content]
    kept = {key: value for key, value in content.items() if key not in (*_HELD, *_FIRST, *_LAST)}
    pieces = [{**kept, **one} for one in held]
    pieces[0].update({key: content[key] for key in _FIRST if key in content})
    pieces[-1].update({key: content[key] for key in _LAST if key in content})
    return pieces


def check(content: Mapping[str, Any]) -> None:
    """Raises DeliveryFailed for what Telegram could make nothing of."""
    check_keys(content, _KEYS)
    if isinstance(content.get("to"), list):
        raise invalid("to is a list, and Telegram takes one chat at a time", "send to several with each")
    for key in ("silent", "link_preview"):
        if not isinstance(content.get(key, None), bool | None):
            raise invalid(f"{key} must be true or false, got {content[key]!r:.80}")
    message_number(content)
    edited_message(content)
    keyboard_of(content)
    location_of(content)
    if content.get("invoice") is not None:
        invoice_of(content["invoice"])
    if not any(content.get(key) is not None for key in (*_HELD, "edit")):
        raise invalid("text is missing", "give one of text, markdown, markup and template, or media, location, invoice")


def _held(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each message holds."""
    words, albums = words_of(content), _albums(content)
    more = [{key: content[key]} for key in ("location", "invoice") if content.get(key) is not None]
    if words and albums and _is_caption(words) and not (_choosing(content) and not more and len(albums[-1]) > 1):
        texts: list[dict[str, Any]] = []
        captions = [{words.form: words.given}]
    else:
        texts = _pieces(words) if words else []
        captions = [{}]
    files = [{"media": album, **caption} for album, caption in _padded(albums, captions)]
    found = [*files, *texts, *more]
    if _choosing(content) and found:
        _check_last(content, found)
    return found or [{}]


def _padded(albums: Sequence[Any], captions: list[dict[str, str]]) -> list[tuple[Any, dict[str, str]]]:
    return list(zip(albums, [*captions, *({} for _ in albums)], strict=False))


def _check_last(content: Mapping[str, Any], found: list[dict[str, Any]]) -> None:
    """Adds a line of words where the buttons would have nothing to hang on."""
    last = found[-1]
    if "invoice" in last:
        raise invalid("an invoice has a button of its own, and no choices", "send them one after another")
    if len(last.get("media", ())) > 1:
        title = text_at(content, "choices_title")
        if not title:
            raise invalid("choices cannot hang on several files", "give a text, or choices_title")
        found.append({"text": title})


def _choosing(content: Mapping[str, Any]) -> bool:
    return content.get("choices") is not None or content.get("request") is not None


def _is_caption(words: Words) -> bool:
    return units(words.shown) <= LONGEST_CAPTION


def _pieces(words: Words) -> list[dict[str, Any]]:
    if words.form == "markup" or units(words.shown) <= LONGEST:
        return [{words.form: words.given}]
    markdown = words.form == "markdown"
    pieces = split(words.given, LONGEST, markdown_units if markdown else units, markdown=markdown)
    return [{words.form: piece} for piece in pieces]


def _albums(content: Mapping[str, Any]) -> list[list[Any]]:
    """The media as they were given, in the runs that Telegram shows together."""
    media = media_of(content)
    given = content.get("media")
    listed = [given] if isinstance(given, Mapping) else list(given or ())
    albums: list[list[Any]] = []
    together: str | None = None
    for one, as_given in zip(media, listed, strict=True):
        sort = _ALBUMS.get(one.kind)
        if albums and sort is not None and sort == together:
            albums[-1].append(as_given)
        else:
            albums.append([as_given])
        together = sort
    return albums


# --- what a message has beside what it holds


def message_number(content: Mapping[str, Any]) -> int | None:
    """The message that this one answers. Raises DeliveryFailed."""
    value = content.get("reply_to")
    found = _number(value)
    if value is not None and found is None:
        raise invalid(f"reply_to must be the number of a message, got {value!r:.80}", "such as ${event.message_id}")
    return found


def edited_message(content: Mapping[str, Any]) -> int | str | None:
    """The message that is changed: Telegram's number of it, or the id that a `send` step gave. Raises DeliveryFailed."""
    value = content.get("edit")
    found = _number(value)
    if found is not None or value is None:
        return found
    if not isinstance(value, str) or not value.strip():
        hint = "such as ${event.message_id}, or the id that a send step gave"
        raise invalid(f"edit must be the number of a message or its id, got {value!r:.80}", hint)
    return value


def location_of(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments of `sendLocation`; with a name and an address, of `sendVenue`. Raises DeliveryFailed."""
    given = content.get("location")
    if given is None:
        return None
    point = {key: number(given.get(key)) if isinstance(given, Mapping) else None for key in ("latitude", "longitude")}
    if None in point.values():
        raise invalid(f"location must be {{latitude, longitude}}, got {given!r:.80}", "and name and address for more")
    title, address = text_at(given, "name"), text_at(given, "address")
    return {**point, "title": title, "address": address} if title and address else point


def single_media(content: Mapping[str, Any]) -> Media | None:
    """The one file, if it is one."""
    media = media_of(content)
    return media[0] if len(media) == 1 else None


def _number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
