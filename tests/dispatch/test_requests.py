"""What others may ask of a running box."""

from __future__ import annotations

from onebox.dispatch.requests import Requests
from tests.dispatch.boxes import EngineBox
from tests.dispatch.test_engine import a_flow


async def test_the_box_tells_which_versions_it_runs_and_with_what() -> None:
    flow = a_flow()
    async with EngineBox(flow) as box:
        box.requests = Requests(box.engine, box.book, box.clock, box.ids, in_force={"settings": {"keep": "30d"}})

        answer = await box.ask("versions", "")

        assert answer == {"ok": True, "flows": {flow.name: flow.version}, "settings": {"keep": "30d"}}
        assert await box.ledger.version_text(flow.version) == flow.bundle


async def test_what_the_box_does_not_know_is_refused() -> None:
    async with EngineBox(a_flow()) as box:
        answer = await box.ask("dance", "")

        assert (answer["ok"], answer["message"]) == (False, "this box does not know the request 'dance'")
