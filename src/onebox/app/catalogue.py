"""The kinds of steps and triggers that a box knows: the one place where a new one is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.channels.chat.trigger import chat_trigger
from onebox.channels.telegram.trigger import telegram_trigger
from onebox.channels.whatsapp.trigger import whatsapp_trigger
from onebox.connectors.code.arguments import python_kind
from onebox.connectors.feeds.settings import feed_trigger
from onebox.connectors.http.arguments import http_kinds
from onebox.connectors.media.connector import download_kind
from onebox.connectors.sql.arguments import sql_kind
from onebox.dispatch.booking_trigger import booking_trigger
from onebox.flows.kinds import Catalogue
from onebox.flows.native import native_steps, native_triggers
from onebox.flows.schedule import schedule_trigger
from onebox.web.form.trigger import form_trigger
from onebox.web.webhook import webhook_trigger

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from onebox.flows.kinds import StepKind, TriggerKind
    from onebox.messaging.channel import Outlet


def catalogue(
    code: Path | None = None,
    *,
    accounts: Mapping[str, Outlet] | None = None,
    databases: Collection[str] | None = None,
    secrets: Collection[str] | None = None,
) -> Catalogue:
    """All of them, by name. Where a box's Python functions are looked for, its accounts, and the names of its
    databases and secrets, are given to find wrong ones before anything runs."""
    steps: list[StepKind] = [
        *native_steps(accounts),
        *http_kinds(secrets),
        sql_kind(databases),
        python_kind(code),
        download_kind(),
    ]
    triggers: list[TriggerKind] = [
        *native_triggers(),
        schedule_trigger(),
        webhook_trigger(),
        form_trigger(),
        feed_trigger(),
        telegram_trigger(accounts),
        whatsapp_trigger(accounts),
        chat_trigger(accounts),
        booking_trigger(),
    ]
    return Catalogue({kind.name: kind for kind in steps}, {kind.name: kind for kind in triggers})
