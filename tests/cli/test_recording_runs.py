"""`onebox record`, on a box that really ran."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import aiohttp
import pytest
import yaml
from tests.channels.chat.site import program
from tests.cli.test_beside_a_running_box import onebox
from tests.e2e.shop import Shop

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.serve import RunningBox, running_box
from onebox.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SECRET = "sesame-open"
ORDER = """\
flow: order
on:
  webhook: {path: "shops/{shop}"}
  manual:
steps:
  - id: price
    do: http.get
    with:
      url: "${vars.shop}/price"
      headers: {X-Token: "${secret.shop_token}"}
    retry: {times: 2, wait: 10ms}
  - id: stock
    each: ${event.body.lines}
    parallel: 2
    do: http.get
    with: {url: "${vars.shop}/stock/${each}"}
  - wait: 20ms
  - if: ${event.body.token == secret.shop_token}
    then:
      - do: send
        with: {via: terminal/main, to: desk, text: "${price.body.path}, ${stock | length} lines, ${secret.shop_token}"}
  - do: emit
    with: {event: order.kept, data: {lines: "${event.body.lines}"}}
  - try:
      - id: pay
        do: http.post
        with: {url: "${vars.shop}/pay", json: {lines: "${event.body.lines}"}}
    catch:
      - do: fail
        with: {code: not_paid, message: "${error.code}"}
output: ${price.body.path}
"""


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with Shop() as running:
        yield running


@pytest.fixture
async def box(tmp_path: Path, shop: Shop) -> AsyncIterator[RunningBox]:
    folder = BoxFolder(tmp_path)
    folder.flows.mkdir()
    folder.settings.write_text(
        f"accounts: {{terminal/main: }}\nlog: {{level: error}}\nvars: {{shop: 'http://127.0.0.1:{shop.port}'}}\n"
    )
    (folder.flows / "order.yaml").write_text(ORDER)
    Vault(folder, {}).set("shop_token", SECRET)
    async with running_box(folder, port=0, environ={}, terminal=io.StringIO()) as running:
        yield running


async def ended(path: Path, box: RunningBox) -> str:
    """The id of the run that one call of the webhook started, once it is over."""
    body = {"lines": ["a", "b"], "token": SECRET}
    async with aiohttp.ClientSession() as http, http.post(f"{box.url}/hooks/shops/berlin", json=body) as answer:
        event = (await answer.json())["id"]
    while True:
        _, runs, _ = await onebox(path, "runs", "list", "--json")
        if runs and runs[0]["event"] == event and runs[0]["ended_at"]:
            return str(runs[0]["id"])


@pytest.mark.soak
async def test_a_run_with_retries_a_loop_and_a_wait_is_recorded_and_passes(
    box: RunningBox, shop: Shop, tmp_path: Path
) -> None:
    shop.statuses["/price"] = [503]
    run = await ended(tmp_path, box)

    code, out, said = await onebox(tmp_path, "record", run, "--name", "an order")

    assert (code, out) == (Exit.ok, "")
    assert f"recorded run {run} as 'an order' in flows/order.test.yaml" in said
    assert "look at the names, addresses and texts in it before you commit it" in said
    assert said.endswith("it passes\n")
    [case] = yaml.safe_load((tmp_path / "flows/order.test.yaml").read_text())
    assert case["event"]["webhook"]["path"] == {"shop": "berlin"}
    assert next(list(one) for one in case["steps"]["price"]["attempts"]) == ["fails"]
    assert [one["body"]["path"] for one in case["steps"]["stock"]] == ["/stock/a", "/stock/b"]
    assert case["expect"] == {
        "sends": [{"via": "terminal/main", "to": "desk", "text": "/price, 2 lines, secret:shop_token"}],
        "emits": [{"event": "order.kept", "data": {"lines": ["a", "b"]}}],
        "output": "/price",
    }


@pytest.mark.soak
async def test_a_secret_is_nowhere_in_what_is_recorded(box: RunningBox, shop: Shop, tmp_path: Path) -> None:
    run = await ended(tmp_path, box)

    code, text, _ = await onebox(tmp_path, "record", run, "--into", "-")

    assert code == Exit.ok
    assert shop.of("/price")[0].headers["X-Token"] == SECRET
    assert SECRET not in text
    assert "token: secret:shop_token" in text
    assert not (tmp_path / "flows/order.test.yaml").exists()


@pytest.mark.soak
async def test_a_run_that_failed_is_recorded_and_passes(box: RunningBox, shop: Shop, tmp_path: Path) -> None:
    shop.statuses["/pay"] = [500]
    run = await ended(tmp_path, box)

    code, _, said = await onebox(tmp_path, "record", run)

    assert (code, said.splitlines()[-1]) == (Exit.ok, "it passes")
    [case] = yaml.safe_load((tmp_path / "flows/order.test.yaml").read_text())
    assert case["name"] == f"run {run}"
    assert case["expect"]["error"] == {"code": "not_paid", "message": "status_500"}
    assert case["steps"]["pay"]["fails"]["code"] == "status_500"
    code, _, said = await onebox(tmp_path, "test")
    assert (code, said.partition(" in ")[0]) == (Exit.ok, "1 passed")


@pytest.mark.soak
async def test_what_a_changed_flow_does_otherwise_is_shown(box: RunningBox, tmp_path: Path) -> None:
    run = await ended(tmp_path, box)
    flow = tmp_path / "flows/order.yaml"
    flow.write_text(flow.read_text().replace("lines, ${secret", "lines! ${secret"))

    code, diff, said = await onebox(tmp_path, "record", run)

    assert code == Exit.fault
    assert said.endswith("it does not pass: the flow has changed since the run began\n")
    assert "-    text: /price, 2 lines, secret:shop_token\n" in diff
    assert "+    text: /price, 2 lines! secret:shop_token\n" in diff
    code, out, said = await onebox(tmp_path, "record", run, "--name", "again", "--no-verify")
    assert (code, out) == (Exit.ok, "")
    assert "it does not pass" not in said


@pytest.mark.soak
async def test_a_case_is_added_to_what_stands_there(box: RunningBox, tmp_path: Path) -> None:
    run = await ended(tmp_path, box)
    file = tmp_path / "flows/order.test.yaml"
    before = "# Orders.\n\n- name: by hand # mine\n  event: {manual: {body: {lines: []}}}\n"
    file.write_text(before.rstrip("\n"))

    assert (await onebox(tmp_path, "record", run, "--name", "new"))[0] == Exit.ok
    code, _, said = await onebox(tmp_path, "record", run, "--name", "new")

    assert file.read_text().startswith(before)
    assert [case["name"] for case in yaml.safe_load(file.read_text())] == ["by hand", "new"]
    assert code == Exit.fault
    assert "flows/order.test.yaml has a case 'new' already\nhint: give this one another --name" in said


@pytest.mark.soak
async def test_another_file_is_written_where_it_is_named(box: RunningBox, tmp_path: Path) -> None:
    run = await ended(tmp_path, box)
    elsewhere = tmp_path / "case.yaml"

    code, _, said = await onebox(tmp_path, "record", run, "--into", str(elsewhere))

    assert code == Exit.ok
    assert f"in {elsewhere}" in said
    assert elsewhere.read_text().startswith(f"- name: run {run}\n")


@pytest.mark.soak
async def test_a_run_that_is_not_over_is_refused(box: RunningBox, tmp_path: Path) -> None:
    (tmp_path / "flows/patient.yaml").write_text("flow: patient\non: {manual: }\nsteps:\n  - wait: 30d\n")
    while (begun := await onebox(tmp_path, "emit", "patient", "--json"))[0] != Exit.ok:
        assert "there is no flow 'patient'" in begun[2]  # until the box has read it

    code, _, said = await onebox(tmp_path, "record", begun[1]["run"])
    assert code == Exit.fault
    assert "it is not over" in said

    await onebox(tmp_path, "runs", "cancel", begun[1]["run"])
    code, _, said = await onebox(tmp_path, "record", begun[1]["run"])
    assert code == Exit.fault
    assert "was cancelled: there is no end that a test could expect" in said


@pytest.mark.soak
async def test_a_run_that_is_not_there_is_refused(box: RunningBox, tmp_path: Path) -> None:
    code, _, said = await onebox(tmp_path, "record", "nothing")

    assert code == Exit.fault
    assert "there is no run 'nothing'" in said


DIALOGUE = """\
flow: dialogue
on: {chat: {}}
steps:
  - id: day
    do: ask
    with: {to: "${event.sender}", text: "When?", choices: [{id: fri, title: Friday}, {id: sat, title: Saturday}]}
  - id: name
    do: ask
    with: {to: "${event.sender}", text: "Who?"}
  - do: typing
    with: {to: "${event.sender}"}
  - do: send
    with: {to: "${event.sender}", text: "${day.choice}, ${name.text}"}
output: ${day.choice}
"""


@pytest.mark.soak
async def test_a_conversation_is_recorded_with_what_the_person_answered(tmp_path: Path) -> None:
    folder = BoxFolder(tmp_path)
    folder.flows.mkdir()
    folder.settings.write_text("accounts: {chat/main: {}}\nlog: {level: error}\n")
    (folder.flows / "dialogue.yaml").write_text(DIALOGUE)
    async with running_box(folder, port=0, environ={}, terminal=io.StringIO()) as box, program(box.url) as ana:
        for number, text in enumerate(("Hello", "2", "Ana"), start=1):
            await ana.post(id=f"m{number}", text=text)
            while not any(one["direction"] == "out" for one in await ana.entries(wait=20)):
                pass
        while (runs := await box.box.storage.reader.list_runs())[0].ended_at is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)

        code, _, said = await onebox(tmp_path, "record", runs[0].id, "--name", "a day")

    assert (code, said.splitlines()[-1]) == (Exit.ok, "it passes")
    [case] = yaml.safe_load((tmp_path / "flows/dialogue.test.yaml").read_text())
    assert case["steps"] == {"day": "2", "name": "Ana"}
    assert case["expect"]["sends"][-1]["text"] == "sat, Ana"
