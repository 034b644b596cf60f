"""Whom WhatsApp knows: by a phone number, by a user id that holds for one business, or by both."""

from __future__ import annotations

import re

from onebox.messaging.content import invalid

_PHONE = re.compile(r"[0-9]{5,20}")
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}", re.ASCII)
_FILLING = str.maketrans("", "", " -().+\N{NO-BREAK SPACE}")


def phone_of(value: object) -> str | None:
    """The digits of a phone number as WhatsApp writes it; None where it is none."""
    return value if isinstance(value, str) and _PHONE.fullmatch(value) else None


def user_id_of(value: object) -> str | None:
    """A user id such as `US.13491208655302741918`; None where it is none."""
    return value if isinstance(value, str) and _USER_ID.fullmatch(value) else None


def address_of(recipient: str) -> str:
    """A recipient as WhatsApp writes it. Raises DeliveryFailed.

    >>> address_of("+49 170 1234567")
    '491701234567'
    """
    known = user_id_of(recipient) or phone_of(recipient.translate(_FILLING))
    if known is None:
        what = f"to must be a phone number with its country, or a user id of WhatsApp, got {recipient!r:.80}"
        raise invalid(what, "such as +49 170 1234567, or ${event.sender}")
    return known


def addressed(address: str) -> dict[str, str]:
    """How a message names its recipient.

    A user id stands under `recipient`: under `to` it would be taken for a phone number, and the message be lost.
    """
    return {"recipient_type": "individual", "recipient" if "." in address else "to": address}
