"""The composition root: which parts a box is made of, and how they know each other."""

from __future__ import annotations

import os
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from onebox.app.accounts import TerminalAccount, WebhookAccount
from onebox.app.clock import SystemClock
from onebox.app.masking import masker
from onebox.channels.terminal.channel import TerminalChannel
from onebox.channels.webhook.channel import WebhookChannel
from onebox.connectors.code.connector import PythonConnector
from onebox.connectors.http.connector import HttpConnector
from onebox.connectors.sql.connector import SqlConnector
from onebox.dispatch.boxsql import BoxSql
from onebox.dispatch.effects import Effects
from onebox.dispatch.engine import Engine
from onebox.dispatch.requests import Requests
from onebox.dispatch.responses import WaitingCallers
from onebox.dispatch.retention import Retention
from onebox.dispatch.schedules import Schedules
from onebox.dispatch.versions import Versions
from onebox.dispatch.writings import Writings
from onebox.flows.book import FlowBook
from onebox.kernel.encoding import dump
from onebox.kernel.ids import Ids
from onebox.messaging.event import Event, StoreEvent
from onebox.messaging.inbox import Inbox
from onebox.messaging.sender import Sender
from onebox.web.settings import WebSettings
from onebox.web.site import Site, build_web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onebox.app.accounts import AccountSettings
    from onebox.app.folder import BoxFolder
    from onebox.app.settings import BoxSettings
    from onebox.flows.plan import Flow
    from onebox.kernel.clock import Clock
    from onebox.messaging.channel import Channel
    from onebox.messaging.message import Message
    from onebox.storage.opening import Storage

_HTTP_KINDS = ("http.get", "http.post", "http.put", "http.patch", "http.delete", "http.head")
MESSAGE_FAILED = "message.failed"


@dataclass(slots=True)
class Box:
    """The parts of a box that have a life of their own."""

    settings: BoxSettings
    storage: Storage
    book: FlowBook
    engine: Engine
    inbox: Inbox
    site: Site
    requests: Requests
    retention: Retention
    schedules: Schedules
    channels: Mapping[str, Channel]
    senders: Mapping[str, Sender]
    http: HttpConnector
    sql: SqlConnector
    code: PythonConnector
    clock: Clock


def build_box(
    *,
    folder: BoxFolder,
    settings: BoxSettings,
    secrets: Mapping[str, str],
    storage: Storage,
    compile_bundle: Callable[[str], Flow],
    readiness: Callable[[], str | None],
    clock: Clock | None = None,
    terminal: TextIO | None = None,
) -> Box:
    """Makes the parts and joins them. Nothing is started, nothing is connected.

    `terminal` is what accounts of the terminal channel print on; without it, stdout.
    """
    clock = clock or SystemClock()
    # Ids are no secrets: a generator that is seeded once spares a system call for each.
    ids = Ids(clock, random.Random(os.urandom(32)).randbytes)  # noqa: S311
    mask = masker(secrets)
    book = FlowBook()
    http = HttpConnector(secrets=secrets, clock=clock, connections=settings.http.connections)
    sql = SqlConnector(databases=settings.databases, secrets=secrets, folder=folder.path)
    code = PythonConnector(folder=folder.code, most=settings.code.workers)
    callers = WaitingCallers(storage.reader)
    senders: dict[str, Sender] = {}
    accounts = settings.accounts
    writings = Writings(
        accounts=accounts, starts=lambda event: engine.consequences(event), mask=mask, clock=clock, ids=ids
    )
    engine = Engine(
        ledger=storage.ledger,
        reader=storage.reader,
        records=storage.reader,
        book=book,
        versions=Versions(book, storage.reader, compile_bundle),
        effects=Effects(
            handlers={**dict.fromkeys(_HTTP_KINDS, http), "sql": sql, "python": code},
            writings=writings.all(),
            recordings={"sql": BoxSql(storage.ledger, storage.reader, mask)},
            mask=mask,
            clock=clock,
        ),
        callers=callers,
        clock=clock,
        ids=ids,
        variables=settings.vars,
        secrets=secrets,
        queued=lambda account: senders[account].wake(),
        capacity=settings.limits.concurrency,
    )
    inbox = Inbox(
        ledger=storage.ledger, clock=clock, ids=ids, subscribers=engine, backlog_limit=settings.limits.backlog
    )

    async def tell_of_failed(message: Message, reason: str) -> None:
        told = _failed_message_event(message, reason, clock, ids)
        changes = [StoreEvent(told, engine.consequences(told))]
        if book.waiting_for(MESSAGE_FAILED):
            engine.announce(changes, await storage.ledger.commit(changes))

    channels = {name: _channel(name, account, secrets, clock, terminal or sys.stdout) for name, account in accounts.items()}
    for name, channel in channels.items():
        senders[name] = Sender(
            account=name,
            channel=channel,
            reader=storage.reader,
            ledger=storage.ledger,
            clock=clock,
            on_failed=tell_of_failed,
        )
    site = build_web(
        inbox,
        book,
        secrets=secrets,
        responses=callers,
        clock=clock,
        settings=web_settings(settings),
        readiness=readiness,
    )
    return Box(
        settings=settings,
        storage=storage,
        book=book,
        engine=engine,
        inbox=inbox,
        site=site,
        requests=Requests(engine, book, clock, ids),
        retention=Retention(storage.ledger, book, clock, settings.keep),
        schedules=Schedules(book=book, inbox=inbox, reader=storage.reader, ledger=storage.ledger, clock=clock),
        channels=channels,
        senders=senders,
        http=http,
        sql=sql,
        code=code,
        clock=clock,
    )


def web_settings(settings: BoxSettings) -> WebSettings:
    """What `box.yaml` says of the web."""
    return WebSettings(body_limit=settings.limits.body, trusted_proxies=tuple(settings.server.trusted_proxies))


def _channel(name: str, account: AccountSettings, secrets: Mapping[str, str], clock: Clock, terminal: TextIO) -> Channel:
    """The channel of an account. A new channel adds its line here."""
    pace = account.pace.as_pace() if account.pace else None
    if isinstance(account, WebhookAccount):
        return WebhookChannel(account=name, url=account.url, secret=secrets[account.secret], clock=clock, pace=pace)
    assert isinstance(account, TerminalAccount)
    return TerminalChannel(terminal)


def _failed_message_event(message: Message, reason: str, clock: Clock, ids: Ids) -> Event:
    data = {
        "message": {
            "id": message.id,
            "account": message.account,
            "recipient": message.recipient,
            "content": dict(message.content),
            "run": message.run_id,
        },
        "reason": reason,
    }
    return Event(ids.new(), "outbox", MESSAGE_FAILED, clock.now(), data, dump(data), key=message.id)
