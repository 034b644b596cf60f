"""Builds what brings in the updates of bots: it asks Telegram, or is called. Its parts are loaded for boxes that have
a bot."""

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
class Bots:
    """`sources` run for as long as the box does, by the name of their service; `endpoints` are called, by path."""

    sources: dict[str, TelegramReceiver | TelegramWebhook] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)


def build_bots(
    accounts: Mapping[str, AccountSettings],
    *,
    secrets: Mapping[str, str],
    book: FlowBook,
    reception: Reception,
    clock: Clock,
) -> Bots:
    """Of all accounts of Telegram."""
    made = Bots()
    for name, account in accounts.items():
        if isinstance(account, TelegramAccount):
            _add_bot(made, name, account, secrets[account.token], book, reception, clock)
    return made


def _add_bot(
    made: Bots,
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
