"""Meta's error codes, told apart: what each means for a message, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from onebox.channels.whatsapp.api import said
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.channels.whatsapp.api import ApiRefused

PAIR_RATE = 131056
CLOSED = 131047
_PAIR_WAIT, _LONGEST_PAIR_WAIT = 6.0, 300.0
_NO_OBJECT = 33
_TOKEN = "set the secret that accounts.{account}.token names to a system user's token with whatsapp_business_messaging"  # noqa: S105 - words
_TEMPLATE = "see the template in the WhatsApp Manager, under Message templates"
_STATUS_PAGE = "metastatus.com/whatsapp-business-api tells of troubles there"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error code means. `lasting`: the same message will never be taken."""

    kind: str
    lasting: bool
    advice: str = ""


def _account(advice: str) -> Meaning:
    return Meaning("misconfigured", lasting=False, advice=advice)


def _refused(advice: str) -> Meaning:
    return Meaning("refused", lasting=True, advice=advice)


def _invalid(advice: str) -> Meaning:
    return Meaning("invalid", lasting=True, advice=advice)


_BUSY = Meaning("busy", lasting=False, advice=_STATUS_PAGE)
_TOO_MANY = Meaning("too_many", lasting=False)
_WRONG_TOKEN = _account(_TOKEN)
_WRONG_NUMBER = _account(
    "accounts.{account}.number must be the phone number's id, and its token's user must have the right to it"
)
_REGISTER = _account("register the phone number in the WhatsApp Manager, under Phone numbers")
_MEANINGS: Mapping[int, Meaning] = {
    1: _BUSY,
    2: _BUSY,
    3: _WRONG_TOKEN,
    4: _TOO_MANY,
    10: _WRONG_TOKEN,
    33: _WRONG_NUMBER,
    100: _invalid("WhatsApp names what it cannot read"),
    190: _WRONG_TOKEN,
    368: _refused("the business broke a policy: see the WhatsApp Manager, under Account quality"),
    80007: _TOO_MANY,
    130429: _TOO_MANY,
    130472: _refused("Meta keeps marketing from this person for an experiment: write once they have written"),
    130497: _refused("the business may not write to this country"),
    131000: _BUSY,
    131005: _WRONG_TOKEN,
    131008: _invalid("something that WhatsApp needs is missing"),
    131009: _invalid("a value is not of the sort that WhatsApp takes; is the phone number right?"),
    131016: _BUSY,
    131021: _invalid("a number cannot write to itself"),
    131026: Meaning("bounced", lasting=True, advice="the number has no WhatsApp, an old one, or blocked the business"),
    131030: _account(
        "a test number writes to those alone who are in its list: add the person at Meta, under API Setup"
    ),
    131031: _refused("Meta locked the account: see the WhatsApp Manager, under Account quality"),
    131037: _account("the number's display name is not approved yet: see the WhatsApp Manager, under Phone numbers"),
    131042: _account("add a way to pay at Meta, under Billing"),
    131045: _REGISTER,
    CLOSED: Meaning("closed", lasting=True, advice="give the message a message_template, or wait until they write"),
    131048: _refused("too many people blocked or reported the number: write less, and to those who asked for it"),
    131049: _refused("this person gets enough marketing: try again after a day at the earliest"),
    131050: _refused("this person wants no marketing from you"),
    131051: _invalid("WhatsApp takes no message of this sort"),
    131052: _invalid("Meta could not fetch the file: it must be open to everybody"),
    131053: _invalid("Meta does not take this file: look at its type and its size"),
    PAIR_RATE: _TOO_MANY,
    131057: _BUSY,
    131062: _invalid("this template takes a phone number alone, and the person is known by a user id"),
    132000: _invalid(f"message_template.values must be as many as the template has; {_TEMPLATE}"),
    132001: _invalid(f"there is no approved template of this name in this language; {_TEMPLATE}"),
    132005: _invalid("with its values the template is too long"),
    132007: _invalid(f"the template breaks a policy; {_TEMPLATE}"),
    132012: _invalid(f"a value is not of the sort that the template has there; {_TEMPLATE}"),
    132015: _invalid(f"the template is paused, since people did not like it; {_TEMPLATE}"),
    132016: _invalid(f"the template is switched off for good, make another; {_TEMPLATE}"),
    133004: _BUSY,
    133010: _REGISTER,
}
_RANGES = (
    (range(200, 300), _WRONG_TOKEN),
    (range(132000, 133000), _invalid(_TEMPLATE)),
    (range(133000, 134000), _REGISTER),
)


def failure_of(refused: ApiRefused, *, account: str, attempts: int) -> DeliveryFailed:
    """The failure that a refusal stands for. `attempts`: how often the message was tried before."""
    meaning = _meaning(refused.number, refused.status, refused.subnumber)
    return DeliveryFailed(
        _with_advice(refused.message, meaning, account),
        permanent=meaning.lasting,
        retry_after=_pair_wait(attempts) if refused.number == PAIR_RATE else None,
        kind=meaning.kind,
        # Meta's own failure says nothing about what was done before it.
        uncertain=refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def told(errors: Any, account: str) -> str:
    """What Meta's webhook says that went wrong, from the `errors` of a status or of an account."""
    error = next((one for one in errors if isinstance(one, dict)), {}) if isinstance(errors, list) else {}
    number = error.get("code")
    number = number if type(number) is int else 0
    meaning = _meaning(number, HTTPStatus.BAD_REQUEST, None)
    return _with_advice(f"WhatsApp tells of a failure ({number}): {said(error)}", meaning, account)


def _meaning(number: int, status: int, subnumber: Any) -> Meaning:
    if number == 100 and subnumber == _NO_OBJECT:  # noqa: PLR2004 - Meta's own
        return _WRONG_NUMBER
    known = _MEANINGS.get(number) if number else None
    if known is not None:
        return known
    ranged = next((meaning for numbers, meaning in _RANGES if number in numbers), None)
    return ranged or _meaning_of_status(status)


def _meaning_of_status(status: int) -> Meaning:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _TOO_MANY
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _BUSY
    return _WRONG_TOKEN if status == HTTPStatus.UNAUTHORIZED else Meaning("refused", lasting=True)


def _with_advice(message: str, meaning: Meaning, account: str) -> str:
    # The message alone is kept with what failed, so what to do is part of it.
    return f"{message}; {meaning.advice.format(account=account)}" if meaning.advice else message


def _pair_wait(attempts: int) -> float:
    """Meta asks for 4^X seconds after the Xth refusal in a row; less than a turn's length helps nobody.

    >>> [_pair_wait(attempts) for attempts in range(5)]
    [6.0, 6.0, 16.0, 64.0, 256.0]
    """
    return max(_PAIR_WAIT, min(_LONGEST_PAIR_WAIT, 4.0 ** min(attempts, 10)))
