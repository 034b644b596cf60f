"""The kinds of steps and triggers that every box has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, RootModel, model_validator

from onebox.flows.definition import FlowModel, Given, Verbatim, is_expression
from onebox.flows.kinds import Nature, StepKind, TriggerKind
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.messaging.channel import Outlet

Data = dict[str, Any]


class SetArguments(FlowModel):
    """Any keys: they become the result's."""

    model_config = ConfigDict(extra="allow")


class RenderArguments(FlowModel):
    """A text with expressions, or `template: file` (and `data` for it) instead."""

    text: str


class StopArguments(FlowModel):
    """Ends the run well."""

    output: Any = None
    """what the run gives back"""


class FailArguments(FlowModel):
    """Ends the run badly, or is caught."""

    message: Given[str]
    """what happened, for people"""
    code: Given[str] = "failed"
    """what happened, for `error.code`"""
    passing: Given[bool] = False
    """whether trying again may help"""


class RunArguments(FlowModel):
    """Starts another flow."""

    flow: Given[str]
    """its name"""
    data: Given[Data] = Field(default_factory=dict)
    """what it sees as `event`"""
    wait: Given[bool] = True
    """whether this run goes on only when that one has ended; the step's result is then its output"""


class LogArguments(FlowModel):
    """Writes a line into the box's log."""

    text: str
    level: Given[Literal["debug", "info", "warning", "error"]] = "info"
    data: Given[Data] = Field(default_factory=dict)


class EmitArguments(FlowModel):
    """An event of the box, for flows with `on: {event: topic}` and steps with `wait_for`."""

    event: Given[str]
    """its topic, such as order.paid"""
    data: Given[Data] = Field(default_factory=dict)
    key: Given[str] | None = None
    """the same key is taken once"""


class RespondArguments(FlowModel):
    """Answers the caller of the webhook that started the run."""

    status: Given[Annotated[int, Field(ge=100, le=599)]] = 200
    body: Any = None
    """a text as it is; anything else as JSON"""
    headers: Given[dict[str, Given[str]]] = Field(default_factory=dict)
    json_: Any = Field(default=None, alias="json")
    """a value that is answered as JSON, also if it is a text"""


class SendArguments(FlowModel):
    """A message for the outbox. Keys beside these are for the channel (`subject`, `buttons`, …)."""

    model_config = ConfigDict(extra="allow")

    to: Given[str | Data | list[Any]] | None = None
    """the recipient, in the channel's own terms, or what a channel gives as `event.sender`, or a list of these where the
    channel takes one; without it, the account's own (a log channel has one)"""
    via: Given[str] | None = None
    """the account, such as telegram/main; without it, the one that the event came by"""
    text: str | None = None
    markdown: str | None = None
    urgency: Given[Literal["interactive", "reminder"]] = "interactive"
    """reminders go behind answers"""


class AskArguments(SendArguments):
    """A question to a person in a chat, as `send` takes it; the step ends with the answer, or by its `timeout`."""


class EditArguments(SendArguments):
    """What a message that was sent to a chat before is to be instead, as `send` takes it."""

    message: Given[str | int | Data]
    """the message: the result of the step that sent it, or its number, such as ${event.message_id}"""


class AnswerCallbackArguments(FlowModel):
    """Ends the waiting of a button that was pressed. Without this step the box does, five seconds later at the most."""

    callback: Given[str | int]
    """the press, ${event.callback_id}"""
    to: Given[str | Data] | None = None
    via: Given[str] | None = None
    text: str | None = None
    """what the person sees for a moment"""
    alert: Given[bool] = False
    """the person sees it until they close it"""


class TypingArguments(FlowModel):
    """Shows for a few seconds that an answer is being written."""

    to: Given[str | Data]
    via: Given[str] | None = None


class BroadcastArguments(SendArguments):
    """One message to many, behind all else that the account sends. `onebox broadcast` watches and stops it."""

    to: Given[list[Any]]
    """the recipients; who is named twice gets it once, who blocked the bot or left gets none"""


class RememberArguments(FlowModel):
    """Keeps values with a chat: `event.conversation.state` has them with each message that comes in there."""

    to: Given[str | Data]
    via: Given[str] | None = None
    values: Given[Data]
    """by name; null takes one away, and those that are not named stay"""


class MergePeopleArguments(FlowModel):
    """Two people turned out to be one, whom two accounts know: from now on they are."""

    keep: Given[str]
    """the person that stays, such as ${event.conversation.person}; what it lacks is taken from the other"""
    other: Given[str]
    """the person that is the same"""


class ManualSettings(FlowModel):
    """Started by hand: `onebox emit`."""


class EventFields(FlowModel):
    """An event of the box."""

    topic: Annotated[Verbatim, Field(min_length=1)]
    where: dict[str, Any] = Field(default_factory=dict)
    """only events whose data has these values at these dotted paths"""


class EventSettings(RootModel[str | EventFields]):
    """A topic such as order.paid, or {topic, where}."""

    model_config = ConfigDict(frozen=True, strict=True)

    @model_validator(mode="after")
    def _is_fixed(self) -> EventSettings:
        if not self.topic or is_expression(self.topic):
            message = "expected a topic such as order.paid"
            raise ValueError(message)
        return self

    @property
    def topic(self) -> str:
        """The topic that is waited for."""
        return self.root if isinstance(self.root, str) else self.root.topic

    @property
    def where(self) -> Mapping[str, Any]:
        """What the event's data must have, by dotted path."""
        return {} if isinstance(self.root, str) else self.root.where


class SubFlowSettings(FlowModel):
    """Started by a step `do: run` of another flow."""


def native_steps(accounts: Mapping[str, Outlet] | None = None) -> list[StepKind]:
    """The step kinds of every box. Handlers of the effects among them (log, emit, respond, send) live elsewhere.
    With the names of the box's `accounts`, a wrong one is found before anything runs."""

    def fault(arguments: Mapping[str, Any]) -> tuple[str, str] | None:
        return None if accounts is None else _send_fault(arguments, accounts)

    def chat_fault(arguments: Mapping[str, Any]) -> tuple[str, str] | None:
        return None if accounts is None else _chat_fault(arguments, accounts)

    return [
        StepKind("set", SetArguments, Nature.pure, dict, _keys),
        StepKind("render", RenderArguments, Nature.pure, lambda arguments: arguments["text"]),
        StepKind("stop", StopArguments, Nature.stop),
        StepKind("fail", FailArguments, Nature.fail),
        StepKind("run", RunArguments, Nature.child),
        StepKind("log", LogArguments),
        StepKind("emit", EmitArguments),
        StepKind("respond", RespondArguments),
        StepKind("send", SendArguments, results=("id", "ids"), fault=fault),
        StepKind("ask", AskArguments, Nature.question, fault=chat_fault),
        StepKind("edit", EditArguments, results=("id",), fault=chat_fault),
        StepKind("answer_callback", AnswerCallbackArguments, results=("id",), fault=chat_fault),
        StepKind("typing", TypingArguments, results=("id",), fault=chat_fault),
        StepKind("broadcast", BroadcastArguments, results=("id", "recipients"), fault=fault),
        StepKind("remember", RememberArguments, fault=chat_fault),
        StepKind("merge_people", MergePeopleArguments),
    ]


def _send_fault(arguments: Mapping[str, Any], accounts: Mapping[str, Outlet]) -> tuple[str, str] | None:
    known, via, to = ", ".join(sorted(accounts)) or "none", arguments.get("via"), arguments.get("to")
    if via is None and len(accounts) == 1:
        via = next(iter(accounts))
    if via is None:
        # A person whom an event brought knows the account that they were met by.
        missing = f"via is missing, and box.yaml names more than one account or none: {known}"
        return None if accounts and is_expression(to) else ("via", missing)
    if not isinstance(via, str) or is_expression(via):
        return None
    if via not in accounts:
        return "via", f"there is no account {via!r}{did_you_mean(via, accounts) or f'; box.yaml names: {known}'}"
    outlet = accounts[via]
    if to is None and outlet.recipient is None:
        return "to", f"to is missing: {via} has no recipient of its own"
    lacking = next((group for group in outlet.needs if not any(key in arguments for key in group)), None)
    return None if lacking is None else (lacking[0], f"{' or '.join(lacking)} is missing: {via} needs it")


def _chat_fault(arguments: Mapping[str, Any], accounts: Mapping[str, Outlet]) -> tuple[str, str] | None:
    via = arguments.get("via") or (next(iter(accounts)) if len(accounts) == 1 else None)
    if isinstance(via, str) and via in accounts and not accounts[via].is_chat:
        chats = ", ".join(name for name, outlet in accounts.items() if outlet.is_chat) or "none"
        return "via", f"{via} is no chat: nobody can answer there; box.yaml has of them: {chats}"
    found = _send_fault({"text": "", **arguments}, accounts)
    return None if found is None or found[0] not in {"via", "to"} else found


def native_triggers() -> list[TriggerKind]:
    """The trigger kinds of every box that need no adapter."""
    return [
        TriggerKind("manual", ManualSettings, lambda flow, _settings: f"manual.{flow}"),
        TriggerKind("event", EventSettings, lambda _flow, settings: str(settings.topic)),
        TriggerKind("flow", SubFlowSettings, lambda flow, _settings: f"flow.{flow}"),
    ]


def _keys(written: Any) -> Sequence[str] | None:
    """The names of a `set` step's result, if it is no expression."""
    return list(written) if isinstance(written, dict) else None
