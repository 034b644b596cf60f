"""Texts, places and contacts; copies and forwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.markup.reading import caption_of, text_of
from onebox.sandbox.telegram.methods.posting import post
from onebox.sandbox.telegram.refusals import bad

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call
    from onebox.sandbox.telegram.world import Bot, World

_NOT_COPIED = {
    "message_id", "from", "chat", "date", "edit_date", "reply_to_message", "reply_markup", "message_thread_id",
    "is_topic_message", "forward_origin", "sender_chat", "media_group_id",
}  # fmt: skip
_SERVICE = {"successful_payment", "invoice", "new_chat_members", "left_chat_member", "migrate_to_chat_id"}
_ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice record_audio upload_audio upload_document "
    "choose_sticker find_location record_video_note upload_video_note".split()
)


async def send_message(world: World, bot: Bot, call: Call) -> Any:
    """A text."""
    content = text_of(call)
    options = call.json("link_preview_options", "can't parse link preview options JSON object")
    if options is not None and not isinstance(options, dict):
        raise bad("object expected as link preview options")
    return post(world, bot, call, {**content, "link_preview_options": options} if options else content)


async def send_location(world: World, bot: Bot, call: Call) -> Any:
    """A place on the earth."""
    return post(world, bot, call, {"location": _location(call)})


async def send_venue(world: World, bot: Bot, call: Call) -> Any:
    """A place with a name."""
    location = _location(call)
    for name in ("title", "address"):
        if not call.text(name).strip():
            raise bad(f"venue {name} must be non-empty")
    venue = {"location": location, "title": call.text("title"), "address": call.text("address")}
    return post(world, bot, call, {"location": location, "venue": venue})


async def send_contact(world: World, bot: Bot, call: Call) -> Any:
    """Someone's number."""
    if not call.text("phone_number").strip():
        raise bad('field "phone_number" must be non-empty')
    if not call.text("first_name").strip():
        raise bad('field "first_name" must be non-empty')
    contact = {
        name: call.text(name) for name in ("phone_number", "first_name", "last_name", "vcard") if call.text(name)
    }
    return post(world, bot, call, {"contact": contact})


async def send_chat_action(world: World, bot: Bot, call: Call) -> Any:
    """That the bot is typing."""
    if call.text("action").lower() not in _ACTIONS:
        raise bad("wrong parameter action in request")
    world.chat_of(bot, call.text("chat_id"))
    return True


async def copy_message(world: World, bot: Bot, call: Call) -> Any:
    """The same message in another chat, as if the bot wrote it."""
    message = _original(world, bot, call, "copy")
    content = {key: value for key, value in message.items() if key not in _NOT_COPIED}
    if "caption" in call.arguments and "text" not in content:
        content = {key: value for key, value in content.items() if key not in {"caption", "caption_entities"}}
        content |= caption_of(call)
    return {"message_id": post(world, bot, call, content)["message_id"]}


async def forward_message(world: World, bot: Bot, call: Call) -> Any:
    """The same message in another chat, with whose it was."""
    message = _original(world, bot, call, "forward")
    content = {key: value for key, value in message.items() if key not in _NOT_COPIED}
    origin = {"type": "user", "date": message["date"], "sender_user": message.get("from", bot.user())}
    return post(world, bot, call, {**content, "forward_origin": origin})


async def set_message_reaction(world: World, bot: Bot, call: Call) -> Any:
    """A sign on a message."""
    reactions = call.json("reaction", "can't parse reaction types JSON object") or []
    if not isinstance(reactions, list) or not all(isinstance(one, dict) and one.get("type") for one in reactions):
        raise bad("can't parse reaction types JSON object")
    place = world.chat_of(bot, call.text("chat_id"))
    number = call.whole("message_id")
    if (place.id, number) not in bot.messages:
        raise bad("message to react not found")
    signs = " ".join(str(one.get("emoji", "")) for one in reactions)
    world.talk.note(f"{bot.id}/{place.id}/{number}", f"reaction: {signs}" if signs.strip() else "")
    return True


def _original(world: World, bot: Bot, call: Call, what: str) -> dict[str, Any]:
    source = world.chat_of(bot, call.text("from_chat_id"))
    message = bot.messages.get((source.id, call.whole("message_id")))
    if message is None:
        raise bad(f"message to {what} not found")
    if _SERVICE & message.keys() or message.get("has_protected_content"):
        raise bad(f"message can't be {'copied' if what == 'copy' else 'forwarded'}")
    return message


def _location(call: Call) -> dict[str, float]:
    place = {}
    for name, most in (("latitude", 90.0), ("longitude", 180.0)):
        given = call.text(name).strip()
        if not given:
            raise bad(f"{name} is empty")
        if not re.fullmatch(r"[+-]?\d{1,18}(?:\.\d{1,18})?", given) or abs(float(given)) > most:
            raise bad(f"wrong {name} specified")
        place[name] = float(given)
    return place
