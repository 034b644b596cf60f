"""The accounts of a box: which channels there are, and what `box.yaml` may say of an account of each."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from onebox.channels.telegram.texts import parts as parts_for_telegram
from onebox.flows.definition.fields import FlowModel
from onebox.flows.definition.validate import Problem, problems
from onebox.kernel.nearest import did_you_mean
from onebox.messaging.channel import Outlet, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from onebox.flows.definition.document import Location

_IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]*$"
_NAME = re.compile(r"([a-z][a-z0-9_-]*)/([a-zA-Z0-9][a-zA-Z0-9_.-]*)")


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

    @property
    def secrets(self) -> dict[str, str]:
        """The names of the secrets that it needs, by setting."""
        return {key: name for key in self.names_secrets if (name := getattr(self, key)) is not None}

    @property
    def outlet(self) -> Outlet:
        """What `send` must know of it."""
        return Outlet()


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
    secret: Annotated[str, Field(pattern=_IDENTIFIER)]
    """the name of the secret to sign with: `whsec_` and base64"""

    names_secrets: ClassVar[tuple[str, ...]] = ("secret",)


class TelegramAccount(AccountSettings):
    """A bot: sends texts, and brings what is written to it to the flows with a `telegram` trigger."""

    token: Annotated[str, Field(pattern=_IDENTIFIER)]
    """the name of the secret with the bot's token, from @BotFather"""
    api: Annotated[str, AfterValidator(_http_url)] = "https://api.telegram.org"
    """another address, for a Bot API server of your own"""

    names_secrets: ClassVar[tuple[str, ...]] = ("token",)

    @property
    def outlet(self) -> Outlet:
        """Long texts are split."""
        return Outlet(parts=parts_for_telegram)


CHANNELS: Mapping[str, type[AccountSettings]] = {
    "telegram": TelegramAccount,
    "terminal": TerminalAccount,
    "webhook": WebhookAccount,
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
