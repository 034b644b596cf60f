"""What is sent to Telegram and is no message: the answer to a press or to a payment, and that the bot is typing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from onebox.channels.telegram.invoices import prices_of
from onebox.kernel.nearest import did_you_mean
from onebox.messaging.content import invalid

PRESS_WAITS = timedelta(seconds=150)
"""how long a button waits for its answer"""
_LONGEST_ANSWER = 200
_KINDS = ("answer_press", "answer_checkout", "answer_shipping", "typing")


@dataclass(frozen=True, slots=True)
class Action:
    """A method with its arguments. `at`: when the press was made that it answers. `must`: a failure matters."""

    method: str
    arguments: Mapping[str, Any]
    at: datetime | None = None
    must: bool = True


def action_of(content: Mapping[str, Any]) -> Action:
    """What `action` names. Raises DeliveryFailed."""
    match content.get("action"):
        case "answer_press":
            return _answer_press(content)
        case "typing":
            return Action("sendChatAction", {"chat_id": _text(content, "chat"), "action": "typing"}, must=False)
        case "answer_checkout":
            return _answer_checkout(content)
        case "answer_shipping":
            return _answer_shipping(content)
        case other:
            raise invalid(f"there is no action {other!r:.80}{did_you_mean(str(other), _KINDS)}", ", ".join(_KINDS))


def _answer_press(content: Mapping[str, Any]) -> Action:
    arguments: dict[str, Any] = {"callback_query_id": _text(content, "press")}
    if content.get("text") is not None:
        arguments["text"] = _text(content, "text")[:_LONGEST_ANSWER]
    if content.get("alert"):
        arguments["show_alert"] = True
    return Action("answerCallbackQuery", arguments, _instant(content.get("at")), must=False)


def _answer_checkout(content: Mapping[str, Any]) -> Action:
    return Action("answerPreCheckoutQuery", {"pre_checkout_query_id": _text(content, "checkout"), **_verdict(content)})


def _answer_shipping(content: Mapping[str, Any]) -> Action:
    arguments = {"shipping_query_id": _text(content, "checkout"), **_verdict(content)}
    if not arguments["ok"]:
        return Action("answerShippingQuery", arguments)
    given = content.get("options")
    if not isinstance(given, list) or not given:
        raise invalid(f"options must be a list of {{id, title, prices}}, got {given!r:.80}")
    options = [_option(one, f"options[{number}]") for number, one in enumerate(given)]
    return Action("answerShippingQuery", {**arguments, "shipping_options": options})


def _option(one: Any, where: str) -> dict[str, Any]:
    if not isinstance(one, Mapping):
        raise invalid(f"{where} must be {{id, title, prices}}, got {one!r:.80}")
    prices = prices_of(one.get("prices"), f"{where}: prices")
    return {"id": _text(one, "id"), "title": _text(one, "title"), "prices": prices}


def _verdict(content: Mapping[str, Any]) -> dict[str, Any]:
    ok = content.get("ok")
    if not isinstance(ok, bool):
        raise invalid(f"ok must be true or false, got {ok!r:.80}")
    return {"ok": True} if ok else {"ok": False, "error_message": _text(content, "text")}


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise invalid(f"{key} must be a text, got {value!r:.80}")
    return str(value)


def _instant(value: Any) -> datetime | None:
    """An aware instant, or its ISO text; else None: it is answered, however late."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return found if isinstance(found, datetime) and found.tzinfo is not None else None
