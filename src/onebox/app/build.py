"""The composition root: which parts a box is made of, and how they know each other."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from onebox.app.accounts import TerminalAccount, WebhookAccount
from onebox.app.clock import SystemClock
from onebox.app.masking import masker
from onebox.app.plain_settings import plain_settings
from onebox.app.secrets import Vault
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
    from onebox.flows.handlers import Handler
    from onebox.flows.plan import Flow
    from onebox.kernel.clock import Clock
    from onebox.messaging.channel import Channel
    from onebox.messaging.message import Message
    from onebox.storage.opening import Storage

_HTTP_KINDS = ("http.get", "http.post", "http.put", "http.patch", "http.delete", "http.head")
MESSAGE_FAILED = "message.failed"


@dataclass(frozen=True, slots=True)
class Connectors:
    """What flows may call."""

    http: HttpConnector
    sql: SqlConnector
    code: PythonConnector

    async def close(self) -> None:
        """Closes every session."""
        await asyncio.gather(self.http.close(), self.sql.close(), self.code.close())


class Source(Protocol):
    """What fetches events from outside, for as long as the box runs."""

    async def run(self) -> None:
        """For ever; what it raises is logged, and it is begun again."""
        ...

    def poke(self) -> None:
        """The clock was moved: look again."""
        ...

    async def close(self) -> None:
        """Closes its sessions, after `run` was cancelled."""
        ...


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
    sources: Mapping[str, Source]
    senders: Mapping[str, Sender]
    connectors: Connectors
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all parts stand on."""

    folder: BoxFolder
    settings: BoxSettings
    secrets: Mapping[str, str]
    storage: Storage
    clock: Clock
    ids: Ids
    book: FlowBook
    mask: Callable[[Any], Any]


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
    ground = _Ground(folder, settings, secrets, storage, clock, ids, FlowBook(), masker(secrets))
    connectors = _connectors(ground)
    callers = WaitingCallers(storage.reader)
    senders: dict[str, Sender] = {}
    engine = _engine(
        ground, connectors, callers, compile_bundle=compile_bundle, queued=lambda account: senders[account].wake()
    )
    senders.update(_senders(ground, engine, terminal or sys.stdout))
    inbox = Inbox(
        ledger=storage.ledger, clock=clock, ids=ids, subscribers=engine, backlog_limit=settings.limits.backlog
    )
    site = build_web(
        inbox,
        ground.book,
        secrets=secrets,
        responses=callers,
        clock=clock,
        settings=web_settings(settings),
        readiness=readiness,
    )
    return Box(
        settings=settings,
        storage=storage,
        book=ground.book,
        engine=engine,
        inbox=inbox,
        site=site,
        requests=Requests(engine, ground.book, clock, ids, in_force=_in_force(ground)),
        retention=Retention(storage.ledger, ground.book, clock, settings.keep),
        schedules=Schedules(book=ground.book, inbox=inbox, reader=storage.reader, ledger=storage.ledger, clock=clock),
        sources=_sources(ground, inbox),
        senders=senders,
        connectors=connectors,
        clock=clock,
    )


def _in_force(ground: _Ground) -> dict[str, Any]:
    """What counts until the next start, whatever becomes of the files meanwhile."""
    return {"settings": plain_settings(ground.settings), "secrets": Vault(ground.folder, {}).marks()}


def _sources(_ground: _Ground, _inbox: Inbox) -> dict[str, Source]:
    """What fetches events, by the name of its service. A new one adds its line here."""
    return {}


def _connectors(ground: _Ground) -> Connectors:
    settings, secrets = ground.settings, ground.secrets
    return Connectors(
        http=HttpConnector(secrets=secrets, clock=ground.clock, connections=settings.http.connections),
        sql=SqlConnector(databases=settings.databases, secrets=secrets, folder=ground.folder.path),
        code=PythonConnector(folder=ground.folder.code, most=settings.code.workers),
    )


def _engine(
    ground: _Ground,
    connectors: Connectors,
    callers: WaitingCallers,
    *,
    compile_bundle: Callable[[str], Flow],
    queued: Callable[[str], None],
) -> Engine:
    storage, mask, clock = ground.storage, ground.mask, ground.clock
    writings = Writings(
        accounts=ground.settings.outlets,
        starts=lambda event: engine.consequences(event),  # noqa: PLW0108 - the engine is made below
        mask=mask,
        clock=clock,
        ids=ground.ids,
    )
    handlers: dict[str, Handler] = {
        **dict.fromkeys(_HTTP_KINDS, connectors.http),
        "sql": connectors.sql,
        "python": connectors.code,
    }
    recordings = {"sql": BoxSql(storage.ledger, storage.reader, mask)}
    engine = Engine(
        ledger=storage.ledger,
        reader=storage.reader,
        records=storage.reader,
        book=ground.book,
        versions=Versions(ground.book, storage.reader, compile_bundle),
        effects=Effects(handlers, writings.all(), recordings, mask, clock),
        callers=callers,
        clock=clock,
        ids=ground.ids,
        variables=ground.settings.vars,
        secrets=ground.secrets,
        queued=queued,
        capacity=ground.settings.limits.concurrency,
    )
    return engine


def _senders(ground: _Ground, engine: Engine, terminal: TextIO) -> dict[str, Sender]:
    async def tell_of_failed(message: Message, reason: str) -> None:
        if ground.book.knows(MESSAGE_FAILED):
            told = _failed_message_event(message, reason, ground.clock, ground.ids)
            await engine.commit([StoreEvent(told, engine.consequences(told))])

    return {
        name: Sender(
            account=name,
            channel=_channel(name, account, ground, terminal),
            reader=ground.storage.reader,
            ledger=ground.storage.ledger,
            clock=ground.clock,
            on_failed=tell_of_failed,
        )
        for name, account in ground.settings.accounts.items()
    }


def web_settings(settings: BoxSettings) -> WebSettings:
    """What `box.yaml` says of the web."""
    return WebSettings(body_limit=settings.limits.body, trusted_proxies=tuple(settings.server.trusted_proxies))


def _channel(name: str, account: AccountSettings, ground: _Ground, terminal: TextIO) -> Channel:
    """The channel of an account. A new channel adds its line here."""
    pace = account.pace.as_pace() if account.pace else None
    if isinstance(account, WebhookAccount):
        secret = ground.secrets[account.secret]  # the settings were checked for it
        return WebhookChannel(account=name, url=account.url, secret=secret, clock=ground.clock, pace=pace)
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
