"""An invoice, checked before Telegram sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onebox.kernel.nearest import did_you_mean
from onebox.messaging.content import invalid

STARS = "XTR"
"""Telegram's own currency, which needs no provider"""
_TEXTS = ("title", "description", "payload", "currency")
_MORE = (
    "photo_url",
    "start_parameter",
    "max_tip_amount",
    "suggested_tip_amounts",
    "need_name",
    "need_phone_number",
    "need_email",
    "need_shipping_address",
    "is_flexible",
    "provider_data",
)


def invoice_of(given: Any) -> dict[str, Any]:
    """The arguments of `sendInvoice` but for the provider's token. Raises DeliveryFailed."""
    if not isinstance(given, Mapping):
        raise invalid(f"invoice must be a mapping, got {given!r:.80}", f"with {', '.join(_TEXTS)} and prices")
    known = (*_TEXTS, "prices", *_MORE)
    for key in given:
        if key not in known:
            near = did_you_mean(str(key), known) or f"; it has {', '.join(known)}"
            raise invalid(f"invoice: there is no {key!r}{near}")
    for key in _TEXTS:
        if not isinstance(given.get(key), str) or not given[key].strip():
            raise invalid(f"invoice: {key} must be a text, got {given.get(key)!r:.80}")
    return {**given, "prices": prices_of(given.get("prices"), "invoice: prices")}


def prices_of(given: Any, where: str) -> list[dict[str, Any]]:
    """`[{label, amount}]`, the amount in the smallest unit of the currency. Raises DeliveryFailed."""
    if not isinstance(given, list) or not given:
        raise invalid(f"{where} must be a list of {{label, amount}}, got {given!r:.80}")
    return [_price(one, f"{where}[{number}]") for number, one in enumerate(given)]


def _price(one: Any, where: str) -> dict[str, Any]:
    label = one.get("label") if isinstance(one, Mapping) else None
    amount = one.get("amount") if isinstance(one, Mapping) else None
    if not isinstance(label, str) or type(amount) is not int:
        hint = "amount is a whole number in the smallest unit, such as 1250 for 12.50"
        raise invalid(f"{where} must be {{label, amount}}, got {one!r:.80}", hint)
    return {"label": label, "amount": amount}
