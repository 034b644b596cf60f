"""Hands each message to one service that apprise knows, or to several."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from onebox.channels.notify.service import Service
from onebox.messaging.channel import DeliveryFailed, Outlet, Pace
from onebox.messaging.content import body_of, in_parts, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onebox.messaging.content import Body
    from onebox.messaging.message import Message

RECIPIENT = "notify"
_KEYS = ("subject",)
_REMEMBERED = 1000


class NotifyChannel:
    """Sends by the services whose URLs are the secrets `urls`, by name. Raises NotifyMisconfigured.

    `outlet` knows how long a text each of them takes, and `pace` how fast. A service has `limit` seconds.
    """

    def __init__(self, *, account: str, urls: Mapping[str, str], pace: Pace | None = None, limit: float = 30.0) -> None:
        self._services = [Service(account, name, url) for name, url in urls.items()]
        self.pace = pace or _pace(self._services)
        self.outlet = Outlet(recipient=RECIPIENT, parts=self._parts)
        self._limit = limit
        # Threads of its own: a service that hangs takes none of those that others wait for.
        most = max(1, self.pace.parallel) * len(self._services)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="notify")
        self._reached: dict[str, set[Service]] = {}  # of messages that some services took and others not yet

    async def deliver(self, message: Message) -> Mapping[str, Any]:
        """`{}`; with several services, `{"refused": […]}` says which did not take it for good. Raises DeliveryFailed.

        What one of several services took is not sent to it again while the box runs.
        """
        title, body = _read(message.content)
        reached = self._reached.pop(message.id, set())
        left = [service for service in self._services if service not in reached]
        outcomes = await asyncio.gather(*(self._send(service, title, body) for service in left))
        failures = [failure for failure in outcomes if failure is not None]
        passing = [failure for failure in failures if not failure.permanent]
        if passing:
            self._remember(message, {*reached, *(one for one, bad in zip(left, outcomes, strict=True) if bad is None)})
            raise passing[0]
        if len(failures) == len(self._services):
            raise failures[0]
        return {"refused": [failure.message for failure in failures]} if failures else {}

    async def close(self) -> None:
        """Begins nothing more. A thread that a service holds ends when the service lets go of it."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _send(self, service: Service, title: str, body: Body) -> DeliveryFailed | None:
        try:
            async with asyncio.timeout(self._limit):
                await asyncio.get_running_loop().run_in_executor(self._threads, service.send, title, body)
        except DeliveryFailed as failure:
            return failure
        except TimeoutError:
            text = f"{service.name} did not answer within {self._limit:g} s"
            return DeliveryFailed(text, permanent=False, kind="unreachable")
        return None

    def _remember(self, message: Message, reached: set[Service]) -> None:
        if reached:
            self._reached[message.id] = reached
        while len(self._reached) > _REMEMBERED:
            del self._reached[next(iter(self._reached))]

    def _parts(self, content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        title, _ = _read(content)
        limit = min(service.room(title) for service in self._services)
        longest = lambda body: max(service.length(body) for service in self._services)  # noqa: E731
        return in_parts(content, limit=limit, length=longest, known=_KEYS)


def _pace(services: Sequence[Service]) -> Pace:
    """What apprise would keep to, one after another."""
    return Pace(per_second=1 / max(1.0, *(service.seconds_apart for service in services)), burst=1, parallel=1)


def _read(content: Mapping[str, Any]) -> tuple[str, Body]:
    return text_at(content, "subject") or "", body_of(content, known=_KEYS)
