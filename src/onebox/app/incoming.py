"""Builds what brings in what people write to an account. It is loaded when a box has such an account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.app.accounts import TelegramAccount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.accounts import AccountSettings
    from onebox.channels.telegram.receiver import TelegramReceiver
    from onebox.channels.telegram.webhook import TelegramWebhook
    from onebox.flows.book import FlowBook
    from onebox.kernel.clock import Clock
    from onebox.messaging.chat import Reception
    from onebox.messaging.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Incoming:
    """`sources` run for as long as the box does, by the name of their service; `endpoints` are called, by path."""

    sources: dict[str, TelegramReceiver | TelegramWebhook] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)


def build_incoming(
    accounts: Mapping[str, AccountSettings],
    *,
    secrets: Mapping[str, str],
    book: FlowBook,
    reception: Reception,
    clock: Clock,
) -> Incoming:
    """Of all accounts that people write to. A new channel adds its lines here."""
    made = Incoming()
    for name, account in accounts.items():
        if not isinstance(account, TelegramAccount):
            continue
        token = secrets[account.token]
        if account.public_url is None:
            made.sources[f"updates of {name}"] = _asking(name, account, token, book, reception, clock)
        else:
            path = f"/channels/{name}"
            called = _called(name, account, token, path, book, reception, clock)
            made.sources[f"updates of {name}"] = made.endpoints[path] = called
    return made


def _asking(
    name: str, account: TelegramAccount, token: str, book: FlowBook, reception: Reception, clock: Clock
) -> TelegramReceiver:
    from onebox.channels.telegram.api import BotApi
    from onebox.channels.telegram.receiver import TelegramReceiver

    return TelegramReceiver(account=name, api=BotApi(account.api, token), book=book, reception=reception, clock=clock)


def _called(
    name: str, account: TelegramAccount, token: str, path: str, book: FlowBook, reception: Reception, clock: Clock
) -> TelegramWebhook:
    from onebox.channels.telegram.api import BotApi
    from onebox.channels.telegram.webhook import TelegramWebhook, secret_of

    return TelegramWebhook(
        account=name,
        api=BotApi(account.api, token),
        book=book,
        reception=reception,
        clock=clock,
        address=f"{(account.public_url or '').rstrip('/')}{path}",
        secret=secret_of(token),
        connections=account.max_connections,
    )
