"""What goes wrong on purpose: always the same for the same seed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, fields
from random import Random
from typing import TYPE_CHECKING, Literal

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Fault = Literal["dropped_before", "dropped_after", "errors", "garbage", "slow"]
_OF_CALLS: tuple[Fault, ...] = ("dropped_before", "dropped_after", "errors", "garbage", "slow")
_GARBAGE = b'<html><head><title>502</title></head>\x00\xff{"ok": tr'


@dataclass
class Trouble:
    """The shares, from 0 to 1, of calls and of updates that something happens to.

    `dropped_before`: the connection ends and nothing was done; `dropped_after`: it was done, and the answer is lost;
    `errors`: 502, nothing done; `garbage`: done, and answered with what nobody can read; `slow`: answered `slow_seconds` later.
    `duplicates`: an update comes twice; `late`: it comes `late_seconds` later, after those of other chats.
    """

    dropped_before: float = 0.0
    dropped_after: float = 0.0
    errors: float = 0.0
    garbage: float = 0.0
    slow: float = 0.0
    duplicates: float = 0.0
    late: float = 0.0
    slow_seconds: float = 3.0
    late_seconds: float = 1.0
    seed: int = 0
    met: dict[str, int] = field(default_factory=dict)
    """how often each happened"""

    def __post_init__(self) -> None:
        # Each its own dice: how many updates came does not change which calls fail.
        self._dice = {kind: Random(f"{self.seed} {kind}") for kind in ("calls", "late", "duplicates")}  # noqa: S311  # not secret

    @classmethod
    def of_every_kind(cls, share: float, *, seed: int = 0) -> Trouble:
        """That share of the calls is troubled, each kind as often as the others, and so are the updates."""
        each = share / len(_OF_CALLS)
        return cls(each, each, each, each, each, duplicates=share, late=share, seed=seed)

    def change(self, **shares: float) -> None:
        """Other shares from now on. Raises ValueError for a name that is none."""
        known = {one.name for one in fields(self)} - {"met"}
        for name, share in shares.items():
            if name not in known:
                raise ValueError(f"there is no trouble called {name!r}; there are {', '.join(sorted(known))}")
            setattr(self, name, share)
        if "seed" in shares:
            self.seed = int(self.seed)
            self.__post_init__()

    def of_call(self) -> Fault | None:
        """What happens to the next call."""
        point = self._dice["calls"].random()
        for fault in _OF_CALLS:
            point -= getattr(self, fault)
            if point < 0:
                self._happens(fault)
                return fault
        return None

    def is_late(self) -> bool:
        """Whether the next update comes late."""
        return self._dice["late"].random() < self.late and self._happens("late")

    def is_doubled(self) -> bool:
        """Whether an update that was taken comes once more."""
        return self._dice["duplicates"].random() < self.duplicates and self._happens("duplicates")

    def _happens(self, what: str) -> bool:
        self.met[what] = self.met.get(what, 0) + 1
        return True


async def troubled(
    trouble: Trouble, request: web.Request, answer: Callable[[], Awaitable[web.Response]]
) -> web.StreamResponse:
    """The answer, or what trouble makes of it."""
    fault = trouble.of_call()
    if fault == "errors":
        return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
    if fault == "dropped_before":
        return _dropped(request)
    if fault == "slow":
        await asyncio.sleep(trouble.slow_seconds)
    given = await answer()
    if fault == "dropped_after":
        return _dropped(request)
    return web.Response(body=_GARBAGE) if fault == "garbage" else given


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)
