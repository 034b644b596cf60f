"""Two hundred clients in four processes want the same twenty times, and the processes are killed again and again."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.storage.hand import check, shell

if TYPE_CHECKING:
    from pathlib import Path

PROCESSES, KILLS = 4, 4
LINES = (1, 40, 150, 400)
"""so many answers a process tells before it is killed, in each of its lives but the last"""
COMES_OF = {
    "hold": {"held", "confirmed", "cancelled", "expired"},
    "move": {"held", "expired"},
    "confirm": {"confirmed"},
    "cancel": {"cancelled"},
}

RACE = """
import asyncio, random, sys
import structlog
from zlib import crc32
from tests.storage.hand import ledgers
from tests.storage.rows import NOON, after
from tests.storage.visits import hold, offer
from onebox.booking.appointment import Cancel, Confirm, Held, Move, Replayed

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for answers
database, process, life = sys.argv[1:]
CLIENTS, TIMES, ROUNDS, CONNECTIONS = 50, 20, 2, 2

def wish(key, id_, at):
    asked = {"id": id_, "who": "ana", "at": at, "key": "then"}
    what = crc32(key.encode()) % 8
    if what == 0:
        return "confirm", Confirm(**asked)
    if what < 3:
        return "move", Move(**asked, offer=offer(crc32(key.encode()) // 8 % TIMES))
    return ("cancel", Cancel(**asked)) if what < 7 else None

async def client(ledger, name):
    for turn in range(ROUNDS):
        at = after(minutes=turn * 11)  # the holds of the turn before have ended
        for time in random.sample(range(TIMES), TIMES):
            key = f"{process}-{name}-{turn}-{time}"
            until = after(minutes=turn * 11 + 10)
            asked = hold(f"{key}-{life}", offer(time, 1.25), key=key, at=at, until=until)
            [result] = await ledger.commit([asked])
            found = result.appointment.id if isinstance(result, (Held, Replayed)) else result.by
            print(key, "hold", type(result).__name__, found, flush=True)
            further = wish(key, found, at) if isinstance(result, (Held, Replayed)) else None
            if further is not None:
                [changed] = await ledger.commit([further[1]])
                print(key, further[0], type(changed).__name__, found, flush=True)

async def main():
    where = database if database.startswith("postgres") else __import__("pathlib").Path(database)
    async with ledgers(where, CONNECTIONS) as many:
        await asyncio.gather(*[client(many[name % CONNECTIONS], name) for name in range(CLIENTS)])

asyncio.run(main())
"""


@pytest.mark.soak
async def test_clients_who_race_while_their_processes_are_killed_have_what_they_were_told(
    database: Path | str,
) -> None:
    told = await asyncio.gather(*[lives(database, process) for process in range(PROCESSES)])
    await asyncio.to_thread(check, database)
    with shell(database) as hand:
        states = dict(hand.execute("select id, state from appointment").fetchall())
        keys = dict(hand.execute("select id, request_key from appointment").fetchall())
    assert len(set(keys.values())) == len(keys)
    outcomes: Counter[tuple[str, str]] = Counter()
    for answers in told:
        outcomes += Counter((what, outcome) for _, what, outcome, *_ in answers)
        was_answered(answers, states, keys)
    # All that can come of a hold came of it.
    assert set(outcomes) >= {("hold", "Held"), ("hold", "Taken"), ("hold", "Replayed")}
    assert outcomes["hold", "Held"] > 20
    assert outcomes["confirm", "Changed"] > 0


def was_answered(answers: list[tuple[str, ...]], states: dict[str, str], keys: dict[str, str]) -> None:
    """What was answered is there; and what was asked again under its key was answered as a replay of the same one."""
    had: dict[tuple[str, str], str] = {}
    for key, what, outcome, id_, life in answers:
        if outcome == "Replayed":
            assert int(id_.rsplit("-", 1)[1]) < int(life)  # asked once in a life, it was done in one before
        if (key, what) in had:
            assert (outcome, id_) == ("Replayed", had[key, what])
        elif outcome in {"Held", "Changed", "Replayed"}:
            had[key, what] = id_
            assert keys[id_] == key
            assert states[id_] in COMES_OF[what]


async def lives(database: Path | str, process: int) -> list[tuple[str, ...]]:
    """The answers that one process told, in all its lives; each life asks from the beginning."""
    told: list[tuple[str, ...]] = []
    for life in range(KILLS + 1):
        command = (sys.executable, "-c", RACE, str(database), str(process), str(life))
        racer = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert racer.stdout is not None
        lines = []
        if life < KILLS:
            lines = [await racer.stdout.readline() for _ in range(LINES[(life + process) % len(LINES)])]
            racer.kill()
        rest, _ = await racer.communicate()
        whole = b"".join(lines) + rest
        told += [(*line.split(), str(life)) for line in whole.decode().split("\n")[:-1]]
        assert racer.returncode == (-9 if life < KILLS else 0)
    return told
