"""Flows that never end slow themselves alone, and are ended where anybody can see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.load import Load, run_load

if TYPE_CHECKING:
    from tests.soak.conftest import MakeBox, Say
    from tests.support.process import BoxProcess
    from tests.support.stub import Stub

QUIET = """\
flow: quiet
on:
  webhook: {path: quiet}
steps:
  - do: http.post
    with: {url: "STUB/quiet"}
"""

LOOP = """\
flow: loop
on:
  webhook: {path: loop}
limits: {time: 4s}
steps:
  - each: ${event.body.items}
    steps:
      - repeat: {times: 10000}
        steps:
          - id: n
            do: set
            with: {value: "${index}"}
"""

NEVER = """\
flow: never
on:
  webhook: {path: never}
steps:
  - do: python
    with: {function: code.never_ends, time: TIME}
"""

CODE = """\
def never_ends():
    while True:
        pass


def answer():
    return 42
"""

ASKS = """\
flow: asks
on:
  webhook: {path: asks}
steps:
  - do: python
    with: {function: code.answer}
"""

ITEMS = json.dumps({"items": list(range(10_000))})


async def test_a_loop_without_an_end_stops_nobody_else(make_box: MakeBox, stub: Stub, say: Say) -> None:
    """A hundred million pure steps, in eight runs at once."""
    box = make_box(flows={"quiet.yaml": QUIET.replace("STUB", stub.url), "loop.yaml": LOOP})
    await box.start()
    for _ in range(8):
        assert await box.post("loop", ITEMS) == 200

    measured = await run_load(Load(f"{box.url}/hooks/quiet", seconds=3, connections=16, rate=50))

    say(f"beside 8 endless loops: p50 {measured.p50:.0f} ms, p99 {measured.p99:.0f} ms, {dict(measured.statuses)}")
    assert measured.statuses == {"200": 150}
    assert (await stub.wait_for(150, within=10)).count == 150, box.failed("the quiet flow did not get its turns")
    await _ends(box, "loop", "time_limit", 8)


async def test_code_that_never_ends_stops_nobody_else(make_box: MakeBox, stub: Stub) -> None:
    """Not even other code: what keeps a worker is killed."""
    flows = {
        "quiet.yaml": QUIET.replace("STUB", stub.url),
        "never.yaml": NEVER.replace("TIME", "2s"),
        "asks.yaml": ASKS,
    }
    box = make_box(flows=flows, code={"code.py": CODE})
    await box.start()
    for _ in range(4):
        assert await box.post("never") == 200
    assert await box.post("asks") == 200

    measured = await run_load(Load(f"{box.url}/hooks/quiet", seconds=2, connections=16, rate=50))

    assert measured.statuses == {"200": 100}
    assert (await stub.wait_for(100, within=10)).count == 100
    await box.drained(within=30)
    assert box.states() == {"done": 101, "failed": 4}, box.failed("the code's runs did not end as they should")
    errors = [json.loads(error) for (error,) in box.rows("select error from run where state = 'failed'")]
    assert all(error["code"] == "time_limit" and "2 s" in error["message"] for error in errors), errors


async def test_no_process_of_code_outlives_its_box(make_box: MakeBox) -> None:
    """Neither a kill nor a stop leaves one behind."""
    box = make_box(flows={"never.yaml": NEVER.replace("TIME", "5m")}, code={"code.py": CODE})
    for end in (box.kill, box.stop):
        await box.start()
        assert await box.post("never") == 200

        async def works() -> bool:
            return bool(box.children())

        await box.eventually("a child process works", works, within=10)
        children = box.children()
        await end()

        async def gone() -> bool:
            return not any(child.is_running() and child.status() != "zombie" for child in children)  # noqa: B023

        await box.eventually("the box's children are gone", gone, within=10)


async def _ends(box: BoxProcess, flow: str, code: str, count: int) -> None:
    """All runs of the flow failed, and say why."""

    async def all_ended() -> bool:
        return box.rows(f"select count(*) from run where flow = '{flow}' and state = 'failed'") == [(count,)]

    await box.eventually(f"{count} runs of {flow} failed", all_ended, within=60)
    errors = [json.loads(error)["code"] for (error,) in box.rows(f"select error from run where flow = '{flow}'")]
    assert errors == [code] * count
