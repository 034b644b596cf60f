"""Throughput and burst once more, the box on a real Postgres that waits for the disk as it does in production."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
from tests.support.postgres import new_cluster

from bench.contenders import HandWritten, Onebox
from bench.flows import flow_w
from bench.scenarios import burst, throughput

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Cluster

    from bench.contenders import Contender
    from bench.results import Measure
    from bench.session import Make, Session

# What the tests' clusters give up for speed, taken back.
_DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "128MB",
}


def _untargeted(measure: Measure) -> Measure:
    return replace(measure, scenario="postgres", target=None, n8n="")


_THROUGHPUT = (
    _untargeted(throughput.EVENTS),
    _untargeted(throughput.ACK_P50),
    _untargeted(throughput.ACK_P99),
    _untargeted(throughput.MEMORY),
)
_BURST = (_untargeted(burst.ACKNOWLEDGED), _untargeted(burst.AT_THE_STUB))


async def measure(session: Session) -> None:
    """The hand-written program stays on SQLite: it is the yardstick, not the contender."""
    cluster = new_cluster()
    try:
        make_durable(cluster)
        for _ in range(session.rounds):
            for make in (HandWritten, _box_on(cluster)):
                async with session.started(make) as contender:
                    await throughput.measure_one(session, contender, _THROUGHPUT)
            for make in (HandWritten, _box_on(cluster)):
                async with session.started(make) as contender:
                    await burst.measure_one(session, contender, _BURST)
    finally:
        cluster.stop()


def _box_on(cluster: Cluster) -> Make[Contender]:
    def make(folder: Path, stub: str) -> Contender:
        return Onebox(folder, flows={"w.yaml": flow_w(stub)}, postgres=cluster.create_database())

    return make


def make_durable(cluster: Cluster) -> None:
    """It waits for the disk, as in production."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        for name, value in _DURABLE.items():
            connection.execute(f"alter system set {name} = '{value}'".encode())
    cluster.restart()
    with psycopg.connect(cluster.url("postgres")) as connection:
        for name, value in _DURABLE.items():
            row = connection.execute(f"show {name}".encode()).fetchone()
            assert row == (value,), f"{name} is {row}, and {value} was asked for"
