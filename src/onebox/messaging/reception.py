"""Where chats come in: who it is, what was meant, whether it is too much; then it is stored, once, and acted on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.kernel.encoding import EncodingError, normalise
from onebox.messaging.asking import topic_of_answers
from onebox.messaging.choices import chosen
from onebox.messaging.conversation import Conversation, Heard, MarkGone, MeetPerson, Person, person_id
from onebox.messaging.inbox import Arrival
from onebox.messaging.message import Message, NoteStatus, Priority, QueueMessage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from onebox.kernel.clock import Clock
    from onebox.kernel.ledger import Change
    from onebox.messaging.chat import Post
    from onebox.messaging.conversation import ConversationReader, Known
    from onebox.messaging.event import Stored
    from onebox.messaging.gate import Gate, Opinion
    from onebox.messaging.inbox import Inbox

_OFFERS_LAST = timedelta(days=1)
_MOST_OPINIONS = 10_000
_WAITS_FOR_A_FLOW = timedelta(seconds=5)
"""how long a press is left to a flow that may answer it itself"""


class ChatReception:
    """See the port `messaging.chat.Reception`.

    `gate` is an account's throttle. `answers_itself(topic)`: whether a flow that gets these events may answer a press.
    `queued(message)` is told of each message that was queued, after the commit; `on_failed(status)` of a status that
    fails a message, before it: at least once.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        reader: ConversationReader,
        clock: Clock,
        gate: Callable[[str], Gate],
        answers_itself: Callable[[str], bool],
        queued: Callable[[Message], None],
        on_failed: Callable[[NoteStatus], Awaitable[None]],
    ) -> None:
        self._inbox = inbox
        self._reader = reader
        self._clock = clock
        self._gate = gate
        self._answers_itself = answers_itself
        self._queued = queued
        self._on_failed = on_failed
        self._in_turn = asyncio.Lock()
        self._opinions: dict[tuple[str, str | None], Opinion] = {}

    async def receive(self, posts: Sequence[Post], then: Sequence[Change[Any]] = ()) -> list[Stored]:
        """Stores posts in their order, with the changes `then`, in one unit: durable when it returns.

        Raises BacklogFull, StorageFull or StorageClosed: then nothing was stored.
        """
        for change in then:
            if isinstance(change, NoteStatus) and change.status == "failed":
                await self._on_failed(change)  # before it is kept: it comes again until it is
        async with self._in_turn:
            arrivals = self._arrivals(posts, await self._known(posts))
            storing = asyncio.ensure_future(self._inbox.receive_all(arrivals, then))
            await asyncio.wait({storing}, timeout=0)  # it stands in line for the disk, and what comes later behind it
        stored = await storing
        for post, arrival, outcome in zip(posts, arrivals, stored, strict=True):
            self._opinions.pop((post.account, post.key), None)
            self._tell_senders(arrival, outcome)
        return stored

    async def _known(self, posts: Sequence[Post]) -> dict[str, Known]:
        """By account."""
        found = {}
        for account in dict.fromkeys(post.account for post in posts):
            mine = [post for post in posts if post.account == account]
            chats = list(dict.fromkeys(post.chat for post in mine))
            found[account] = await self._reader.known(account, chats, list(dict.fromkeys(_users(mine))))
        return found

    def _arrivals(self, posts: Sequence[Post], known: dict[str, Known]) -> list[Arrival]:
        arrivals: list[Arrival] = []
        for post in posts:
            arrival = self._arrival(post, known[post.account])
            if arrival.supersession is not None:
                _supersede_within(arrivals, arrival)
            arrivals.append(arrival)
        return arrivals

    def _arrival(self, post: Post, known: Known) -> Arrival:
        now, topic = self._clock.now(), post.account.replace("/", ".")
        talk = known.conversations.get(post.chat) or Conversation(post.account, post.chat)
        person = _person(post, known)
        opinion = self._opinion(post, now)
        data = _data(post, talk, person, now)
        return Arrival(
            source=f"{post.account.partition('/')[0]}:{post.account}",
            topic=topic,
            data=data,
            key=post.key,
            sender=post.chat,
            id=post.event_id,
            answers=topic_of_answers(post.account, post.chat) if post.sender is not None else None,
            verdict=opinion.verdict,
            supersession=_supersession(post) if opinion.supersedes else None,
            then=self._notice(post, opinion, now),
            always=[*post.ends, *self._kept(post, person, known, now), *self._answer_to_press(post, topic, now)],
        )

    def _opinion(self, post: Post, now: datetime) -> Opinion:
        """What comes again since it could not be stored is not counted again."""
        known = self._opinions.get((post.account, post.key))
        opinion = known or self._gate(post.account).opinion(post, now)
        if post.key is not None:
            if len(self._opinions) >= _MOST_OPINIONS:
                self._opinions.clear()
            self._opinions[post.account, post.key] = opinion
        return opinion

    def _kept(self, post: Post, person: Person | None, known: Known, now: datetime) -> list[Change[Any]]:
        """What is remembered of the chat and its people."""
        if post.gone is not None:
            return [MarkGone(post.account, post.chat, now if post.gone else None)]
        if post.sender is None:
            return []
        is_theirs = post.data["chat"].get("type") in {None, "private"}
        said = None if post.data.get("message_id") is None else str(post.data["message_id"])
        mine = person.id if person is not None and is_theirs else None
        # A channel may bring what was written long ago: some windows begin when it was written.
        kept: list[Change[Any]] = [Heard(post.account, post.chat, min(now, post.data["at"]), said, mine)]
        user = _user(post)
        if person is not None and user is not None and known.people.get(user) != person:
            kept.append(MeetPerson(person, post.account, user, now))
        return kept

    def _answer_to_press(self, post: Post, topic: str, now: datetime) -> list[Change[Any]]:
        """A button waits until it is told that the press has arrived, whatever a flow makes of it."""
        if post.press is None:
            return []
        content = {"action": "answer_press", "press": post.press, "text": None, "alert": False, "at": now.isoformat()}
        due_at = now + _WAITS_FOR_A_FLOW if self._answers_itself(topic) else None
        return [self._signal(post.account, f"press:{post.press}", content, now, due_at)]

    def _signal(
        self, account: str, recipient: str, content: dict[str, Any], now: datetime, due_at: datetime | None
    ) -> QueueMessage:
        message = Message(self._inbox.new_id(), account, recipient, content, now)
        message.priority, message.due_at = Priority.signal, due_at
        return QueueMessage(message)

    def _notice(self, post: Post, opinion: Opinion, now: datetime) -> list[Change[Any]]:
        if opinion.notice is None:
            return []
        return [QueueMessage(Message(self._inbox.new_id(), post.account, post.chat, {"text": opinion.notice}, now))]

    def _tell_senders(self, arrival: Arrival, outcome: Stored) -> None:
        if outcome.duplicate:
            return
        for change in (*arrival.always, *(() if outcome.answered else arrival.then)):
            if isinstance(change, QueueMessage):
                self._queued(change.message)


def _still_offers(talk: Conversation, now: datetime) -> bool:
    """Whether a number that is typed can mean a choice: by the next day nobody knows what the second one was."""
    return bool(talk.offered) and talk.offered_at is not None and now - talk.offered_at < _OFFERS_LAST


def _data(post: Post, talk: Conversation, person: Person | None, now: datetime) -> dict[str, Any]:
    """The event's data, with what is known of the chat. What cannot be kept is left out, and said."""
    data = dict(post.data)
    if data.get("choice") is None and _still_offers(talk, now) and isinstance(data.get("text"), str):
        data["choice"] = chosen(data["text"], talk.offered)
    data["conversation"] = {
        "id": f"{post.account}:{post.chat}",
        "state": dict(talk.state),
        "person": None if person is None else person.id,
        "language": None if person is None else person.language,
        "phone": None if person is None else person.phone,
    }
    try:
        found: dict[str, Any] = normalise(data)
    except EncodingError as error:
        plain = {key: data[key] for key in ("at", "conversation")}
        found = normalise({**plain, "kind": "unusable", "reason": error.message, "text": ""})
    return found


def _person(post: Post, known: Known) -> Person | None:
    """Who it is, with what this post tells of them."""
    user, said = _user(post), post.data.get("sender") or {}
    if user is None or post.sender is None:
        return None
    before = known.people.get(user) or Person(person_id(post.account, user))
    told = {name: said.get(name) for name in ("name", "username", "language", "phone")}
    # A language that was chosen stays; what the app of the person says is a first guess.
    told["language"] = before.language or told["language"]
    return replace(before, **{name: value for name, value in told.items() if isinstance(value, str) and value})


def _user(post: Post) -> str | None:
    user = (post.data.get("sender") or {}).get("user_id")
    return None if user is None else str(user)


def _users(posts: Sequence[Post]) -> list[str]:
    return [user for post in posts if (user := _user(post)) is not None]


def _supersession(post: Post) -> str:
    """Somebody's words in one chat: they supersede no other person's, and no other kind of thing."""
    return f"{post.account}:{post.chat}:{post.sender}:{post.data.get('kind')}"


def _supersede_within(arrivals: Sequence[Arrival], last: Arrival) -> None:
    """What the same sender said just before, in what came together with it."""
    for arrival in arrivals:
        if arrival.supersession == last.supersession and arrival.verdict is None:
            arrival.verdict = "coalesced: a later message came with it"
