"""Who and what there is: the business's number, people, media, templates, messages."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import time as clocks
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.sandbox.talk import Talk
from onebox.sandbox.times import Time

if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.sandbox.trouble import Trouble
    from onebox.sandbox.whatsapp.limits import Limits
    from onebox.sandbox.whatsapp.templates import Template

WINDOW = 24 * 3600.0
"""seconds after a person's last message in which anything may be sent to them"""
_FIRST_NUMBER = 15_550_001_001


@dataclass(frozen=True)
class Account:
    """What a business gets from Meta. Made up, and good for the sandbox alone."""

    token: str = "sandbox-access-token"  # noqa: S105
    app_secret: str = "sandbox-app-secret"  # noqa: S105
    phone_number_id: str = "100000000000001"
    business_account_id: str = "200000000000002"
    display_phone_number: str = "15550000001"


@dataclass
class Person:
    """Someone with WhatsApp. `hides_number`: they are known by `user_id` alone, as since the usernames of 2026."""

    wa_id: str
    name: str
    user_id: str
    username: str = ""
    hides_number: bool = False
    reachable: bool = True
    blocks: bool = False
    reads: bool = True
    wrote_at: float | None = None
    """in seconds of the sandbox's time"""

    @property
    def chat(self) -> str:
        """What a business can call them."""
        return self.user_id if self.hides_number else self.wa_id

    def contact(self) -> dict[str, Any]:
        """As a webhook tells of them."""
        profile = {"name": self.name, "username": self.username} if self.username else {"name": self.name}
        contact = {"profile": profile, "user_id": self.user_id}
        return contact if self.hides_number else {**contact, "wa_id": self.wa_id}


@dataclass
class Medium:
    """A file. `content`: None once it was deleted."""

    id: str
    mime: str
    name: str
    content: bytes
    ticket: str = ""
    """is part of its address"""
    ends: float = 0.0
    """until when the address is good, in seconds of the sandbox's time"""


@dataclass(frozen=True)
class Sent:
    """A message that was taken. `at` in seconds of the monotonic clock; `chat`: a wa_id, or a user_id."""

    chat: str
    id: str
    kind: str
    text: str
    at: float
    body: dict[str, Any]


@dataclass
class Message:
    """A message of either side, and the buttons that a person may press under it, by their ids."""

    id: str
    person: str
    from_business: bool
    buttons: dict[str, Button] = field(default_factory=dict)


@dataclass(frozen=True)
class Button:
    """`kind`: `button_reply`, `list_reply`, or `button`, that of a template."""

    id: str
    title: str
    kind: str
    description: str = ""


@dataclass
class World:
    """All that one sandbox holds."""

    account: Account
    limits: Limits
    trouble: Trouble
    happened: Callable[[], None]
    time: Time = field(default_factory=Time)
    talk: Talk = field(default_factory=Talk)
    people: dict[str, Person] = field(default_factory=dict)
    """by wa_id"""
    media: dict[str, Medium] = field(default_factory=dict)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)

    def person(self, who: str) -> Person:
        """A person by name, number or user_id, who is made if there is none."""
        if (found := self.find(who)) is not None:
            return found
        number = re.sub(r"\D", "", who) if re.fullmatch(r"\+?[\d ()-]{5,20}", who) else ""
        number = number or str(max([_FIRST_NUMBER - 1, *map(int, self.people)]) + 1)
        name = f"Person {number[-4:]}" if re.fullmatch(r"\+?[\d ()-]+", who) else who
        person = self.people[number] = Person(number, name, f"US.1349{int(number):014d}")
        return person

    def find(self, who: str) -> Person | None:
        """The same, or None."""
        digits = re.sub(r"[+ ()-]", "", who)
        if digits in self.people:
            return self.people[digits]
        named = (one for one in self.people.values() if who == one.user_id or who.lower() == one.name.lower())
        return next(named, None)

    def is_open(self, person: Person) -> bool:
        """Whether the person wrote within the last 24 hours."""
        return person.wrote_at is not None and self.time.now() - person.wrote_at < WINDOW

    def new_id(self) -> str:
        """An id for a message."""
        return "wamid." + base64.b64encode(secrets.token_bytes(30)).decode()

    def keep(self, mime: str, name: str, content: bytes) -> Medium:
        """Keeps a file."""
        medium = Medium(str(10**15 + secrets.randbelow(9 * 10**15)), mime, name, content)
        self.media[medium.id] = medium
        return medium

    def sends(self, person: Person, id: str, kind: str, text: str, body: dict[str, Any]) -> None:
        """Writes down what the business sent."""
        self.sent.append(Sent(person.chat, id, kind, text, clocks.monotonic(), body))
        self.happened()

    def later(self, seconds: float, doing: Callable[[], None]) -> None:
        """Lets something be done in a while."""
        asyncio.get_running_loop().call_later(seconds, doing)
