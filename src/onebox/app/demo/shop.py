"""The shop that the demo's flow asks: a small HTTP server on this machine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PLENTY = ("olive soap", "beeswax candle", "linen towel", "lavender oil", "wooden comb")
LOW = "rosewater"
SOLD_OUT = "blue vase"
_STUMBLES = 40
"""every so many calls, the shop is not there: the flow asks again"""


class Shop:
    """Tells how much there is of an item."""

    def __init__(self) -> None:
        self.calls = 0

    async def stock(self, request: web.Request) -> web.Response:
        """`GET /stock/{item}`."""
        self.calls += 1
        if self.calls % _STUMBLES == 0:
            return web.json_response({"error": "try again"}, status=503)
        item = request.match_info["item"]
        state = "plenty" if item in PLENTY else "low" if item == LOW else "none"
        return web.json_response({"item": item, "state": state})


@asynccontextmanager
async def open_shop() -> AsyncIterator[tuple[Shop, str]]:
    """The shop and its address."""
    shop = Shop()
    application = web.Application()
    application.router.add_get("/stock/{item}", shop.stock)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield shop, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
