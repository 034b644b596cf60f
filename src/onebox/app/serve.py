"""Serving a box: start, reload, stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

import structlog

from onebox.app.build import Box, build_box, web_settings
from onebox.app.flows import FlowFiles
from onebox.app.logs import set_up_logs
from onebox.app.masking import masker
from onebox.app.secrets import Vault
from onebox.app.settings import read_settings
from onebox.app.tables import look, make_tables
from onebox.dispatch.services import lasting
from onebox.dispatch.versions import keep_versions
from onebox.kernel.errors import OneboxError
from onebox.storage.opening import open_storage
from onebox.web.server import WebServer
from onebox.web.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from onebox.app.folder import BoxFolder
    from onebox.app.settings import BoxSettings
    from onebox.flows.records import Records
    from onebox.kernel.clock import Clock
    from onebox.storage.opening import Storage

log = structlog.get_logger("onebox")

_LOOK_AT_FILES = 1.0
_RUNS_GRACE = 4.0
_WEB_GRACE = 4.0
_SENDERS_GRACE = timedelta(seconds=4)
_READ_AGAIN = 5.0


class RunningBox:
    """A box that serves."""

    def __init__(self, box: Box, server: WebServer, host: str) -> None:
        self.box = box
        self._server = server
        self._host = host

    @property
    def url(self) -> str:
        """Where it can be called."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.port}"

    @property
    def records(self) -> Records:
        """What it keeps, for reading."""
        return self.box.storage.reader


@contextlib.asynccontextmanager
async def running_box(
    folder: BoxFolder,
    *,
    host: str | None = None,
    port: int | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    terminal: TextIO | None = None,
) -> AsyncIterator[RunningBox]:
    """Serves the box within. It listens at once, and answers 503 until it can store what comes."""
    environ = os.environ if environ is None else environ
    settings = read_settings(folder)
    secrets = Vault(folder, environ).read()
    set_up_logs(settings.log, masker(secrets))
    state = _State()
    host = host or settings.server.host
    first = Site(readiness=state.readiness)
    server = WebServer(first, host, settings.server.port if port is None else port, web_settings(settings))
    await server.start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        storage = await _open(folder, settings, secrets, state)
        stack.push_async_callback(storage.close)
        files = FlowFiles(folder, settings, secrets)
        box = build_box(
            folder=folder,
            settings=settings,
            secrets=secrets,
            storage=storage,
            compile_bundle=files.compile_bundle,
            readiness=state.readiness,
            clock=clock,
            terminal=terminal,
        )
        await _load_flows(files, box)
        services = await _start(box, files)
        _settle_memory()
        server.site = box.site
        state.value = None
        log.info("ready", box=settings.box, flows=len(box.book.flows), port=server.port)
        try:
            yield RunningBox(box, server, host)
        finally:
            state.value = "stopping"
            await _stop(box, server, services)
    log.info("stopped")


def run(folder: BoxFolder, *, host: str | None = None, port: int | None = None) -> int:
    """Serves a box until SIGTERM or SIGINT; a second one hurries. Returns the exit code."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_serve(folder, host, port))


async def _serve(folder: BoxFolder, host: str | None, port: int | None) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def asked_to_stop() -> None:
        if stop.is_set():
            os._exit(1)  # what is acknowledged is stored: the next start goes on from there
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop)
    starting = asyncio.create_task(stop.wait())
    serving = asyncio.create_task(_until(folder, host, port, stop))
    await asyncio.wait({starting, serving}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    await serving
    return 0


async def _until(folder: BoxFolder, host: str | None, port: int | None, stop: asyncio.Event) -> None:
    async with running_box(folder, host=host, port=port):
        await stop.wait()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on Windows
        return None
    return uvloop.new_event_loop


def _settle_memory() -> None:
    """What was loaded stays for good: the collector need not look at it again and again, which would show as pauses."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)  # a larger youngest generation showed as pauses of its own


class _State:
    """Why the box does not take events; None: it does."""

    def __init__(self) -> None:
        self.value: str | None = "starting"

    def readiness(self) -> str | None:
        return self.value


async def _open(folder: BoxFolder, settings: BoxSettings, secrets: Mapping[str, str], state: _State) -> Storage:
    """Opens what the box keeps. A database without any tables gets them, with those of tables/; one of another version,
    or one that lacks files of tables/, is refused."""
    folder.prepare()
    where = settings.database(folder, secrets)
    todo = await look(folder, where)
    if todo.version is None:
        state.value = "migrating"
        await make_tables(folder, where)
        state.value = "starting"
    elif todo.tables_are_current:
        todo.standing.refuse_waiting(str(folder))
    for name in todo.standing.gone:
        log.warning("table_file_gone", name=name)
    return await open_storage(where, own=True, box=folder.path)


async def _load_flows(files: FlowFiles, box: Box) -> None:
    """Reads what changed. A flow that is broken goes on as it was last good."""
    loaded = await asyncio.to_thread(files.read, box.book.flows)
    for fault in loaded.faults:
        log.error("flow_broken", fault=str(fault))
    known = {flow.version for flow in box.book.flows.values()}
    await keep_versions(box.storage.ledger, [one for one in loaded.flows if one.version not in known], box.clock.now())
    box.book.replace(loaded.flows)
    files.came_into_force()


async def _reload(files: FlowFiles, box: Box) -> None:
    while True:
        await asyncio.sleep(_LOOK_AT_FILES)
        try:
            if await asyncio.to_thread(files.changed):
                await _load_flows(files, box)
                log.info("flows_read", flows=len(box.book.flows))
        except (OneboxError, OSError) as error:  # the flows go on as they are
            log.error("flows_not_read", why=str(error))  # noqa: TRY400 - the sentence says it all
            await asyncio.sleep(_READ_AGAIN)


async def _start(box: Box, files: FlowFiles) -> list[asyncio.Task[None]]:
    await box.engine.start()
    services: dict[str, Callable[[], Awaitable[None]]] = {
        "requests": box.requests.run,
        "retention": box.retention.run,
        "schedules": box.schedules.run,
        "reload": lambda: _reload(files, box),
        **{name: source.run for name, source in box.sources.items()},
        **{name: sender.run for name, sender in box.senders.items()},
    }
    return [asyncio.create_task(lasting(name, service), name=name) for name, service in services.items()]


async def _stop(box: Box, server: WebServer, services: Sequence[asyncio.Task[None]]) -> None:
    """Takes nothing more, lets what runs finish or parks it, and closes every session."""
    ours = [task for task in services if task.get_name() not in box.senders]
    for task in ours:
        task.cancel()
    senders = (sender.stop(within=_SENDERS_GRACE) for sender in box.senders.values())
    await asyncio.gather(server.stop(_WEB_GRACE), box.engine.stop(grace=_RUNS_GRACE), *senders)
    for task in services:  # a sender's service may be in the pause after a failure
        task.cancel()
    await asyncio.gather(*services, return_exceptions=True)
    await asyncio.gather(*(source.close() for source in box.sources.values()))
    await box.connectors.close()
