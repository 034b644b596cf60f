"""The accounts of a box: which channels there are, and what `box.yaml` may say of an account of each."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from onebox.app.throttling import ThrottleSettings
from onebox.channels.chat.words import Language
from onebox.flows.definition.fields import FlowModel, Rate, RateText
from onebox.kernel.fields import Duration
from onebox.kernel.nearest import did_you_mean
from onebox.kernel.problems import Problem, problems
from onebox.messaging.channel import A_TEXT, Outlet, Pace
from onebox.messaging.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from onebox.kernel.document import Location

_NAME = re.compile(r"([a-z][a-z0-9_-]*)/([a-zA-Z0-9][a-zA-Z0-9_.-]*)")


_SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_SCHEMA = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}


def _secret_name(value: Any) -> str:
    if isinstance(value, str) and _SECRET_NAME.fullmatch(value):
        return value
    # What was written may be the secret itself: `verbatim` is a fault whose value is not repeated.
    reason = "expected the name of a secret, of letters, digits and _; set the secret: onebox secrets set NAME"
    raise PydanticCustomError("verbatim", "{reason}", {"reason": reason})


def _secret_names(value: Any) -> str | list[str]:
    return [_secret_name(one) for one in value] if isinstance(value, list) and value else _secret_name(value)


SecretName = Annotated[str, PlainValidator(_secret_name, json_schema_input_type=str), WithJsonSchema(_SECRET_SCHEMA)]
SecretNames = Annotated[
    str | list[str],
    PlainValidator(_secret_names, json_schema_input_type=str),
    WithJsonSchema({"anyOf": [_SECRET_SCHEMA, {"type": "array", "minItems": 1, "items": _SECRET_SCHEMA}]}),
]


class PaceSettings(FlowModel):
    """How fast an account sends at most."""

    per_second: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    """messages, on average"""
    burst: Annotated[int, Field(ge=1, le=10_000)] = 50
    """messages at once, after a pause"""
    parallel: Annotated[int, Field(ge=1, le=1000)] = 16
    """to different recipients at a time"""

    def as_pace(self) -> Pace:
        """The same, as channels take it."""
        return Pace(self.per_second, self.burst, self.parallel)

    def over(self, usual: Pace) -> Pace:
        """What is given of it, and the rest as the channel has it."""
        return replace(usual, **{name: getattr(self, name) for name in self.model_fields_set})


class AccountSettings(FlowModel):
    """What every account may have."""

    pace: PaceSettings | None = None
    """without it: what suits the channel"""

    names_secrets: ClassVar[tuple[str, ...]] = ()
    """the settings that are names of secrets"""

    patience: ClassVar[Patience] = Patience()
    """how long its messages are tried again"""
    delivery_limit: ClassVar[timedelta] = timedelta(seconds=60)
    """how long one may take to be handed over"""

    @property
    def secrets(self) -> list[tuple[Location, str]]:
        """The names of the secrets that it needs, each with the place of the setting that names it."""
        return [place for key in self.names_secrets for place in _places(key, getattr(self, key))]

    @property
    def outlet(self) -> Outlet:
        """What `send` must know of it."""
        return Outlet()


class ChatSettings(AccountSettings):
    """What every account may have that people write to, too."""

    when_unsure: Literal["again", "leave"] = "again"
    """what is done with a message of which nobody knows whether it arrived"""
    throttle: ThrottleSettings = Field(default_factory=ThrottleSettings)

    notices_repetitions: ClassVar[bool] = False
    """whether it shows a message once that is handed to it twice: then none is marked while it is handed over"""


def _places(key: str, named: str | list[str] | None) -> list[tuple[Location, str]]:
    if isinstance(named, list):
        return [((key, number), name) for number, name in enumerate(named)]
    return [] if named is None else [((key,), named)]


class TerminalAccount(AccountSettings):
    """Prints messages on the terminal that the box runs on."""


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise PydanticCustomError("url", "{reason}", {"reason": "expected a URL that begins with https:// or http://"})
    return value


class WebhookAccount(AccountSettings):
    """POSTs messages to a program, signed as Standard Webhooks says."""

    url: Annotated[str, AfterValidator(_http_url)]
    """where to"""
    secret: SecretName
    """the name of the secret to sign with: `whsec_` and base64"""

    names_secrets: ClassVar[tuple[str, ...]] = ("secret",)


_TELEGRAM = "https://api.telegram.org"
_TELEGRAM_CALLS = {None, 443, 80, 88, 8443}
"""the ports that Telegram calls"""


class TelegramAccount(ChatSettings):
    """A bot: what it sends, and what is written to it, which it brings to the flows with a `telegram` trigger."""

    token: SecretName
    """the name of the secret with the bot's token, from @BotFather"""
    api: Annotated[str, AfterValidator(_http_url)] = _TELEGRAM
    """another address, for a Bot API server of your own"""
    updates: Literal["polling", "webhook"] = "polling"
    """whether the box asks Telegram for what people write, or Telegram calls the box"""
    public_url: Annotated[str, AfterValidator(_http_url)] | None = None
    """the box's address as Telegram sees it; needed for webhook"""
    max_connections: Annotated[int, Field(ge=1, le=100)] = 40
    """how many updates Telegram brings at a time, by webhook"""
    payments: SecretName | None = None
    """the name of the secret with the token of the provider of payments, from @BotFather"""

    names_secrets: ClassVar[tuple[str, ...]] = ("token", "payments")
    # A file of 50 MB takes its time.
    delivery_limit: ClassVar[timedelta] = timedelta(minutes=3)

    @model_validator(mode="after")
    def _can_be_called(self) -> TelegramAccount:
        reason = None
        if self.updates == "webhook" and self.public_url is None:
            reason = "updates: webhook needs public_url, the box's address as Telegram sees it: https://…"
        elif self.updates == "polling" and self.public_url is not None:
            reason = "public_url is for updates: webhook alone: say that too, or take public_url out"
        elif self.public_url is not None and self.api == _TELEGRAM and not _is_called(self.public_url):
            ports = ", ".join(str(port) for port in sorted(filter(None, _TELEGRAM_CALLS)))
            reason = f"public_url must begin with https://, and its port be one of {ports}: Telegram calls no other"
        if reason is not None:
            raise PydanticCustomError("verbatim", "{reason}", {"reason": reason})
        return self

    @property
    def outlet(self) -> Outlet:
        """Long texts are split."""
        from onebox.channels.telegram.parts import NEEDS, parts

        return Outlet(parts=parts, needs=(NEEDS,), is_chat=True)


def _is_called(url: str) -> bool:
    try:
        found = urlsplit(url)
        return found.scheme == "https" and bool(found.hostname) and found.port in _TELEGRAM_CALLS
    except ValueError:  # a port that is no number
        return False


def _number_id(value: str) -> str:
    if not re.fullmatch("[0-9]{5,20}", value):
        reason = "expected the phone number's id, digits alone, as Meta shows it under WhatsApp, API Setup"
        raise PydanticCustomError("number_id", "{reason}", {"reason": reason})
    return value


class WhatsappAccount(ChatSettings):
    """A phone number of the Cloud API: sends messages, and brings what people write to the flows with a `whatsapp`
    trigger."""

    number: Annotated[str, AfterValidator(_number_id)]
    """the id that Meta gives the phone number, in quotes; not the phone number itself"""
    token: SecretName
    """the name of the secret with the access token of a system user"""
    app_secret: SecretName
    """the name of the secret with the app's secret, by which Meta signs what it sends"""
    verify_token: SecretName
    """the name of the secret with a word of your own, which Meta repeats when it first calls"""
    api: Annotated[str, AfterValidator(_http_url)] = "https://graph.facebook.com/v25.0"
    """the Graph API and its version"""

    names_secrets: ClassVar[tuple[str, ...]] = ("token", "app_secret", "verify_token")
    delivery_limit: ClassVar[timedelta] = timedelta(minutes=2)  # a file is handed over first

    @property
    def outlet(self) -> Outlet:
        """Long texts are split, files and choices find their place."""
        from onebox.channels.whatsapp.contents import NEEDS, parts

        return Outlet(parts=parts, needs=(NEEDS,), is_chat=True)


def _mailbox(value: str) -> str:
    from onebox.channels.email.addresses import AddressInvalid, read_mailbox

    try:
        read_mailbox(value)
    except AddressInvalid as error:
        raise PydanticCustomError("address", "{reason}", {"reason": str(error)}) from None
    return value


Address = Annotated[str, AfterValidator(_mailbox)]


def _origins(value: list[str] | Literal["any"]) -> list[str] | Literal["any"]:
    from onebox.web.form.settings import check_origins

    return check_origins(value)


class ChatAccount(ChatSettings):
    """A page of the box where people write, and a window to it on pages of your own: /chat/NAME."""

    title: Annotated[str, Field(min_length=1, max_length=100)] = "Chat"
    """what stands above the conversation"""
    greeting: Annotated[str, Field(max_length=2000)] | None = None
    """what stands there before anybody wrote"""
    language: Language = "en"
    """of the page's own words, such as those on its buttons"""
    allow_origins: Annotated[list[str] | Literal["any"], AfterValidator(_origins)] = Field(default_factory=list)
    """the sites that may show the chat in a window"""
    per_ip: RateText = Rate(60, timedelta(minutes=1))
    """how much one address may write: messages, presses, new visitors"""
    files_per_ip: RateText = Rate(200, timedelta(days=1))
    """how many files one address may send; each of a file's begun megabytes counts as one"""

    notices_repetitions: ClassVar[bool] = True

    @property
    def outlet(self) -> Outlet:
        """Long texts are split."""
        from onebox.channels.chat.content import parts

        return Outlet(parts=parts, needs=((*A_TEXT, "media"),), is_chat=True)


class EmailAccount(AccountSettings):
    """Hands messages to a mail server by SMTP."""

    host: Annotated[str, Field(pattern=r"^[^\s/@]+$")]
    """the mail server"""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """without it, 587 for starttls, 465 for tls, 25 for none"""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """with starttls and tls nothing is sent but under TLS, with a certificate that is good"""
    user: str | None = None
    password: SecretName | None = None
    """the name of the secret"""
    from_: Annotated[Address, Field(alias="from")]
    """who writes, such as `Salon <desk@example.org>`"""
    reply_to: Address | None = None
    """where answers go, where a message does not say"""
    timeout: Duration = Field(default="30s", validate_default=True)
    """for each answer of the server"""
    ca_file: str | None = None
    """certificates (PEM) of an authority of your own, a file in the box's folder"""

    names_secrets: ClassVar[tuple[str, ...]] = ("password",)
    # As mail servers do it: what is down for a day is no reason to lose a letter.
    patience: ClassVar[Patience] = Patience(attempts=36)
    delivery_limit: ClassVar[timedelta] = timedelta(minutes=10)

    @model_validator(mode="after")
    def _has_both(self) -> EmailAccount:
        if (self.user is None) != (self.password is None):
            reason = "user and password belong together: give both, or none for a server that asks for no login"
            raise PydanticCustomError("verbatim", "{reason}", {"reason": reason})
        return self

    @property
    def outlet(self) -> Outlet:
        """What is wrong with an e-mail is found in the step."""
        from onebox.channels.email.letter import checked

        return Outlet(parts=checked, needs=(A_TEXT, ("subject",)))


class DiscordAccount(AccountSettings):
    """Posts messages to a webhook of a Discord channel."""

    webhook: SecretName
    """the name of the secret that holds the webhook's URL"""

    names_secrets: ClassVar[tuple[str, ...]] = ("webhook",)

    @property
    def outlet(self) -> Outlet:
        """A webhook belongs to one channel there."""
        from onebox.channels.discord.channel import parts

        return Outlet(recipient="discord", parts=parts, needs=(A_TEXT,))


class SlackAccount(AccountSettings):
    """Posts messages to an incoming webhook of a Slack channel."""

    webhook: SecretName
    """the name of the secret that holds the webhook's URL"""

    names_secrets: ClassVar[tuple[str, ...]] = ("webhook",)

    @property
    def outlet(self) -> Outlet:
        """A webhook belongs to one channel there."""
        from onebox.channels.slack.channel import parts

        return Outlet(recipient="slack", parts=parts, needs=(A_TEXT,))


class NotifyAccount(AccountSettings):
    """Hands messages to services that apprise knows."""

    url: SecretNames
    """the name of the secret that holds the service's URL, as apprise writes it; or a list of such names"""

    names_secrets: ClassVar[tuple[str, ...]] = ("url",)

    @property
    def outlet(self) -> Outlet:
        """How long a text may be is known once the secret is read: `NotifyChannel.outlet`."""
        return Outlet(recipient="notify", needs=(A_TEXT,))


CHANNELS: Mapping[str, type[AccountSettings]] = {
    "terminal": TerminalAccount,
    "telegram": TelegramAccount,
    "whatsapp": WhatsappAccount,
    "chat": ChatAccount,
    "webhook": WebhookAccount,
    "email": EmailAccount,
    "discord": DiscordAccount,
    "slack": SlackAccount,
    "notify": NotifyAccount,
}
"""What an account of each channel is told. A new channel adds its line here."""


def accounts_as_models(raw: Mapping[str, Any]) -> dict[str, AccountSettings]:
    """The accounts of settings that have no faults."""
    return {name: CHANNELS[name.partition("/")[0]].model_validate(given or {}) for name, given in raw.items()}


def account_problems(raw: Mapping[str, Any], written: Callable[[Location], str | None]) -> Iterator[Problem]:
    """What is wrong with accounts; locations begin with the account's name."""
    for name, given in raw.items():
        found = _NAME.fullmatch(name)
        if found is None or found[1] not in CHANNELS:
            yield Problem((name,), *_name_fault(name, found), at_key=True)
        else:
            yield from _settings_problems(name, CHANNELS[found[1]], {} if given is None else given, written)


def _name_fault(name: str, found: re.Match[str] | None) -> tuple[str, str]:
    known = ", ".join(CHANNELS)
    if found is None:
        return f"{name!r} is no account: expected channel/name", f"such as terminal/main; the channels are {known}"
    return f"{name!r}: there is no channel {found[1]!r}{did_you_mean(found[1], CHANNELS)}", f"the channels are {known}"


def _settings_problems(
    name: str, model: type[AccountSettings], given: Any, written: Callable[[Location], str | None]
) -> Iterator[Problem]:
    try:
        model.model_validate(given)
    except ValidationError as error:
        for found in problems(error, model, given, lambda location: written((name, *location))):
            yield Problem((name, *found.location), found.message, found.hint, at_key=found.at_key)
