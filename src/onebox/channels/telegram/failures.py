"""What a refusal of Telegram means for a message, and what to do about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from onebox.channels.telegram.api import ApiRefused, ApiUnreachable

_GONE = (
    "blocked",
    "deactivated",
    "kicked",
    "chat not found",
    "not a member",
    "user not found",
    "initiate conversation",
)
_ADVICE = {
    "blocked by the user": "only this person can let the bot write again",
    "initiate conversation": "a person has to write to the bot first",
    "chat not found": "to must be the id of a chat that the bot is in, or the @name of a public channel; "
    "a person has to write to the bot first",
    "was kicked": "add the bot to the chat again",
    "not a member": "add the bot to the chat",
    "not enough rights": "give the bot the right to post there",
    "need administrator rights": "make the bot an administrator of the channel",
    "can't parse entities": "the markup has a tag that Telegram does not take, or that is not closed",
    "message is too long": "text and markdown are split, markup is not",
    "http url content": "Telegram fetches what is at a url itself: it must be reachable, a picture of at most 5 MB, "
    "another file of at most 20 MB",
    "wrong file identifier": "an id is good for the bot alone that was given it",
    "query is too old": "Telegram waits 10 seconds for the answer to a payment",
    "payment_provider_invalid": "the secret that payments names must be what @BotFather says of the provider",
}
"""What to do, by what Telegram says."""

_NOT_MODIFIED = "message is not modified"
_CANNOT_BE_EDITED = (
    "message to edit not found",
    "can't be edited",
    "message_id_invalid",
    "message can not be edited",
    "media type in the album",
    "can't be used in an album",
)
_OF_ANOTHER_SORT = ("no text in the message", "no caption in the message", "no media in the message")
_TOO_LATE = ("query is too old", "query id is invalid", "query_id_invalid")


def failed(refused: ApiRefused, account: str, *, twice_matters: bool) -> DeliveryFailed:
    """The failure of a message. `twice_matters`: to do it again would be seen."""
    status, said = refused.status, refused.description.lower()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        after = refused.parameters.get("retry_after")
        seconds = float(after) if isinstance(after, (int, float)) else None
        return DeliveryFailed(refused.message, permanent=False, retry_after=seconds, kind="too_many")
    if status == HTTPStatus.UNAUTHORIZED:
        return of_wrong_token(refused, account)
    if status == HTTPStatus.NOT_FOUND:
        text = f"{refused.message}; the server that accounts.{account}.api names may be too old for {refused.method}"
        return DeliveryFailed(text, permanent=True, kind="refused")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Telegram's own failure says nothing about what was done before it.
        return DeliveryFailed(refused.message, permanent=False, kind="busy", uncertain=twice_matters)
    # The message alone is kept with what failed, so what to do is part of it.
    advice = next((f"; {advice}" for words, advice in _ADVICE.items() if words in said), "")
    kind = "bounced" if any(word in said for word in _GONE) else "refused"
    return DeliveryFailed(f"{refused.message}{advice}", permanent=True, kind=kind)


def of_wrong_token(refused: ApiRefused, account: str) -> DeliveryFailed:
    """The failure of every message, until somebody sets the token right."""
    text = (
        f"{refused.message}: the token of {account} is wrong, or was revoked; "
        f"set the secret that accounts.{account}.token names to what @BotFather says"
    )
    return DeliveryFailed(text, permanent=False, kind="misconfigured")


def may_be_the_token(refused: ApiRefused) -> bool:
    """Whether it is for `getMe` to tell what was not found: the bot, or only the method."""
    return refused.status == HTTPStatus.NOT_FOUND and "method not found" not in refused.description.lower()


def out_of_reach(error: ApiUnreachable, *, twice_matters: bool) -> DeliveryFailed:
    """The failure of a message to which nothing was said."""
    uncertain = error.uncertain and twice_matters
    return DeliveryFailed(error.message, permanent=False, kind="unreachable", uncertain=uncertain)


def is_so_already(refused: ApiRefused) -> bool:
    """Whether a message was to be changed into what it is."""
    return _NOT_MODIFIED in refused.description.lower()


def cannot_be_edited(refused: ApiRefused) -> bool:
    """Whether the message is gone, too old or not the bot's own."""
    return any(words in refused.description.lower() for words in _CANNOT_BE_EDITED)


def is_of_another_sort(refused: ApiRefused) -> bool:
    """Whether words were to be changed where there are none, or a caption where there is a text."""
    return any(words in refused.description.lower() for words in _OF_ANOTHER_SORT)


def is_too_late(refused: ApiRefused) -> bool:
    """Whether what was answered waits no longer, or was answered before."""
    return any(words in refused.description.lower() for words in _TOO_LATE)


def is_of_format(refused: ApiRefused) -> bool:
    """Whether it is the format of the words that Telegram does not take."""
    return "can't parse entities" in refused.description.lower()
