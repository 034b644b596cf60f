"""Performs `download`: the channel by whose account a file came fetches it, and the box keeps it with the event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import Field

from onebox.flows.definition.fields import FlowModel, Given
from onebox.flows.handlers import StepFailed
from onebox.flows.kinds import StepKind
from onebox.messaging.channel import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from onebox.flows.handlers import Call

    Fetch = Callable[[str], Awaitable[tuple[bytes, str | None]]]

_AT_A_TIME = 3
"""files that are held in memory"""
_RESULTS = ("file", "kind", "name", "type", "size")


class Keeper(Protocol):
    """Keeps files that belong to events."""

    async def add(self, event_id: str, content: bytes) -> str:
        """The name of the file, durable when it returns. Raises StorageFull."""
        ...


class DownloadArguments(FlowModel):
    """Fetches a file that somebody sent. It is kept for as long as the event that started the run."""

    media: Given[dict[str, Any]] = Field()
    """what an event has in its `media`, such as ${event.media[0]}"""


def download_kind() -> StepKind:
    """The step kind, for the catalogue."""
    return StepKind("download", DownloadArguments, results=_RESULTS)


class MediaConnector:
    """`fetchers`: by account, what gives the bytes and the MIME type of a file by the channel's id of it."""

    def __init__(self, fetchers: Mapping[str, Fetch], keeper: Keeper) -> None:
        self._fetchers = fetchers
        self._keeper = keeper
        self._few = asyncio.Semaphore(_AT_A_TIME)

    async def __call__(self, call: Call) -> dict[str, Any]:
        """The file's name in the box, with what is known of it. Raises StepFailed."""
        media = call.arguments.get("media")
        if not isinstance(media, Mapping) or media.get("id") is None:
            message = f"download: media must be what an event has in its media, got {media!r:.80}"
            raise StepFailed("bad_argument", message, passing=False, hint="such as ${event.media[0]}")
        account = str(media.get("account"))
        fetch = self._fetchers.get(account)
        if fetch is None:
            known = ", ".join(sorted(self._fetchers)) or "none"
            message = f"download: {account} brings no files; these accounts do: {known}"
            raise StepFailed("unknown_account", message, passing=False)
        async with self._few:
            try:
                content, kind = await fetch(str(media["id"]))
            except DeliveryFailed as failure:
                again = not failure.permanent
                raise StepFailed(
                    failure.kind, failure.message, passing=again, retry_after=failure.retry_after
                ) from None
            file = await self._keeper.add(call.event_id, content)
        return {
            "file": file,
            "kind": media.get("kind"),
            "name": media.get("name"),
            "type": media.get("type") or kind,
            "size": len(content),
        }
