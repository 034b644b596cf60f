"""What Meta tells in one call, made into posts and statuses. Pure, and content with anything: what cannot be read is
a post of the kind `unusable` with its reason, and takes nothing else with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onebox.channels.whatsapp.failures import told
from onebox.channels.whatsapp.incoming import Unusable, content_of
from onebox.channels.whatsapp.people import Person, person_of
from onebox.kernel.encoding import EncodingError, normalise
from onebox.messaging.chat import Post, chat_data
from onebox.messaging.message import NoteStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STATUSES: Mapping[str, str] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",  # a voice message that was listened to
    "failed": "failed",
}
_LONGEST_ID = 256
_LONGEST_EXCERPT = 4000


@dataclass(slots=True)
class Reading:
    """What one call brought: posts and statuses in their order, the numbers of others that it spoke of, and what Meta
    says that is wrong with the account."""

    posts: list[Post] = field(default_factory=list)
    statuses: list[NoteStatus] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def read(body: Any, *, account: str, numbers: Mapping[str, str], now: datetime) -> Reading:
    """Every entry, message and status of a body. `numbers` are accounts by the id of their phone number; `account` is
    the one that keeps what cannot be read."""
    reading = Reading()
    reader = _Reader(reading, account, numbers, now)
    if not isinstance(body, dict) or body.get("object") != "whatsapp_business_account":
        reader.set_aside(body, "it is no webhook of a WhatsApp business account")
        return reading
    for entry in reader.listed(body, "entry"):
        for change in reader.listed(entry, "changes"):
            # Other fields tell of templates and accounts, and are not for flows.
            if change.get("field") == "messages":
                reader.take(change)
    return reading


def unusable(part: Any, reason: str, *, account: str, now: datetime) -> Post:
    """A post that keeps what could not be read. Its key comes from its content, so it is stored once."""
    update = {"part": part if len(repr(part)) <= _LONGEST_EXCERPT else repr(part)[:_LONGEST_EXCERPT]}
    try:
        update = normalise(update)
    except EncodingError:
        update = {"part": repr(part)[:_LONGEST_EXCERPT]}
    nobody = Person(None, None, {}).seen_by(account)
    data = chat_data(kind="unusable", at=now, sender=nobody, chat={**_chat(None, account)}, update=update)
    key = hashlib.sha256(repr(part).encode("utf-8", "replace")).hexdigest()
    return Post(account, "", {**data, "type": None, "form": None, "reason": reason}, key=f"unusable:{key}")


class _Reader:
    def __init__(self, reading: Reading, account: str, numbers: Mapping[str, str], now: datetime) -> None:
        self._reading = reading
        self._account = account
        self._numbers = numbers
        self._now = now

    def listed(self, part: Mapping[str, Any], name: str, *, needed: bool = True) -> Iterator[Mapping[str, Any]]:
        """The mappings of a list; the rest is set aside."""
        given = part.get(name)
        if given is None and not needed:
            return
        if not isinstance(given, list):
            self.set_aside(part, f"{name} is no list")
            return
        for one in given:
            if isinstance(one, dict):
                yield one
            else:
                self.set_aside(one, f"what stands in {name} is no mapping")

    def take(self, change: Mapping[str, Any]) -> None:
        value = change.get("value")
        metadata = value.get("metadata") if isinstance(value, dict) else None
        number = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
        if not isinstance(value, dict) or not isinstance(number, str):
            self.set_aside(change, "it names no phone number of the business")
        elif (account := self._numbers.get(number)) is None:
            self._reading.others.append(number)
        else:
            if value.get("errors"):
                self._reading.troubles.append(told(value["errors"], account))
            for message in self.listed(value, "messages", needed=False):
                self._take_message(message, value, account)
            for status in self.listed(value, "statuses", needed=False):
                self._take_status(status, account)

    def set_aside(self, part: Any, reason: str) -> None:
        self._reading.posts.append(unusable(part, reason, account=self._account, now=self._now))

    def _take_message(self, message: Mapping[str, Any], value: Mapping[str, Any], account: str) -> None:
        try:
            self._reading.posts.append(post_of(message, value, account=account, now=self._now))
        except (Unusable, EncodingError) as reason:
            self.set_aside(message, str(reason))

    def _take_status(self, status: Mapping[str, Any], account: str) -> None:
        number, word = _id(status.get("id")), status.get("status")
        if number is None or not isinstance(word, str):
            self.set_aside(status, "a status needs the id of a message, and a word")
        elif word in _STATUSES:
            at = _instant(status.get("timestamp"), self._now)
            error = told(status.get("errors"), account) if word == "failed" else None
            self._reading.statuses.append(NoteStatus(account, number, _STATUSES[word], at, error))


def post_of(message: Mapping[str, Any], value: Mapping[str, Any], *, account: str, now: datetime) -> Post:
    """The post of one message of a body's `value`. Raises Unusable, EncodingError."""
    number = _id(message.get("id"))
    if number is None:
        raise Unusable("a message needs an id")
    person = person_of(message, value)
    if person.recipient is None:
        raise Unusable("a message needs the phone number or the user id of who wrote it")
    content = content_of(message, account)
    data = chat_data(
        kind=content.kind,
        at=_instant(message.get("timestamp"), now),
        sender=person.seen_by(account),
        chat=_chat(person.recipient, account),
        update=message,
        text=content.text,
        choice=content.choice,
        pressed=content.choice is not None,
        media=content.media,
        location=content.location,
        contact=content.contact,
        message_id=number,
        reply_to=_id(content.about) or _context(message),
    )
    own = {"type": message["type"], "form": content.form, "reason": None}
    return Post(
        account,
        person.recipient,
        normalise({**data, **own}),
        key=number,
        # What WhatsApp tells of a person is nothing that they wrote, and opens no window.
        sender=None if content.kind == "system" else person.key,
        protected=content.protected,
    )


def _chat(recipient: str | None, account: str) -> dict[str, Any]:
    return {"id": recipient, "type": "private", "title": None, "account": account}


def _context(message: Mapping[str, Any]) -> str | None:
    context = message.get("context")
    return _id(context.get("id")) if isinstance(context, dict) else None


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_ID else None


def _instant(seconds: Any, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
