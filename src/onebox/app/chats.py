"""The chat side of a box: where chats come in, and what their channels serve to the world."""

from __future__ import annotations

from secrets import token_bytes
from typing import TYPE_CHECKING

from onebox.flows.plan import has_step
from onebox.messaging.chat import LastHeard
from onebox.messaging.message import MarkFailed, MessageState, NoteStatus
from onebox.messaging.reception import ChatReception

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from onebox.app.accounts import ChatAccount
    from onebox.flows.book import FlowBook
    from onebox.flows.plan import Trigger
    from onebox.kernel.clock import Clock
    from onebox.messaging.channel import Channel
    from onebox.messaging.endpoint import Endpoint
    from onebox.messaging.gate import Gate
    from onebox.messaging.inbox import Inbox
    from onebox.messaging.message import Message
    from onebox.storage.files import FilesFolder
    from onebox.storage.opening import Storage

ANSWER_CALLBACK = "answer_callback"


def account_of(trigger: Trigger) -> str | None:
    """The account that a trigger's events come by; None for one that is no chat's."""
    account = getattr(trigger.settings, "account", None)
    return account if isinstance(account, str) and "/" in account else None


class PressAnswerers:
    """Which events may start a flow that answers presses itself. Follows the book of flows."""

    def __init__(self, book: FlowBook) -> None:
        self._book = book
        self._topics: set[str] = set()
        book.on_change(self._renew)

    def __call__(self, topic: str) -> bool:
        """Whether a flow that gets these events may."""
        return topic in self._topics

    def _renew(self) -> None:
        self._topics = {
            trigger.topic
            for flow in self._book.flows.values()
            if has_step(flow, ANSWER_CALLBACK)
            for trigger in flow.triggers
        }


def build_reception(
    *,
    inbox: Inbox,
    storage: Storage,
    book: FlowBook,
    clock: Clock,
    gates: Mapping[str, Gate],
    queued: Callable[[Message], None],
    tell_of_failed: Callable[[Message, MarkFailed], Awaitable[None]],
) -> ChatReception:
    """Where the receivers of chat channels hand in what happened."""

    async def on_failed(status: NoteStatus) -> None:
        message = await storage.reader.message_taken_as(status.account, status.message_id)
        if message is not None and message.state is MessageState.sent:
            error = status.error or "the channel said later that it failed"
            await tell_of_failed(message, MarkFailed(message.id, clock.now(), error))

    return ChatReception(
        inbox=inbox,
        reader=storage.reader,
        clock=clock,
        gate=gates.__getitem__,
        answers_itself=PressAnswerers(book),
        queued=queued,
        on_failed=on_failed,
    )


def last_heard_in(storage: Storage) -> Callable[[str, str], Awaitable[LastHeard | None]]:
    """Tells, of an account and a chat, when somebody last wrote there."""

    async def last_heard(account: str, chat: str) -> LastHeard | None:
        talk = (await storage.reader.known(account, [chat], [])).conversations.get(chat)
        return LastHeard(talk.heard_at, talk.heard_id) if talk is not None and talk.heard_at is not None else None

    return last_heard


def chat_page(
    name: str,
    account: ChatAccount,
    *,
    channel: Channel,
    reception: ChatReception,
    storage: Storage,
    files: FilesFolder,
    folder: Path,
    clock: Clock,
    new_id: Callable[[], str],
) -> Endpoint:
    """The page of a web chat, which sees at once what its channel writes."""
    from onebox.channels.chat.channel import ChatChannel
    from onebox.channels.chat.endpoint import ChatEndpoint
    from onebox.channels.chat.showing import Look
    from onebox.channels.chat.taking import Parts

    assert isinstance(channel, ChatChannel)
    look = Look(account.title, account.greeting, account.language, account.allow_origins)
    parts = Parts(
        reception=reception,
        transcripts=storage.reader,
        rooms=channel.rooms,
        files=files,
        folder=folder,
        clock=clock,
        new_id=new_id,
        entropy=token_bytes,
    )
    return ChatEndpoint(account=name, look=look, parts=parts, posts=account.per_ip, files=account.files_per_ip)
