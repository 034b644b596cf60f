"""The versions of flows that runs began with, compiled once."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, ClassVar

from onebox.flows.run import KeepVersion
from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from onebox.flows.book import FlowBook
    from onebox.flows.plan import Flow
    from onebox.flows.run import RunReader
    from onebox.kernel.ledger import Ledger

_OLD_KEPT_COMPILED = 100


class VersionUnreadable(OneboxError):
    """The text that a run began with is gone, or no longer compiles with the kinds that this box knows."""

    code: ClassVar[str] = "version_unreadable"


class Versions:
    """Finds a flow by the hash of its text."""

    def __init__(self, book: FlowBook, reader: RunReader, compile_bundle: Callable[[str], Flow]) -> None:
        self._book = book
        self._reader = reader
        self._compile = compile_bundle
        self._old: OrderedDict[str, Flow] = OrderedDict()

    def current(self, flow: str, version: str) -> Flow | None:
        """The flow, if this version of it is the one in force or was used of late."""
        found = self._book.flows.get(flow)
        if found is not None and found.version == version:
            return found
        return self._old.get(version)

    async def find(self, flow: str, version: str) -> Flow:
        """The flow as it was. Raises VersionUnreadable."""
        found = self.current(flow, version)
        if found is None:
            found = self._old[version] = await self._read(flow, version)
            if len(self._old) > _OLD_KEPT_COMPILED:
                self._old.popitem(last=False)
        return found

    async def _read(self, flow: str, version: str) -> Flow:
        text = await self._reader.version_text(version)
        if text is None:
            message = f"the text of flow {flow!r} in version {version} is not kept"
            raise VersionUnreadable(message, hint="replay the run: it begins with the flow as it is now")
        try:
            return self._compile(text)
        except OneboxError as error:
            message = f"flow {flow!r} in version {version} cannot be read any more: {error.message}"
            raise VersionUnreadable(message, hint="replay the run: it begins with the flow as it is now") from error


async def keep_versions(ledger: Ledger, flows: Iterable[Flow], at: datetime) -> None:
    """Keeps the texts of flows before any run begins with them."""
    changes = [KeepVersion(flow.name, flow.version, flow.bundle, at) for flow in flows]
    if changes:
        await ledger.commit(changes)
