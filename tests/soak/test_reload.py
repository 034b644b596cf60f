"""Flow files that change while the box runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.soak.conftest import MakeBox
    from tests.support.process import BoxProcess
    from tests.support.stub import Stub

FLOW = """\
flow: NAME
on:
  webhook: {path: NAME}
steps:
  - do: http.post
    with: {url: "STUB/WORD"}
"""

PATIENT = """\
flow: patient
on:
  webhook: {path: patient}
steps:
  - wait: 4s
  - do: http.post
    with: {url: "STUB/WORD"}
"""


def flow(stub: Stub, name: str, word: str) -> str:
    """A flow at /hooks/NAME that calls /WORD."""
    return FLOW.replace("NAME", name).replace("WORD", word).replace("STUB", stub.url)


async def test_a_broken_file_leaves_the_last_good_flow(make_box: MakeBox, stub: Stub) -> None:
    """The log says what is wrong and where; the mended file serves without a restart."""
    box = make_box(flows={"shop.yaml": flow(stub, "shop", "first")})
    await box.start()

    box.write("flows/shop.yaml", flow(stub, "shop", "second").replace("http.post", "http.pots"))
    await _said(box, "flows/shop.yaml:5:9")
    assert await box.post("shop") == 200
    assert (await stub.wait_for(1, prefix="/first", within=5)).count == 1

    box.write("flows/shop.yaml", flow(stub, "shop", "second"))
    await _serves(box, stub, "shop", "second")
    assert "http.post" in box.log(), box.failed("the nearest right name is not told")


async def test_a_file_that_is_no_yaml_leaves_the_others(make_box: MakeBox, stub: Stub) -> None:
    box = make_box(flows={"shop.yaml": flow(stub, "shop", "shop"), "news.yaml": flow(stub, "news", "news")})
    await box.start()

    box.write("flows/news.yaml", "flow: news\nsteps: [\n")
    await _said(box, "flows/news.yaml:")

    assert await box.post("shop") == 200
    assert await box.post("news") == 200


async def test_a_new_file_is_served_and_a_removed_one_is_not(make_box: MakeBox, stub: Stub) -> None:
    box = make_box(flows={"shop.yaml": flow(stub, "shop", "shop")})
    await box.start()
    assert await box.post("news") == 404

    box.write("flows/news.yaml", flow(stub, "news", "news"))
    await _serves(box, stub, "news", "news")
    (box.folder / "flows" / "news.yaml").unlink()

    await box.eventually("the removed flow's address is gone", lambda: _is(box, "news", 404), within=10)
    assert await box.post("shop") == 200


async def test_a_run_keeps_the_text_that_it_began_with(make_box: MakeBox, stub: Stub) -> None:
    """Also through a restart."""
    box = make_box(flows={"patient.yaml": PATIENT.replace("WORD", "old").replace("STUB", stub.url)})
    await box.start()
    assert await box.post("patient") == 200
    box.write("flows/patient.yaml", PATIENT.replace("WORD", "new").replace("STUB", stub.url))
    assert await box.stop() == 0

    await box.start()
    assert await box.post("patient") == 200
    await box.drained(within=20)

    assert [request.path for request in await stub.seen()] == ["/old", "/new"]


async def test_a_box_starts_with_a_broken_flow_beside_good_ones(make_box: MakeBox, stub: Stub) -> None:
    box = make_box(flows={"shop.yaml": flow(stub, "shop", "shop"), "news.yaml": "flow: news\n"})
    await box.start()

    await _said(box, "flows/news.yaml:")
    assert await box.post("shop") == 200
    assert await box.post("news") == 404


async def _said(box: BoxProcess, text: str) -> None:
    async def in_the_log() -> bool:
        return text in box.log()

    await box.eventually(f"the log says {text!r}", in_the_log, within=10)


async def _is(box: BoxProcess, hook: str, status: int) -> bool:
    return await box.post(hook) == status


async def _serves(box: BoxProcess, stub: Stub, hook: str, word: str) -> None:
    async def calls_the_word() -> bool:
        return await box.post(hook) == 200 and (await stub.wait_for(1, prefix=f"/{word}", within=0.5)).count > 0

    await box.eventually(f"/hooks/{hook} calls /{word}", calls_the_word, within=15)
