"""Who and what there is: people, groups, bots, files, and what was sent."""

from __future__ import annotations

import asyncio
import secrets
import time as clocks
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onebox.sandbox.numbers import first_number
from onebox.sandbox.talk import Talk
from onebox.sandbox.telegram.refusals import Refused, bad, forbidden
from onebox.sandbox.telegram.updates import Updates
from onebox.sandbox.times import Time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from onebox.sandbox.retrying import RetryPace
    from onebox.sandbox.telegram.flood import Flood
    from onebox.sandbox.telegram.updates import Update
    from onebox.sandbox.telegram.webhook import Webhook
    from onebox.sandbox.trouble import Trouble

_FIRST_PERSON = 1001
EXPIRES_AFTER = 150.0
"""seconds after which a press can be answered no more"""


@dataclass
class Person:
    """Someone with an account; the private chat with them has their id."""

    id: int
    name: str
    language: str = "en"
    username: str = ""
    phone: str = ""
    deactivated: bool = False

    def user(self) -> dict[str, Any]:
        """As a bot sees them."""
        user = {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": self.language}
        return {**user, "username": self.username} if self.username else user

    def chat(self) -> dict[str, Any]:
        """Their private chat."""
        chat = {"id": self.id, "type": "private", "first_name": self.name}
        return {**chat, "username": self.username} if self.username else chat


@dataclass
class Group:
    """A group, a supergroup or a channel, with a negative id."""

    id: int
    title: str
    type: str = "group"
    username: str = ""
    members: set[int] = field(default_factory=set)
    moved_to: int | None = None

    def chat(self) -> dict[str, Any]:
        """As a bot sees it."""
        chat = {"id": self.id, "type": self.type, "title": self.title}
        return {**chat, "username": self.username} if self.username else chat


@dataclass
class Query:
    """Something that a person waits for: a press, or what is asked before a payment. `answer`: None until it came."""

    id: str
    kind: str
    person: int
    asked: float
    """in seconds of the sandbox's time"""
    expires: float
    answer: asyncio.Future[dict[str, Any]]
    answered_after: float | None = None


@dataclass
class Stored:
    """A file. `content`: None for one that was sent by its address."""

    id: str
    unique_id: str
    kind: str
    name: str
    mime: str
    content: bytes | None
    path: str


@dataclass(frozen=True)
class Sent:
    """A message that was sent, or changed. `at` in seconds of the monotonic clock; `arguments` as the bot gave them."""

    bot: int
    chat: int
    method: str
    at: float
    message: dict[str, Any]
    arguments: dict[str, str]

    @property
    def text(self) -> str:
        """Its text, or its caption."""
        return str(self.message.get("text", self.message.get("caption", "")))


@dataclass
class Bot:
    """One bot: what it knows and what waits for it."""

    id: int
    token: str
    name: str
    username: str
    updates: Updates
    met: set[int] = field(default_factory=set)
    """the chats that it may write to"""
    blocked: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    messages: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    invoices: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    """what the person does not see of an invoice: `payload`, `flexible`"""
    commands: dict[str, list[Any]] = field(default_factory=dict)
    webhook: Webhook | None = None
    numbers: int = field(default_factory=first_number)
    """of its newest message"""

    def user(self) -> dict[str, Any]:
        """As people see it."""
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    def tell(self, update: Update) -> None:
        """Brings an update by the webhook, if there is one."""
        if self.webhook is not None:
            self.webhook.tell(update)


@dataclass
class Stats:
    """What was counted since the last reset."""

    calls: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """answers that are no, by their code"""
    webhooks: Counter[str] = field(default_factory=Counter)
    """tries to bring an update: `taken`, `failed`"""


class World:
    """All that one sandbox holds."""

    def __init__(
        self,
        *,
        flood: Flood,
        trouble: Trouble,
        retry_pace: RetryPace,
        webhook_ports: frozenset[int],
        happened: Callable[[], None],
        carry_out: Callable[[Bot, dict[str, Any]], Awaitable[None]],
    ) -> None:
        self.time = Time()
        self.retry_pace = retry_pace
        self.webhook_ports = webhook_ports
        self.flood = flood
        self.trouble = trouble
        self.talk = Talk()
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.bots: dict[int, Bot] = {}
        self.files: dict[str, Stored] = {}
        self.sent: list[Sent] = []
        self.stats = Stats()
        self.happened = happened
        """is called after whatever happened"""
        self.carry_out = carry_out
        """does what a webhook's reply asks for"""
        self._tasks: set[asyncio.Task[None]] = set()

    # --- people and bots

    def bot(self, token: str) -> Bot:
        """The bot of a token; one that was not seen before is made."""
        number = int(token.partition(":")[0])
        if (bot := self.bots.get(number)) is None:
            bot = Bot(number, token, f"Bot {number}", f"sandbox_{number}_bot", Updates(self.time, self.trouble))
            bot.updates.came = bot.tell
            self.bots[number] = bot
        if bot.token != token:
            raise Refused(401, "Unauthorized")
        return bot

    def person(self, who: int | str, **known: Any) -> Person:
        """A person by id or by name, who is made if there is none; `known` as Person's fields."""
        found = self._find(who)
        if found is None:
            number = who if isinstance(who, int) else max([_FIRST_PERSON - 1, *self.people]) + 1
            name = who if isinstance(who, str) else f"Person {number}"
            found = self.people[number] = Person(number, name, phone=f"+1555{number % 10_000_000:07d}")
        for key, value in known.items():
            setattr(found, key, value)
        return found

    def _find(self, who: int | str) -> Person | None:
        if isinstance(who, int):
            return self.people.get(who)
        return next((person for person in self.people.values() if person.name.lower() == who.lower()), None)

    def place(self, chat: int) -> Person | Group:
        """The private chat or the group with an id. Raises Refused."""
        if (found := self.people.get(chat) or self.groups.get(chat)) is None:
            raise bad("chat not found")
        return found

    # --- chats, as a bot addresses them

    def chat_of(self, bot: Bot, chat_id: str) -> Person | Group:
        """The chat that a bot may write to. Raises Refused, as Telegram does."""
        if not chat_id:
            raise bad("chat_id is empty")
        place = self._addressed(chat_id)
        if isinstance(place, Group):
            if place.moved_to is not None:
                moved = {"migrate_to_chat_id": place.moved_to}
                raise Refused(400, "Bad Request: group chat was upgraded to a supergroup chat", moved)
            if place.id in bot.left:
                raise forbidden(f"bot was kicked from the {place.type} chat")
            return place
        if place.id not in bot.met:
            raise bad("chat not found")
        if place.deactivated:
            raise forbidden("user is deactivated")
        if place.id in bot.blocked:
            raise forbidden("bot was blocked by the user")
        return place

    def _addressed(self, chat_id: str) -> Person | Group:
        if chat_id.startswith("@"):
            named = (group for group in self.groups.values() if group.username.lower() == chat_id[1:].lower())
            if (found := next(named, None)) is None:
                raise bad("chat not found")
            return found
        try:
            return self.place(int(chat_id))
        except ValueError:
            raise bad("chat not found") from None

    def later(self, doing: Coroutine[Any, Any, None]) -> None:
        """Lets something be done beside the rest."""
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- messages

    def message(
        self, bot: Bot, place: Person | Group, author: dict[str, Any] | None, content: dict[str, Any]
    ) -> dict[str, Any]:
        """A new message in a chat, with a number of its own."""
        bot.numbers += 1
        head: dict[str, Any] = {"message_id": bot.numbers}
        if author is not None:
            head["from"] = author
        message = {**head, "chat": place.chat(), "date": int(self.time.now()), **content}
        bot.messages[place.id, bot.numbers] = message
        return message

    def query(self, bot: Bot, kind: str, person: int, *, lasts: float) -> Query:
        """Something that a person waits for an answer to."""
        now = self.time.now()
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        query = Query(str(secrets.randbits(62)), kind, person, now, now + lasts, answer)
        bot.queries[query.id] = query
        return query

    def keep(self, kind: str, name: str, mime: str, content: bytes | None) -> Stored:
        """Keeps a file; it has an id from then on."""
        unique = secrets.token_urlsafe(11).replace("-", "x")
        path = f"{kind}s/file_{len(self.files)}{_ending(name)}"
        stored = Stored(f"BQAC{secrets.token_urlsafe(45)}", unique, kind, name, mime, content, path)
        self.files[stored.id] = stored
        return stored

    def sends(self, bot: Bot, message: dict[str, Any], method: str, arguments: dict[str, str]) -> None:
        """Writes down what a bot sent."""
        chat = message["chat"]["id"]
        self.sent.append(Sent(bot.id, chat, method, clocks.monotonic(), message, arguments))
        self.happened()

    def tried(self, outcome: str) -> None:
        """Writes down how a try of a webhook ended."""
        self.stats.webhooks[outcome] += 1
        self.happened()

    def check_flood(self, bot: Bot, chat: int, count: int = 1) -> None:
        """Raises Refused if that much is too much now."""
        wait = self.flood.refuses(bot.id, chat, self.time.now(), count)
        if wait is not None:
            raise Refused(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2]
    return f".{ending}" if "." in name and ending.isalnum() and len(ending) <= 8 else ""  # noqa: PLR2004
