"""Messages that are there already: changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.keyboards import markup_of
from onebox.sandbox.telegram.markup.reading import caption_of, text_of
from onebox.sandbox.telegram.methods.media import input_media
from onebox.sandbox.telegram.refusals import bad
from onebox.sandbox.telegram.showing import key_of, show

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call
    from onebox.sandbox.telegram.world import Bot, World

_SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
_MEDIA = frozenset({"photo", "video", "animation", "document", "audio"})
_OF_ONE_KIND = frozenset({"document", "audio"})
"""an album of these has no others"""
_STAYS = {
    "message_id", "from", "sender_chat", "chat", "date", "edit_date", "reply_to_message", "message_thread_id",
    "is_topic_message", "media_group_id", "has_protected_content", "reply_markup",
}  # fmt: skip
"""of a message whose content is another one"""
_DELETABLE_FOR = 48 * 3600.0


async def edit_message_text(world: World, bot: Bot, call: Call) -> Any:
    """Another text."""
    content = text_of(call)
    message = _message(world, bot, call)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    return _change(world, bot, call, message, {"entities": None, **content})


async def edit_message_caption(world: World, bot: Bot, call: Call) -> Any:
    """Another caption, or none."""
    content = caption_of(call)
    message = _message(world, bot, call)
    if "text" in message:
        raise bad("there is no caption in the message to edit")
    return _change(world, bot, call, message, {"caption": None, "caption_entities": None, **content})


async def edit_message_media(world: World, bot: Bot, call: Call) -> Any:
    """Another file, or one in the place of a text; its caption comes with it."""
    item = call.json("media", "can't parse input media JSON object")
    if not isinstance(item, dict):
        raise bad("can't parse input media JSON object")
    message = _message(world, bot, call)
    content = input_media(world, call, item, _MEDIA)
    if "text" not in message and not _MEDIA & message.keys():
        raise bad("message media can't be edited")
    if "media_group_id" in message:
        _check_album(message, item["type"])
    return _change(world, bot, call, message, {**dict.fromkeys(message.keys() - _STAYS), **content})


def _check_album(message: dict[str, Any], kind: str) -> None:
    if kind == "animation":
        raise bad("message content type can't be used in an album")
    if kind not in message and _OF_ONE_KIND & {kind, *message}:
        raise bad("can't change media type in the album")


async def edit_message_reply_markup(world: World, bot: Bot, call: Call) -> Any:
    """Other buttons, or none."""
    return _change(world, bot, call, _message(world, bot, call), {})


async def delete_message(world: World, bot: Bot, call: Call) -> Any:
    """Takes a message away."""
    place = world.chat_of(bot, call.text("chat_id"))
    message = bot.messages.get((place.id, call.whole("message_id")))
    if message is None:
        raise bad("message to delete not found")
    if message["date"] + _DELETABLE_FOR < world.time.now():
        raise bad("message can't be deleted for everyone")
    del bot.messages[place.id, message["message_id"]]
    if (line := world.talk.line(key_of(bot, message))) is not None:
        line.gone = True
        world.talk.changed(line)
    return True


def _message(world: World, bot: Bot, call: Call) -> dict[str, Any]:
    if call.text("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")
    place = world.chat_of(bot, call.text("chat_id"))
    if not call.text("message_id"):
        raise bad("message identifier is not specified")
    message = bot.messages.get((place.id, call.whole("message_id")))
    if message is None:
        raise bad("message to edit not found")
    if message.get("from", {}).get("id", bot.id) != bot.id:
        raise bad("message can't be edited")
    return message


def _change(world: World, bot: Bot, call: Call, message: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    markup = markup_of(call)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad("inline keyboard expected")
    changed = {key: value for key, value in {**message, **change, "reply_markup": markup}.items() if value is not None}
    if changed == message or {key: value for key, value in message.items() if key != "edit_date"} == {
        key: value for key, value in changed.items() if key != "edit_date"
    }:
        raise bad(_SAME)
    world.check_flood(bot, message["chat"]["id"])
    changed["edit_date"] = int(world.time.now())
    bot.messages[message["chat"]["id"], message["message_id"]] = changed
    show(world, bot, changed, markup or {})
    world.sends(bot, changed, call.method, call.arguments)
    return changed
