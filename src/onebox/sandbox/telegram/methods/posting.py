"""What every method that sends has in common: the chat, the reply, the pace, the number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.keyboards import markup_of
from onebox.sandbox.telegram.refusals import bad
from onebox.sandbox.telegram.showing import show
from onebox.sandbox.telegram.world import Group

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call
    from onebox.sandbox.telegram.world import Bot, Person, World


def post(world: World, bot: Bot, call: Call, content: dict[str, Any]) -> dict[str, Any]:
    """Sends one message. Raises Refused."""
    return post_all(world, bot, call, [content])[0]


def post_all(world: World, bot: Bot, call: Call, contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sends some messages, or none of them. Raises Refused."""
    markup = markup_of(call)
    place = world.chat_of(bot, call.text("chat_id"))
    common = _common(bot, call, place)
    world.check_flood(bot, place.id, len(contents))
    if markup and "inline_keyboard" in markup:
        common["reply_markup"] = markup
    author = bot.user()
    if isinstance(place, Group) and place.type == "channel":
        author, common = None, {"sender_chat": place.chat(), **common}  # type: ignore[assignment]  # a channel's posts have no author
    messages = []
    for content in contents:
        message = world.message(bot, place, author, {**common, **content})
        show(world, bot, message, markup)
        world.sends(bot, message, call.method, call.arguments)
        messages.append(message)
    return messages


def _common(bot: Bot, call: Call, place: Person | Group) -> dict[str, Any]:
    common: dict[str, Any] = {}
    reply = call.json("reply_parameters", "can't parse reply parameters JSON object")
    if reply is not None and not isinstance(reply, dict):
        raise bad("object expected as reply parameters")
    number = reply.get("message_id") if reply else call.whole("reply_to_message_id") or None
    if number is not None:
        answered = bot.messages.get((place.id, number)) if isinstance(number, int) else None
        if answered is not None:
            common["reply_to_message"] = {key: value for key, value in answered.items() if key != "reply_to_message"}
        elif not ((reply or {}).get("allow_sending_without_reply") or call.yes("allow_sending_without_reply")):
            raise bad("message to be replied not found")
    if thread := call.whole("message_thread_id"):
        common |= {"message_thread_id": thread, "is_topic_message": True}
    if call.yes("protect_content"):
        common["has_protected_content"] = True
    return common
