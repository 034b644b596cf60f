"""Steps that put something into the outbox, or keep something of a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onebox.flows.handlers import StepFailed
from onebox.kernel.encoding import normalise
from onebox.kernel.nearest import did_you_mean
from onebox.messaging.asking import topic_of_answers
from onebox.messaging.broadcast import Broadcast, StartBroadcast
from onebox.messaging.channel import DeliveryFailed
from onebox.messaging.choices import choices_of
from onebox.messaging.conversation import MergePeople, OfferChoices, RememberState
from onebox.messaging.message import CancelDelayed, Message, Priority, QueueMessage

if TYPE_CHECKING:
    from onebox.flows.handlers import Call, Writing
    from onebox.kernel.clock import Clock
    from onebox.kernel.ids import Ids
    from onebox.kernel.ledger import Change
    from onebox.messaging.channel import Outlet

    Written = tuple[list[Change[Any]], Any]

_ADDRESS = ("via", "to", "urgency")
MOST_RECIPIENTS = 20_000
"""of one broadcast: they are written in one unit, and others wait for that"""


class Sendings:
    """`send`, `ask`, `edit`, `answer_callback`, `typing`, `broadcast`, `remember` and `merge_people`."""

    def __init__(self, accounts: Mapping[str, Outlet], clock: Clock, ids: Ids) -> None:
        self._accounts = accounts
        self._clock = clock
        self._ids = ids

    def all(self) -> dict[str, Writing]:
        """By kind of step."""
        return {
            "send": self.send,
            "ask": self.ask,
            "edit": self.edit,
            "answer_callback": self.answer_callback,
            "typing": self.typing,
            "broadcast": self.broadcast,
            "remember": self.remember,
            "merge_people": self.merge_people,
        }

    def send(self, call: Call) -> Written:
        """Writes a message into the outbox, or several where the channel splits it; the result has their ids."""
        account, recipient, to = self._address(call)
        content = _content(call)
        if not isinstance(to, str):
            content["to"] = to
        messages = self._messages(call, account, recipient, content, _priority(call))
        ids = [message.id for message in messages]
        offer = self._offer(account, recipient, content, is_question=call.kind == "ask")
        return [*map(QueueMessage, messages), *offer], {"id": ids[0], "ids": ids}

    def ask(self, call: Call) -> Written:
        """As `send`, in a chat; the result says where the answer comes in."""
        account, recipient, to = self._address(call)
        self._chat(call, account)
        changes, sent = self.send(call)
        asked = to.get("user_id") if isinstance(to, Mapping) else None
        offered = [choice for choice, _ in _offered(_content(call))]
        return changes, {
            **sent,
            "asked": sent["id"],
            "topic": topic_of_answers(account, recipient),
            "choices": offered,
            # In a group others write, too.
            "of": None if asked is None else str(asked),
        }

    def edit(self, call: Call) -> Written:
        """Changes a message that was sent before: `message` is what `send` gave, its id, or the channel's number."""
        account, recipient, _ = self._address(call)
        self._chat(call, account)
        content = _content(call)
        named = content.pop("message", None)
        content["edit"] = named.get("id") if isinstance(named, Mapping) else named
        if isinstance(content["edit"], bool) or not isinstance(content["edit"], (str, int)):
            raise _bad(
                call, f"message must be the result of a send step, or the number of a message, got {named!r:.80}"
            )
        messages = self._messages(call, account, recipient, content, Priority.interactive)
        return [*map(QueueMessage, messages), *self._offer(account, recipient, content)], {"id": messages[0].id}

    def answer_callback(self, call: Call) -> Written:
        """Ends the waiting of a button that was pressed, with a text or without."""
        account, _, _ = self._address(call)
        self._chat(call, account)
        press, text = call.arguments.get("callback"), call.arguments.get("text")
        if isinstance(press, bool) or not isinstance(press, (str, int)) or press == "":
            raise _bad(call, f"callback must be the id of a press, got {press!r:.80}", "such as ${event.callback_id}")
        content = {
            "action": "answer_press",
            "press": str(press),
            "text": None if text is None else str(text),
            "alert": bool(call.arguments.get("alert")),
            "at": self._clock.now().isoformat(),
        }
        recipient = f"press:{press}"
        changes, written = self._signal(call, account, recipient, content)
        # The box's own answer, which is due a little later, is not needed then.
        return [CancelDelayed(account, recipient, self._clock.now()), *changes], written

    def typing(self, call: Call) -> Written:
        """Shows for a few seconds that an answer is being written."""
        account, recipient, _ = self._address(call)
        self._chat(call, account)
        return self._signal(call, account, f"typing:{recipient}", {"action": "typing", "chat": recipient})

    def broadcast(self, call: Call) -> Written:
        """Sends to many, behind all else. The result has the broadcast's id and how many were named."""
        account = self._account(call)
        named = call.arguments.get("to")
        if not isinstance(named, Sequence) or isinstance(named, str) or not named:
            raise _bad(call, f"to must be a list of recipients, got {named!r:.80}")
        if len(named) > MOST_RECIPIENTS:
            raise _bad(call, f"to has {len(named):,} recipients, and a broadcast at most {MOST_RECIPIENTS:,}")
        content = _content(call)
        change = self.start_broadcast(call, account, [_recipient(call, one)[0] for one in named], content)
        return [change], {"id": change.broadcast.id, "recipients": len(change.messages)}

    def start_broadcast(
        self, call: Call, account: str, recipients: Sequence[str], content: Mapping[str, Any]
    ) -> StartBroadcast:
        """The change that begins it."""
        once = list(dict.fromkeys(recipients))
        begun = Broadcast(self._ids.new(), account, content, call.flow, self._clock.now())
        begun.skipped = len(recipients) - len(once)
        parts = self._parts(account, content, call)
        messages = [
            self._message(call, account, recipient, part, Priority.broadcast) for recipient in once for part in parts
        ]
        for message in messages:
            message.broadcast = begun.id
        return StartBroadcast(begun, messages)

    def account_of(self, call: Call) -> str:
        """The account that a call names. Raises StepFailed."""
        return self._account(call)

    def remember(self, call: Call) -> Written:
        """Keeps values with a chat: flows see them as `event.conversation.state`."""
        account, recipient, _ = self._address(call)
        values = call.arguments.get("values")
        if not isinstance(values, Mapping):
            raise _bad(call, f"values must be a mapping, got {values!r:.80}", "a value of null takes it away")
        return [RememberState(account, recipient, normalise(values))], None

    def merge_people(self, call: Call) -> Written:
        """One person from now on, by whichever account they write."""
        keep, other = call.arguments.get("keep"), call.arguments.get("other")
        if not isinstance(keep, str) or not isinstance(other, str) or not keep or not other:
            raise _bad(call, f"keep and other must be ids of people, got {keep!r:.40} and {other!r:.40}")
        return [MergePeople(keep, other)], {"person": keep}

    # --- addresses ----------------------------------------------------------------------------------------------

    def _address(self, call: Call) -> tuple[str, str, Any]:
        """The account, the recipient, and `to` as it was given."""
        account, to = self._account(call), call.arguments.get("to")
        recipient, to = _recipient(call, self._accounts[account].recipient if to is None else to)
        return account, recipient, to

    def _account(self, call: Call) -> str:
        """The account that is named; else the one that the recipient was met by; else the box's only one."""
        via, to = call.arguments.get("via"), call.arguments.get("to")
        if via is None and isinstance(to, Mapping):
            via = to.get("account")
        if via is None and len(self._accounts) == 1:
            return next(iter(self._accounts))
        if isinstance(via, str) and via in self._accounts:
            return via
        known = ", ".join(sorted(self._accounts)) or "none"
        if via is None:
            message = f"{call.kind}: via is missing, and the box has more than one account or none: {known}"
        else:
            near = did_you_mean(str(via), self._accounts)
            message = f"{call.kind}: there is no account {via!r}{near}; there are: {known}"
        raise StepFailed("unknown_account", message, passing=False, hint="accounts are named in box.yaml")

    def _chat(self, call: Call, account: str) -> None:
        if not self._accounts[account].is_chat:
            raise _bad(call, f"{account} is no chat: nobody can answer there")

    # --- messages -----------------------------------------------------------------------------------------------

    def _messages(
        self, call: Call, account: str, recipient: str, content: Mapping[str, Any], priority: Priority
    ) -> list[Message]:
        parts = self._parts(account, content, call)
        return [self._message(call, account, recipient, part, priority) for part in parts]

    def _parts(self, account: str, content: Mapping[str, Any], call: Call) -> Sequence[Mapping[str, Any]]:
        try:
            return self._accounts[account].parts(normalise(content))
        except DeliveryFailed as failure:
            raise StepFailed("bad_argument", failure.message, passing=False, hint=failure.hint) from None

    def _message(
        self, call: Call, account: str, recipient: str, content: Mapping[str, Any], priority: Priority
    ) -> Message:
        message = Message(self._ids.new(), account, recipient, content, self._clock.now(), call.run_id, call.path)
        message.priority = priority
        return message

    def _signal(self, call: Call, account: str, recipient: str, content: Mapping[str, Any]) -> Written:
        message = self._message(call, account, recipient, content, Priority.signal)
        return [QueueMessage(message)], {"id": message.id}

    def _offer(
        self, account: str, recipient: str, content: Mapping[str, Any], *, is_question: bool = False
    ) -> list[Change[Any]]:
        """A chat remembers what it was offered last, so that the number or the words of a choice can be typed, too. A
        question ends that: a "2" after it means something else."""
        offered = _offered(content) if self._accounts[account].is_chat else []
        if not offered and not is_question:
            return []
        return [OfferChoices(account, recipient, offered, self._clock.now())]


def _content(call: Call) -> dict[str, Any]:
    return {key: value for key, value in call.arguments.items() if key not in _ADDRESS}


def _offered(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(choice.id, choice.title) for choice in choices_of(content) if choice.url is None]


def _priority(call: Call) -> Priority:
    given = call.arguments.get("urgency")
    if given is None:
        return Priority.interactive
    if given not in ("interactive", "reminder"):
        raise _bad(call, f"urgency must be interactive or reminder, got {given!r:.80}", "broadcast is a step")
    return Priority[given]


def _recipient(call: Call, to: Any) -> tuple[str, Any]:
    """Whose turn a message takes: a text, the `id` of a person or chat, or a list of these."""
    if isinstance(to, Mapping) and to.get("id") is not None:
        return str(to["id"]), normalise(to)
    if isinstance(to, (list, tuple)) and to:
        return ", ".join(_recipient(call, one)[0] for one in to), normalise(to)
    if to is None or isinstance(to, (Mapping, list, tuple)) or to == "":
        raise _bad(call, f"to must be a text, a mapping with an id, or a list of these, got {to!r:.80}")
    return str(to), str(to)


def _bad(call: Call, message: str, hint: str | None = None) -> StepFailed:
    return StepFailed("bad_argument", f"{call.kind}: {message}", passing=False, hint=hint)
