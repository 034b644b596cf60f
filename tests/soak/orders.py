"""A flow with every kind of effect, and what must hold of it after whatever happened to the box."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.support.process import BoxProcess
    from tests.support.stub import Seen, Stub

PREPARE = """\
flow: prepare
on:
  webhook: {path: prepare, respond: step}
steps:
  - do: sql
    with: {run: create table if not exists taken (n integer not null)}
  - do: respond
    with: {body: ready}
"""

ORDER = """\
flow: order
on:
  webhook: {path: order}
limits: {concurrency: 100}
steps:
  - id: order
    do: set
    with: {n: "${event.body.n}", late: "${event.body.n % 5 == 0}"}
  - do: http.post
    with: {url: "STUB/call/${order.n}", json: {n: "${order.n}"}}
    retry: {times: 20, wait: 200ms}
  - do: sql
    with: {run: insert into taken (n) values (:n), args: {n: "${order.n}"}}
  - do: send
    with: {via: webhook/out, to: "customer-${order.n % 10}", text: "Order ${order.n}"}
  - if: ${order.late}
    then:
      - wait: 300ms
  - each: [a, b, c]
    parallel: 3
    do: http.post
    with: {url: "STUB/each/${order.n}/${each}", json: {n: "${order.n}"}}
    retry: {times: 20, wait: 200ms}
"""

SETTINGS = """\
accounts:
  webhook/out: {url: "STUB/out", secret: shared, pace: {per_second: 5000, burst: 5000, parallel: 64}}
"""

SECRET = "whsec_" + base64.b64encode(b"made up for this test alone, 32 b").decode()


def files(stub: Stub) -> dict[str, Any]:
    """The arguments of a BoxProcess that takes orders."""
    flows = {"prepare.yaml": PREPARE, "order.yaml": ORDER.replace("STUB", stub.url)}
    return {"flows": flows, "settings": SETTINGS.replace("STUB", stub.url), "secrets": {"shared": SECRET}}


async def prepare(box: BoxProcess) -> None:
    """Makes the table that orders write to."""
    async with aiohttp.ClientSession() as http, http.post(f"{box.url}/hooks/prepare") as answer:
        assert answer.status == 200, box.failed(f"the table was not made: {answer.status} {await answer.text()}")


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many effects happened more than once: at least once is what they promise."""

    calls: int
    messages: int


async def check(box: BoxProcess, stub: Stub, acknowledged: Collection[int]) -> Repeats:
    """All acknowledged orders came to their end, each effect happened, and none twice under another key."""
    expected = set(acknowledged)
    assert box.states() == {"done": len(expected) + 1}, box.failed("not every run is done")
    taken = [number for (number,) in box.rows("select n from taken")]
    assert sorted(taken) == sorted(expected), "the rows of the box's own table are not one an order"
    if not box.postgres:
        assert box.rows("pragma integrity_check") == [("ok",)]
    calls = check_calls([*await stub.seen("/call/"), *await stub.seen("/each/")], expected)
    messages = await _check_messages(box, await stub.seen("/out"), expected)
    return Repeats(calls, messages)


def check_calls(seen: list[Seen], expected: Collection[int]) -> int:
    """How many calls came more than once. Each order called at least once, with one key for each step."""
    keys = defaultdict(list)
    for request in seen:
        keys[request.path].append(request.key)
    paths = {f"/call/{number}" for number in expected} | {
        f"/each/{number}/{item}" for number in expected for item in "abc"
    }
    assert keys.keys() == paths, (
        f"missing: {sorted(paths - keys.keys())[:5]}, unasked: {sorted(keys.keys() - paths)[:5]}"
    )
    assert {path: used for path, used in keys.items() if len(set(used)) > 1} == {}, "repeated under another key"
    assert len({used[0] for used in keys.values()}) == len(keys), "two steps have the same Idempotency-Key"
    return sum(len(used) - 1 for used in keys.values())


async def _check_messages(box: BoxProcess, seen: list[Seen], expected: Collection[int]) -> int:
    states = dict(box.rows("select state, count(*) from message group by state"))
    assert states == {"sent": len(expected)}, box.failed("not every message was sent")
    texts = {request.key: json.loads(request.body)["content"]["text"] for request in seen}
    assert sorted(texts.values()) == sorted(f"Order {number}" for number in expected), (
        "the messages are not one an order"
    )
    return len(seen) - len(texts)
