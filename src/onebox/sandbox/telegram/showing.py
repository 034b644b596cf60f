"""A message of Telegram's as a line of the talk."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from onebox.sandbox.talk import Line, Part
from onebox.sandbox.telegram.keyboards import choices_of
from onebox.sandbox.telegram.markup.entities import units

if TYPE_CHECKING:
    from onebox.sandbox.telegram.world import Bot, World

_MEDIA = ("photo", "document", "video", "audio", "voice", "animation", "sticker", "video_note")


def key_of(bot: Bot, message: dict[str, Any]) -> str:
    """What the talk calls a message."""
    return f"{bot.id}/{message['chat']['id']}/{message['message_id']}"


def show(world: World, bot: Bot, message: dict[str, Any], markup: dict[str, Any] | None = None) -> None:
    """Says a message, or shows it anew."""
    key, chat = key_of(bot, message), message["chat"]
    author = message.get("from", {})
    line = world.talk.line(key)
    if line is None:
        told = None if author.get("is_bot", True) else str(author.get("first_name"))
        person = str(chat.get("title") or chat.get("first_name"))
        group = chat["id"] if chat["id"] < 0 else None
        line = world.talk.say(Line(person, told, world.time.now(), key, message["message_id"], group))
    line.text, line.parts = words_of(message)
    line.choices = choices_of(markup if markup is not None else message.get("reply_markup"))
    line.media, line.media_kind = _medium(world, message)
    line.note = "edited" if "edit_date" in message else line.note
    world.talk.changed(line)


def words_of(message: dict[str, Any]) -> tuple[str, list[Part]]:
    """The text, and its pieces with their styles."""
    if "text" in message or "caption" in message:
        text = message.get("text", message.get("caption", ""))
        return text, _parts(text, message.get("entities", message.get("caption_entities", [])))
    told = _told(message)
    return told, [Part(told)] if told else []


def _told(message: dict[str, Any]) -> str:
    if "venue" in message:
        return f"{message['venue']['title']}, {message['venue']['address']}"
    if "location" in message:
        return f"location {message['location']['latitude']:g}, {message['location']['longitude']:g}"
    if "contact" in message:
        return f"contact {message['contact']['first_name']}, {message['contact']['phone_number']}"
    if "invoice" in message:
        invoice = message["invoice"]
        return f"invoice: {invoice['title']}, {invoice['total_amount']} {invoice['currency']} (in the smallest unit)"
    if "successful_payment" in message:
        paid = message["successful_payment"]
        return f"paid {paid['total_amount']} {paid['currency']}"
    return ""


def _parts(text: str, entities: list[dict[str, Any]]) -> list[Part]:
    edges = {0, units(text)}
    for entity in entities:
        edges |= {entity["offset"], entity["offset"] + entity["length"]}
    cuts = sorted(edges)
    encoded = text.encode("utf-16-le")
    parts = []
    for begin, end in pairwise(cuts):
        piece = encoded[2 * begin : 2 * end].decode("utf-16-le", "replace")
        over = [one for one in entities if one["offset"] <= begin and one["offset"] + one["length"] >= end]
        link = next((one["url"] for one in over if "url" in one), None)
        link = link or next((piece for one in over if one["type"] == "url"), None)
        parts.append(Part(piece, tuple(one["type"] for one in over), link))
    return parts


def _medium(world: World, message: dict[str, Any]) -> tuple[str | None, str]:
    kind = next((kind for kind in _MEDIA if kind in message), "")
    if not kind:
        return None, ""
    medium = message[kind][-1] if kind == "photo" else message[kind]
    stored = world.files.get(medium["file_id"])
    return (f"/sandbox/files/{stored.unique_id}" if stored and stored.content is not None else None), kind
