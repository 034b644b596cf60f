"""What a person waits for: answers to presses, and to the questions before a payment; invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.sandbox.telegram.methods.posting import post
from onebox.sandbox.telegram.refusals import QUERY_TOO_OLD, bad

if TYPE_CHECKING:
    from onebox.sandbox.telegram.call import Call
    from onebox.sandbox.telegram.world import Bot, Query, World

_LENGTHS = (("title", 32), ("description", 255), ("payload", 128))
_LONGEST_NOTICE = 200
_CURRENCY = 3
_STARS = "XTR"


async def answer_callback_query(world: World, bot: Bot, call: Call) -> Any:
    """The end of the waiting sign on a button."""
    if len(call.text("text")) > _LONGEST_NOTICE:
        raise bad("MESSAGE_TOO_LONG")
    query = _query(world, bot, call.text("callback_query_id"), "callback_query")
    _answer(world, query, {"text": call.text("text"), "show_alert": call.yes("show_alert"), "url": call.text("url")})
    return True


async def answer_pre_checkout_query(world: World, bot: Bot, call: Call) -> Any:
    """Whether the person may pay."""
    return _decide(world, bot, call, "pre_checkout_query")


async def answer_shipping_query(world: World, bot: Bot, call: Call) -> Any:
    """Whether, and how, it can be sent."""
    if call.yes("ok"):
        options = call.json("shipping_options", "can't parse shipping options JSON object")
        if not isinstance(options, list) or not options:
            raise bad("there are no shipping options")
    return _decide(world, bot, call, "shipping_query")


async def send_invoice(world: World, bot: Bot, call: Call) -> Any:
    """What a person may pay."""
    for name, most in _LENGTHS:
        if not 1 <= len(call.text(name).encode() if name == "payload" else call.text(name)) <= most:
            raise bad(f"invoice {name} must have from 1 to {most} signs")
    currency = call.text("currency")
    if len(currency) != _CURRENCY or not currency.isalpha():
        raise bad("CURRENCY_INVALID")
    if not call.text("provider_token") and currency.upper() != _STARS:
        raise bad("PAYMENT_PROVIDER_INVALID")
    total = _total(call.json("prices", "can't parse prices JSON object"))
    invoice = {
        "title": call.text("title"), "description": call.text("description"),
        "start_parameter": call.text("start_parameter"), "currency": currency.upper(), "total_amount": total,
    }  # fmt: skip
    sent = post(world, bot, call, {"invoice": invoice})
    line = world.talk.line(f"{bot.id}/{sent['chat']['id']}/{sent['message_id']}")
    if line is not None and not line.choices:
        from onebox.sandbox.talk import Choice

        line.choices = [Choice(f"Pay {total} {currency.upper()}", "pay")]
    kept = {"payload": call.text("payload"), "flexible": call.yes("is_flexible")}
    bot.messages[sent["chat"]["id"], sent["message_id"]] = sent
    bot.invoices[sent["chat"]["id"], sent["message_id"]] = kept
    return sent


def _total(prices: Any) -> int:
    if not isinstance(prices, list) or not prices:
        raise bad("there are no prices")
    for price in prices:
        amount = price.get("amount") if isinstance(price, dict) else None
        if not isinstance(amount, int) or isinstance(amount, bool) or not isinstance(price.get("label"), str):
            raise bad("can't parse labeled price: label and a whole amount are needed")
    total = sum(price["amount"] for price in prices)
    if total <= 0:
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID")
    return int(total)


def _decide(world: World, bot: Bot, call: Call, kind: str) -> bool:
    if not call.yes("ok") and not call.text("error_message"):
        raise bad("error message must be non-empty")
    query = _query(world, bot, call.text(f"{kind}_id"), kind)
    _answer(
        world,
        query,
        {
            "ok": call.yes("ok"),
            "error_message": call.text("error_message"),
            "shipping_options": call.json("shipping_options", "can't parse shipping options JSON object"),
        },
    )
    return True


def _query(world: World, bot: Bot, id: str, kind: str) -> Query:
    query = bot.queries.get(id)
    if query is None or query.kind != kind or query.expires <= world.time.now():
        raise bad(QUERY_TOO_OLD)
    return query


def _answer(world: World, query: Query, answer: dict[str, Any]) -> None:
    if not query.answer.done():
        query.answered_after = world.time.now() - query.asked
        query.answer.set_result(answer)
        world.happened()
