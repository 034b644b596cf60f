"""Builds what brings in what people write to an account. It is loaded when a box has such an account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.app.accounts import TelegramAccount
from onebox.app.webhooks import build_endpoint

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
    """Of all accounts that people write to. A new channel that asks for what people write adds its line here, one that
    is called adds it to `build_endpoint`."""
    made = Incoming()
    for name, account in accounts.items():
        if isinstance(account, TelegramAccount):
            _add_bot(made, name, account, secrets[account.token], book, reception, clock)
        elif called := build_endpoint(name, accounts, secrets=secrets, reception=reception, clock=clock):
            made.endpoints[f"/channels/{name}"] = called
    return made


def _add_bot(
    made: Incoming,
    name: str,
    account: TelegramAccount,
    token: str,
    book: FlowBook,
    reception: Reception,
    clock: Clock,
) -> None:
    from onebox.channels.telegram.api import BotApi

    service, path, api = f"updates of {name}", f"/channels/{name}", BotApi(account.api, token)
    if account.public_url is None:
        from onebox.channels.telegram.receiver import TelegramReceiver

        made.sources[service] = TelegramReceiver(account=name, api=api, book=book, reception=reception, clock=clock)
        return
    from onebox.channels.telegram.webhook import TelegramWebhook, secret_of

    called = TelegramWebhook(
        account=name,
        api=api,
        book=book,
        reception=reception,
        clock=clock,
        address=f"{account.public_url.rstrip('/')}{path}",
        secret=secret_of(token),
        connections=account.max_connections,
    )
    made.sources[service] = made.endpoints[path] = called
