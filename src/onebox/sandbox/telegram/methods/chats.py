"""The bot itself, its commands, and the chats that it is in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.refusals import bad
from onebox.sandbox.telegram.world import Group

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call
    from onebox.sandbox.telegram.world import Bot, World

_MOST_COMMANDS = 100
_LONGEST_DESCRIPTION = 256


async def get_me(world: World, bot: Bot, call: Call) -> Any:
    """Who the bot is."""
    return {
        **bot.user(), "can_join_groups": True, "can_read_all_group_messages": True, "supports_inline_queries": False,
        "can_connect_to_business": False, "has_main_web_app": False,
    }  # fmt: skip


async def get_chat(world: World, bot: Bot, call: Call) -> Any:
    """What a bot may know of a chat."""
    place = world.chat_of(bot, call.text("chat_id"))
    return {**place.chat(), "accent_color_id": 0, "max_reaction_count": 11}


async def get_chat_member(world: World, bot: Bot, call: Call) -> Any:
    """What someone is in a chat."""
    place = world.chat_of(bot, call.text("chat_id"))
    number = call.whole("user_id")
    if number == bot.id:
        return {"user": bot.user(), "status": "administrator" if isinstance(place, Group) else "member"}
    person = world.people.get(number)
    if person is None:
        raise bad("invalid user_id specified")
    members = place.members if isinstance(place, Group) else {place.id}
    return {"user": person.user(), "status": "member" if number in members else "left"}


async def leave_chat(world: World, bot: Bot, call: Call) -> Any:
    """The bot goes."""
    place = world.chat_of(bot, call.text("chat_id"))
    if not isinstance(place, Group):
        raise bad("chat member status can't be changed in private chats")
    bot.left.add(place.id)
    return True


async def set_my_commands(world: World, bot: Bot, call: Call) -> Any:
    """The commands of the bot's menu."""
    complaint = "can't parse commands JSON object"
    commands = call.json("commands", complaint)
    if not isinstance(commands, list) or not all(isinstance(one, dict) for one in commands):
        raise bad(complaint)
    if len(commands) > _MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    kept = []
    for one in commands:
        name, told = str(one.get("command", "")).removeprefix("/"), str(one.get("description", ""))
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(told) <= _LONGEST_DESCRIPTION:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        kept.append({"command": name, "description": told})
    bot.commands[_scope(call)] = kept
    return True


async def get_my_commands(world: World, bot: Bot, call: Call) -> Any:
    """The commands of one scope and language."""
    return bot.commands.get(_scope(call), [])


async def delete_my_commands(world: World, bot: Bot, call: Call) -> Any:
    """No commands any more."""
    bot.commands.pop(_scope(call), None)
    return True


def _scope(call: Call) -> str:
    return f"{call.text('scope')}/{call.text('language_code')}"
