"""Builds the channel of each account. What a channel needs is loaded when a box has an account of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from onebox.app.accounts import (
    ChatAccount,
    DiscordAccount,
    EmailAccount,
    NotifyAccount,
    SlackAccount,
    TelegramAccount,
    TerminalAccount,
    WebhookAccount,
    WhatsappAccount,
)
from onebox.app.chats import last_heard_in
from onebox.channels.terminal.channel import TerminalChannel
from onebox.channels.webhook.channel import WebhookChannel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from onebox.app.accounts import AccountSettings
    from onebox.app.folder import BoxFolder
    from onebox.channels.chat.channel import ChatChannel
    from onebox.channels.email.channel import EmailChannel
    from onebox.channels.notify.channel import NotifyChannel
    from onebox.channels.telegram.channel import TelegramChannel
    from onebox.channels.whatsapp.channel import WhatsappChannel
    from onebox.kernel.clock import Clock
    from onebox.messaging.channel import Channel, Pace
    from onebox.storage.opening import Storage


def build_channel(
    name: str,
    account: AccountSettings,
    *,
    folder: BoxFolder,
    secrets: Mapping[str, str],
    storage: Storage,
    clock: Clock,
    terminal: TextIO,
) -> Channel:
    """The channel of an account whose settings have no faults. A new channel adds its line here."""
    pace = account.pace.as_pace() if account.pace else None
    match account:
        case WebhookAccount(url=url, secret=secret):
            return WebhookChannel(account=name, url=url, secret=secrets[secret], clock=clock, pace=pace)
        case EmailAccount():
            return _email(name, account, pace, folder, secrets, clock)
        case DiscordAccount(webhook=webhook):
            from onebox.channels.discord.channel import DiscordChannel

            return DiscordChannel(account=name, url=secrets[webhook], clock=clock, pace=pace)
        case SlackAccount(webhook=webhook):
            from onebox.channels.slack.channel import SlackChannel

            return SlackChannel(account=name, url=secrets[webhook], clock=clock, pace=pace)
        case TelegramAccount():
            return _telegram(name, account, folder, secrets, storage, clock)
        case WhatsappAccount():
            return _whatsapp(name, account, folder, secrets, storage, clock)
        case ChatAccount():
            return _chat(name, account, folder, storage, clock)
        case NotifyAccount():
            return _notify(name, account, pace, secrets)
    assert isinstance(account, TerminalAccount)
    return TerminalChannel(terminal)


def _chat(name: str, account: ChatAccount, folder: BoxFolder, storage: Storage, clock: Clock) -> ChatChannel:
    from onebox.channels.chat.channel import PACE, ChatChannel
    from onebox.channels.chat.rooms import Rooms

    return ChatChannel(
        account=name,
        ledger=storage.ledger,
        rooms=Rooms(clock),
        files=folder.files,
        receipts=storage.reader.receipt,
        clock=clock,
        pace=account.pace.over(PACE) if account.pace else PACE,
    )


def _email(
    name: str,
    account: EmailAccount,
    pace: Pace | None,
    folder: BoxFolder,
    secrets: Mapping[str, str],
    clock: Clock,
) -> EmailChannel:
    from onebox.channels.email.addresses import read_mailbox
    from onebox.channels.email.channel import EmailChannel
    from onebox.channels.email.connections import Server

    sender = read_mailbox(account.from_)
    server = Server(
        host=account.host,
        own_name=sender.domain,
        port=account.port,
        security=account.security,
        user=account.user,
        password=secrets[account.password] if account.password else None,
        timeout=account.timeout.total_seconds(),
        ca_file=folder.path / account.ca_file if account.ca_file else None,
    )
    return EmailChannel(
        account=name,
        server=server,
        sender=sender,
        reply_to=[read_mailbox(account.reply_to)] if account.reply_to else [],
        files=folder.files,
        clock=clock,
        pace=pace,
    )


def _telegram(
    name: str,
    account: TelegramAccount,
    folder: BoxFolder,
    secrets: Mapping[str, str],
    storage: Storage,
    clock: Clock,
) -> TelegramChannel:
    from onebox.channels.telegram.api import BotApi
    from onebox.channels.telegram.channel import PACE, TelegramChannel

    return TelegramChannel(
        account=name,
        api=BotApi(account.api, secrets[account.token]),
        clock=clock,
        pace=account.pace.over(PACE) if account.pace else PACE,
        files=folder.files,
        payments=secrets[account.payments] if account.payments else None,
        receipts=storage.reader.receipt,
    )


def _whatsapp(
    name: str,
    account: WhatsappAccount,
    folder: BoxFolder,
    secrets: Mapping[str, str],
    storage: Storage,
    clock: Clock,
) -> WhatsappChannel:
    from onebox.channels.whatsapp.api import GraphApi
    from onebox.channels.whatsapp.channel import PACE, WhatsappChannel

    return WhatsappChannel(
        account=name,
        api=GraphApi(account.api, account.number, secrets[account.token]),
        files=folder.files,
        clock=clock,
        last_heard=partial(last_heard_in(storage), name),
        pace=account.pace.over(PACE) if account.pace else PACE,
    )


def _notify(name: str, account: NotifyAccount, pace: Pace | None, secrets: Mapping[str, str]) -> NotifyChannel:
    from onebox.channels.notify.channel import NotifyChannel

    named = [account.url] if isinstance(account.url, str) else account.url
    return NotifyChannel(account=name, urls={secret: secrets[secret] for secret in named}, pace=pace)
