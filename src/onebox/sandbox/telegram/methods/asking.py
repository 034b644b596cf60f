"""How a bot gets its updates: it asks, or names a webhook."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from yarl import URL

from onebox.sandbox.telegram.refusals import bad, conflict
from onebox.sandbox.telegram.updates import LONGEST_POLL, MOST
from onebox.sandbox.telegram.webhook import Webhook

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call
    from onebox.sandbox.telegram.world import Bot, World

_MOST_CONNECTIONS = 100
_LONGEST_SECRET = 256
_ALLOWED = "can't parse allowed updates JSON object"


async def get_updates(world: World, bot: Bot, call: Call) -> Any:
    """What waits, or what comes within the timeout."""
    if bot.webhook is not None:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    bot.updates.allow(call.json("allowed_updates", _ALLOWED))
    limit = call.whole("limit", MOST)
    return await bot.updates.poll(
        offset=call.whole("offset"),
        limit=limit if 1 <= limit <= MOST else MOST,
        timeout=min(max(call.whole("timeout"), 0), LONGEST_POLL),
    )


async def set_webhook(world: World, bot: Bot, call: Call) -> Any:
    """Where updates go from now on; an empty address means none."""
    address = call.text("url").strip()
    if not address:
        return await delete_webhook(world, bot, call)
    secret = call.text("secret_token")
    if len(secret) > _LONGEST_SECRET:
        raise bad("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    _check_address(address, world.webhook_ports)
    bot.updates.allow(call.json("allowed_updates", _ALLOWED))
    if bot.webhook is not None:
        await _end(bot)
    if call.yes("drop_pending_updates"):
        bot.updates.forget()
    bot.updates.end_polls("terminated by setWebhook request")

    def close() -> None:
        bot.webhook = None
        world.later(made.stop())

    connections = min(max(call.whole("max_connections", 40), 1), _MOST_CONNECTIONS)
    made = Webhook(
        address,
        bot.updates,
        world.time,
        execute=partial(world.carry_out, bot),
        close=close,
        happened=world.tried,
        pace=world.retry_pace,
        secret=secret,
        max_connections=connections,
        ip_address=call.text("ip_address"),
    )
    bot.webhook = made
    for number in sorted(bot.updates.waiting):
        made.tell(bot.updates.waiting[number])
    return True


async def delete_webhook(world: World, bot: Bot, call: Call) -> Any:
    """From now on the bot asks."""
    if bot.webhook is not None:
        await _end(bot)
    if call.yes("drop_pending_updates"):
        bot.updates.forget()
    return True


async def get_webhook_info(world: World, bot: Bot, call: Call) -> Any:
    """Where updates go, how many wait, and what went wrong last."""
    bot.updates.expire()
    told: dict[str, Any] = {
        "url": bot.webhook.url if bot.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(bot.updates.waiting),
    }
    if bot.webhook:
        told |= bot.webhook.told()
    if not bot.updates.is_by_default:
        told["allowed_updates"] = sorted(bot.updates.allowed)
    return told


async def _end(bot: Bot) -> None:
    ended, bot.webhook = bot.webhook, None
    if ended is not None:
        await asyncio.shield(ended.stop())


def _check_address(address: str, ports: frozenset[int]) -> None:
    try:
        url = URL(address)
        host, port = url.host, url.port
    except ValueError:
        host, port, url = None, None, URL()
    if url.scheme not in {"http", "https"} or not host or port is None:
        raise bad("bad webhook: invalid webhook URL specified")
    if ports and port not in ports:
        named = ", ".join(map(str, sorted(ports)))
        raise bad(f"bad webhook: webhook can be set up only on ports {named}")
