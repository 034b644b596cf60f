"""The hand-written program: what a good programmer would write instead of flow W, with the same promises and nothing general.

A webhook's event is in a row, with an fsync, before it is answered; then one call to the stub; then the row says done.
Rows of many requests share a transaction. Usage: handwritten.py PORT STUB_URL DATABASE
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import uvloop
from aiohttp import ClientSession, TCPConnector, web

MOST_ROWS = 512
MOST_CALLS = 100

Row = tuple[str, tuple[object, ...], "asyncio.Future[int]"]


class Writer(Thread):
    """Writes what many tasks ask for in one transaction."""

    def __init__(self, database: str) -> None:
        super().__init__(daemon=True)
        self._database = database
        self._asked: SimpleQueue[Row] = SimpleQueue()
        self._loop = asyncio.get_running_loop()

    def write(self, statement: str, *values: object) -> asyncio.Future[int]:
        """The row's id, once it is on the disk."""
        written: asyncio.Future[int] = self._loop.create_future()
        self._asked.put((statement, values, written))
        return written

    def run(self) -> None:
        connection = sqlite3.connect(self._database, isolation_level=None)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.execute("create table if not exists run (id integer primary key, body blob, done int)")
        while True:
            rows = self._next_rows()
            connection.execute("begin immediate")
            ids = [
                (written, connection.execute(statement, values).lastrowid or 0) for statement, values, written in rows
            ]
            connection.execute("commit")
            self._loop.call_soon_threadsafe(self._tell, ids)

    def _next_rows(self) -> list[Row]:
        rows = [self._asked.get()]
        try:
            while len(rows) < MOST_ROWS:
                rows.append(self._asked.get_nowait())
        except Empty:
            pass
        return rows

    @staticmethod
    def _tell(ids: list[tuple[asyncio.Future[int], int]]) -> None:
        for written, number in ids:
            if not written.done():
                written.set_result(number)


class Program:
    """The webhook, and what follows from it."""

    def __init__(self, writer: Writer, http: ClientSession, stub: str) -> None:
        self._writer = writer
        self._http = http
        self._stub = stub
        self._calls = asyncio.Semaphore(MOST_CALLS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        event = json.loads(body)
        number = await self._writer.write("insert into run (body) values (?)", body)
        task = asyncio.create_task(self._follow(number, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.json_response({"id": number})

    async def _follow(self, number: int, event: dict[str, Any]) -> None:
        async with self._calls:
            total = event["amount"] * 2
            kind = "order" if event["text"].startswith("order") else "other"
            label = f"{event['sender']}: {kind} of {total}"
            told = {"id": number, "kind": kind, "total": total, "label": label}
            async with self._http.post(self._stub, json=told) as answer:
                await answer.read()
            await self._writer.write("update run set done = 1 where id = ?", number)


async def main(port: int, stub: str, database: str) -> None:
    writer = Writer(database)
    writer.start()
    program = Program(writer, ClientSession(connector=TCPConnector(limit=200)), stub)
    application = web.Application()
    application.router.add_post("/hooks/w", program.hook)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
