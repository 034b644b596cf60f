"""The composition root: which parts a box is made of, and how they know each other."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from onebox.app.accounts import ChatAccount, ChatSettings
from onebox.app.bots import build_bots
from onebox.app.chats import build_reception, chat_page
from onebox.app.clock import SystemClock
from onebox.app.masking import masker
from onebox.app.outgoing import build_channel
from onebox.app.plain_settings import plain_settings
from onebox.app.secrets import Vault
from onebox.app.senders import Failures, Senders
from onebox.app.webhooks import build_endpoint
from onebox.connectors.code.connector import PythonConnector
from onebox.connectors.feeds.documents import Documents
from onebox.connectors.feeds.fetching import Fetcher
from onebox.connectors.feeds.poller import FeedPoller
from onebox.connectors.http.connector import HttpConnector
from onebox.connectors.media.connector import MediaConnector
from onebox.connectors.sql.connector import SqlConnector
from onebox.dispatch.boxsql import BoxSql
from onebox.dispatch.broadcasts import BroadcastRequests
from onebox.dispatch.effects import Effects
from onebox.dispatch.engine import Engine
from onebox.dispatch.requests import Requests
from onebox.dispatch.responses import WaitingCallers
from onebox.dispatch.retention import Retention
from onebox.dispatch.schedules import Schedules
from onebox.dispatch.sendings import Sendings
from onebox.dispatch.versions import Versions
from onebox.dispatch.writings import Writings
from onebox.flows.book import FlowBook
from onebox.kernel.ids import Ids
from onebox.messaging.inbox import Inbox
from onebox.storage.files import FilesFolder
from onebox.web.settings import WebSettings
from onebox.web.site import Site, build_web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onebox.app.folder import BoxFolder
    from onebox.app.settings import BoxSettings
    from onebox.dispatch.requests import Answering
    from onebox.flows.handlers import Handler
    from onebox.flows.plan import Flow
    from onebox.kernel.clock import Clock
    from onebox.messaging.channel import Channel, Outlet
    from onebox.messaging.endpoint import Endpoint
    from onebox.messaging.message import Message
    from onebox.messaging.reception import ChatReception
    from onebox.messaging.sender import Sender
    from onebox.storage.opening import Storage

_HTTP_KINDS = ("http.get", "http.post", "http.put", "http.patch", "http.delete", "http.head")


@dataclass(frozen=True, slots=True)
class Connectors:
    """What flows may call."""

    http: HttpConnector
    sql: SqlConnector
    code: PythonConnector
    media: MediaConnector

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
    files = FilesFolder(folder.files)
    channels = _channels(ground, terminal or sys.stdout)
    connectors = _connectors(ground, channels, files)
    callers = WaitingCallers(storage.reader)
    outlets = _outlets(settings, channels)
    senders = Senders()
    engine = _engine(
        ground,
        connectors,
        callers,
        accounts=outlets,
        compile_bundle=compile_bundle,
        queued=senders.wake,
        requeued=senders.look_again,
    )
    failures = Failures(ground.book, engine, clock, ids)
    senders.build(settings.accounts, channels, storage=storage, clock=clock, on_failed=failures.tell)
    inbox = Inbox(
        ledger=storage.ledger, clock=clock, ids=ids, subscribers=engine, backlog_limit=settings.limits.backlog
    )
    reception = _reception(ground, inbox, senders, failures)
    bots = build_bots(settings.accounts, secrets=secrets, book=ground.book, reception=reception, clock=clock)
    endpoints = {**_endpoints(ground, reception, channels, files), **bots.endpoints}
    return Box(
        settings=settings,
        storage=storage,
        book=ground.book,
        engine=engine,
        inbox=inbox,
        site=_site(ground, inbox, callers, files, readiness, endpoints),
        requests=Requests(
            engine, ground.book, clock, ids, in_force=_in_force(ground), more=_more_requests(ground, engine, outlets)
        ),
        retention=_retention(ground, files),
        schedules=Schedules(book=ground.book, inbox=inbox, reader=storage.reader, ledger=storage.ledger, clock=clock),
        sources={"feeds": _feeds(ground, inbox), **bots.sources},
        senders=senders.by_account,
        connectors=connectors,
        clock=clock,
    )


def _reception(ground: _Ground, inbox: Inbox, senders: Senders, failures: Failures) -> ChatReception:
    accounts = ground.settings.accounts.items()
    return build_reception(
        inbox=inbox,
        storage=ground.storage,
        book=ground.book,
        clock=ground.clock,
        gates={name: account.throttle.gate() for name, account in accounts if isinstance(account, ChatSettings)},
        queued=senders.wake,
        tell_of_failed=failures.tell,
    )


def _more_requests(ground: _Ground, engine: Engine, outlets: Mapping[str, Outlet]) -> dict[str, Answering]:
    sendings = Sendings(outlets, ground.clock, ground.ids)
    broadcasts = BroadcastRequests(sendings, ground.storage.reader, ground.clock, engine.commit)
    return {**broadcasts.all(), **_bookings(ground, engine)}


def _bookings(ground: _Ground, engine: Engine) -> dict[str, Answering]:
    """A box without a salon does not load what books."""
    if not ground.folder.booking.exists():
        return {}
    from onebox.app.salons import SalonFile
    from onebox.dispatch.bookings import BookingRequests

    salon = SalonFile(ground.folder, ground.settings.timezone)
    return BookingRequests(salon, ground.storage.reader.appointments, engine, ground.clock, ground.ids).all()


def _in_force(ground: _Ground) -> dict[str, Any]:
    """What counts until the next start, whatever becomes of the files meanwhile."""
    return {"settings": plain_settings(ground.settings), "secrets": Vault(ground.folder, {}).marks()}


def _endpoints(
    ground: _Ground, reception: ChatReception, channels: Mapping[str, Channel], files: FilesFolder
) -> dict[str, Endpoint]:
    """What channels serve to the world, by path."""
    accounts = ground.settings.accounts
    hooks = {
        name: build_endpoint(name, accounts, secrets=ground.secrets, reception=reception, clock=ground.clock)
        for name in accounts
    }
    pages = {
        f"/{name}": chat_page(
            name,
            account,
            channel=channels[name],
            reception=reception,
            storage=ground.storage,
            files=files,
            folder=ground.folder.files,
            clock=ground.clock,
            new_id=ground.ids.new,
        )
        for name, account in accounts.items()
        if isinstance(account, ChatAccount)
    }
    return {**pages, **{f"/channels/{name}": hook for name, hook in hooks.items() if hook is not None}}


def _site(
    ground: _Ground,
    inbox: Inbox,
    callers: WaitingCallers,
    files: FilesFolder,
    readiness: Callable[[], str | None],
    endpoints: Mapping[str, Endpoint],
) -> Site:
    return build_web(
        inbox,
        ground.book,
        secrets=ground.secrets,
        responses=callers,
        clock=ground.clock,
        settings=web_settings(ground.settings),
        files=files,
        readiness=readiness,
        endpoints=endpoints,
    )


def _retention(ground: _Ground, files: FilesFolder) -> Retention:
    storage = ground.storage

    async def is_kept(event_id: str) -> bool:
        return await storage.reader.event(event_id) is not None

    return Retention(
        storage.ledger, ground.book, ground.clock, ground.settings.keep, sweep=lambda: files.sweep(is_kept)
    )


def _feeds(ground: _Ground, inbox: Inbox) -> FeedPoller:
    return FeedPoller(
        book=ground.book,
        inbox=inbox,
        reader=ground.storage.reader,
        clock=ground.clock,
        fetcher=Fetcher(box=ground.settings.box, clock=ground.clock),
        documents=Documents(),
    )


def _connectors(ground: _Ground, channels: Mapping[str, Channel], files: FilesFolder) -> Connectors:
    settings, secrets = ground.settings, ground.secrets
    fetchers = {name: channel.fetch for name, channel in channels.items() if hasattr(channel, "fetch")}
    return Connectors(
        http=HttpConnector(secrets=secrets, clock=ground.clock, connections=settings.http.connections),
        sql=SqlConnector(databases=settings.databases, secrets=secrets, folder=ground.folder.path),
        code=PythonConnector(folder=ground.folder.code, most=settings.code.workers),
        media=MediaConnector(fetchers, files),
    )


def _engine(
    ground: _Ground,
    connectors: Connectors,
    callers: WaitingCallers,
    *,
    accounts: Mapping[str, Outlet],
    compile_bundle: Callable[[str], Flow],
    queued: Callable[[Message], None],
    requeued: Callable[[str], None],
) -> Engine:
    storage, mask, clock = ground.storage, ground.mask, ground.clock
    writings = Writings(
        accounts=accounts,
        starts=lambda event: engine.consequences(event),  # noqa: PLW0108 - the engine is made below
        mask=mask,
        clock=clock,
        ids=ground.ids,
    )
    handlers: dict[str, Handler] = {
        **dict.fromkeys(_HTTP_KINDS, connectors.http),
        "sql": connectors.sql,
        "python": connectors.code,
        "download": connectors.media,
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
        requeued=requeued,
        capacity=ground.settings.limits.concurrency,
    )
    return engine


def web_settings(settings: BoxSettings) -> WebSettings:
    """What `box.yaml` says of the web."""
    return WebSettings(body_limit=settings.limits.body, trusted_proxies=tuple(settings.server.trusted_proxies))


def _channels(ground: _Ground, terminal: TextIO) -> dict[str, Channel]:
    return {
        name: build_channel(
            name,
            account,
            folder=ground.folder,
            secrets=ground.secrets,
            storage=ground.storage,
            clock=ground.clock,
            terminal=terminal,
        )
        for name, account in ground.settings.accounts.items()
    }


def _outlets(settings: BoxSettings, channels: Mapping[str, Channel]) -> dict[str, Outlet]:
    """What `send` must know of each account. A channel that says it itself knows what its secrets say."""
    return {name: getattr(channels[name], "outlet", outlet) for name, outlet in settings.outlets.items()}
