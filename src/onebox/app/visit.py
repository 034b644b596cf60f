"""A look into a box from beside it: what it keeps is read, and what is wanted of it is filed as a request."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from onebox.app.clock import SystemClock
from onebox.app.masking import masker
from onebox.app.secrets import Vault
from onebox.app.settings import BoxSettings, read_settings
from onebox.app.tables import make_tables
from onebox.flows.run import FileRequest
from onebox.flows.testing.judging import stand_in
from onebox.kernel.ids import Ids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from onebox.app.folder import BoxFolder
    from onebox.booking.desk import Desk
    from onebox.flows.feeds import FeedReader
    from onebox.flows.records import Records
    from onebox.messaging.broadcast import BroadcastReader
    from onebox.storage.opening import Storage

BOOKING_PATIENCE = 6.0
"""seconds in which a box that runs has booked, or let the request lapse (`dispatch.bookings.FRESH`)"""
_LOOK = 0.05
"""seconds between two looks for an answer"""


@dataclass(frozen=True)
class Visit:
    """An open box that another process may run. `mask` takes secrets out of what is shown; `disguise` puts in their
    place what they are in tests. `secrets` are their names."""

    folder: BoxFolder
    settings: BoxSettings
    records: Records
    mask: Callable[[Any], Any]
    disguise: Callable[[Any], Any]
    secrets: Collection[str]
    zone: ZoneInfo
    _storage: Storage

    @property
    def feeds(self) -> FeedReader:
        """How the feeds of its flows stand."""
        return self._storage.reader

    async def throttled(self, account: str) -> dict[str, int]:
        """How many events of a chat account the throttle kept from flows within a day, by what it made of them."""
        since = SystemClock().now() - timedelta(days=1)
        return await self._storage.reader.verdicts(f"{account.partition('/')[0]}:{account}", since)

    @property
    def broadcasts(self) -> BroadcastReader:
        """What was sent to many."""
        return self._storage.reader

    def desk(self) -> Desk:
        """The salon's desk, for looking: what is wanted of it is asked of the box. Raises NoSalon."""
        from onebox.app.salons import SalonFile
        from onebox.booking.desk import Desk

        salon, clock = SalonFile(self.folder, self.settings.timezone)(), SystemClock()
        ids = Ids(clock, os.urandom)
        return Desk(salon, self._storage.reader.appointments, self._storage.ledger.commit, clock, ids.new)

    async def version_texts(self, versions: Iterable[str]) -> dict[str, str]:
        """The texts of flows that are kept, by their versions."""
        found = {version: await self._storage.reader.version_text(version) for version in versions}
        return {version: text for version, text in found.items() if text is not None}

    async def ask(
        self, kind: str, target: str, arguments: Mapping[str, Any], *, patience: float
    ) -> Mapping[str, Any] | None:
        """Files a request, and waits up to `patience` seconds for its answer.

        None: no answer yet; the box takes the request when it runs.
        """
        clock = SystemClock()
        request = FileRequest(Ids(clock, os.urandom).new(), kind, target, arguments, _me(), clock.now())
        await self._storage.ledger.commit([request])
        ends = asyncio.get_running_loop().time() + patience
        while (answer := await self._storage.reader.request_result(request.id)) is None:
            if asyncio.get_running_loop().time() >= ends:
                return None
            await asyncio.sleep(_LOOK)
        return answer

    async def flow_text(self, version: str) -> str | None:
        """The text of a flow that is kept with its runs; None if there is none of this version."""
        return await self._storage.reader.version_text(version)


def _me() -> str:
    """Who asks, for the record."""
    return os.environ.get("USER") or f"user {os.getuid()}"


@asynccontextmanager
async def visiting(folder: BoxFolder, environ: Mapping[str, str]) -> AsyncIterator[Visit]:
    """Opens a box that another process may be running. A database without any tables gets them.

    Raises SettingsInvalid, SecretsUnreadable, storage's WrongVersion and CannotOpen, and as `make_tables`.
    """
    settings = read_settings(folder)
    secrets = Vault(folder, environ).read()
    storage = await _open(folder, settings.database(folder, secrets))
    try:
        yield Visit(
            folder=folder,
            settings=settings,
            records=storage.reader,
            mask=masker(secrets),
            disguise=masker(secrets, stand_in),
            secrets=secrets.keys(),
            zone=ZoneInfo(settings.timezone),
            _storage=storage,
        )
    finally:
        await storage.close()


async def _open(folder: BoxFolder, where: str | Path) -> Storage:
    from onebox.storage.opening import current_version, open_for_requests

    if await current_version(where) is None:
        await make_tables(folder, where)
    return await open_for_requests(where, box=folder.path)
