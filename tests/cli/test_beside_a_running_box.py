"""The commands, beside a box that runs in another process' place: this one."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from onebox.app.folder import BoxFolder
from onebox.app.serve import RunningBox, running_box
from onebox.cli.exits import Exit
from onebox.messaging.broadcast import Broadcast, StartBroadcast
from onebox.messaging.message import MarkFailed, MarkSent, Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = "accounts: {terminal/main: }\nlog: {level: error}\n"
GREET = """\
flow: greet
on: {manual: }
steps:
  - id: greeting
    do: set
    with: {text: "Hello, ${event.name}!"}
  - do: send
    with: {via: terminal/main, to: desk, text: "${greeting.text}"}
output: ${greeting.text}
"""
PICKY = """\
flow: picky
on: {manual: }
steps:
  - do: log
    with: {text: "looking at ${event.name}"}
  - if: ${event.name != 'Ana'}
    then:
      - do: fail
        with: {code: wrong_name, message: "${event.name} is not Ana"}
"""
PATIENT = """\
flow: patient
on: {manual: }
steps:
  - wait: 30d
"""


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[RunningBox]:
    folder = BoxFolder(tmp_path)
    folder.flows.mkdir()
    folder.settings.write_text(SETTINGS)
    for name, text in (("greet", GREET), ("picky", PICKY), ("patient", PATIENT)):
        (folder.flows / f"{name}.yaml").write_text(text)
    async with running_box(folder, port=0, environ={}, terminal=io.StringIO()) as running:
        yield running


async def onebox(path: Path, *arguments: str, given: str = "") -> tuple[int, Any, str]:
    """Exit code, stdout (as JSON where it is), stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "onebox", *arguments, "--box", str(path),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(given.encode())
    assert process.returncode is not None
    text = out.decode()
    return process.returncode, json.loads(text) if text[:1] in {"{", "[", '"'} else text, err.decode()


async def test_an_event_by_hand_is_run_to_its_end(box: RunningBox, tmp_path: Path) -> None:
    code, output, said = await onebox(tmp_path, "emit", "greet", "--data", '{"name": "Ana"}', "--wait")

    assert (code, output) == (Exit.ok, "Hello, Ana!")
    assert "of greet began" in said


@pytest.mark.soak
async def test_data_comes_from_stdin_or_a_file(box: RunningBox, tmp_path: Path) -> None:
    (tmp_path / "ana.json").write_text('{"name": "Ana"}')

    for data, given in (("-", '{"name": "Bilal"}'), (f"@{tmp_path / 'ana.json'}", "")):
        code, told, _ = await onebox(tmp_path, "emit", "greet", "--data", data, "--wait", "--json", given=given)

        assert code == Exit.ok
        assert told["state"] == "done"
        assert told["output"] in {"Hello, Bilal!", "Hello, Ana!"}


@pytest.mark.soak
async def test_a_flow_that_is_not_there_is_refused(box: RunningBox, tmp_path: Path) -> None:
    code, _, said = await onebox(tmp_path, "emit", "gret")

    assert code == Exit.fault
    assert "there is no flow 'gret'; did you mean 'greet'?" in said


@pytest.mark.soak
async def test_a_failure_is_told_shown_and_taken_up(box: RunningBox, tmp_path: Path) -> None:
    code, _, said = await onebox(tmp_path, "emit", "picky", "--data", '{"name": "Chen"}', "--wait")
    assert code == Exit.fault
    assert "wrong_name: Chen is not Ana" in said

    _, [failed], _ = await onebox(tmp_path, "runs", "list", "--state", "failed", "--json")
    assert failed["error"]["code"] == "wrong_name"

    code, story, _ = await onebox(tmp_path, "runs", "show", failed["id"])
    assert code == Exit.ok
    assert "picky  failed" in story
    assert "(log) result" in story
    assert "wrong_name: Chen is not Ana" in story

    code, _, said = await onebox(tmp_path, "runs", "retry", "--failed", "--flow", "picky")
    assert (code, said) == (Exit.ok, f"run {failed['id']} goes on\n")
    code, _, said = await onebox(tmp_path, "runs", "replay", failed["id"])
    assert code == Exit.ok
    assert "began" in said


@pytest.mark.soak
async def test_runs_are_listed_and_cancelled(box: RunningBox, tmp_path: Path) -> None:
    _, begun, _ = await onebox(tmp_path, "emit", "patient", "--json")

    code, _, said = await onebox(tmp_path, "runs", "cancel", begun["run"])
    assert (code, said) == (Exit.ok, f"run {begun['run']} was cancelled\n")

    code, _, said = await onebox(tmp_path, "runs", "cancel", begun["run"])
    assert code == Exit.fault
    assert "there is nothing to cancel" in said

    code, listed, _ = await onebox(tmp_path, "runs", "list")
    assert listed.split()[:6] == ["run", "flow", "state", "began", "took", "error"]
    assert f"{begun['run']}  patient  cancelled" in listed

    _, flows, _ = await onebox(tmp_path, "flows", "--json")
    assert {flow["flow"]: flow["runs"].get("cancelled", 0) for flow in flows} == {"greet": 0, "patient": 1, "picky": 0}


@pytest.mark.soak
async def test_all_of_a_run_is_there_as_json(box: RunningBox, tmp_path: Path) -> None:
    _, begun, _ = await onebox(tmp_path, "emit", "greet", "--data", '{"name": "Ana"}', "--wait", "--json")

    code, run, _ = await onebox(tmp_path, "runs", "show", begun["run"], "--json")

    assert code == Exit.ok
    assert run["event"]["data"] == {"name": "Ana"}
    assert [(line["position"], line["do"], line["kind"]) for line in run["journal"]] == [(1, "send", "result")]
    assert [message["content"]["text"] for message in run["messages"]] == ["Hello, Ana!"]


async def test_a_second_process_is_refused(box: RunningBox, tmp_path: Path) -> None:
    code, _, said = await onebox(tmp_path, "run", "--port", "0")

    assert code == Exit.fault
    assert "is run by process" in said


@pytest.mark.soak
async def test_secrets_come_from_a_pipe(box: RunningBox, tmp_path: Path) -> None:
    code, _, said = await onebox(tmp_path, "secrets", "set", "crm_token", given="sesame-open\n")
    assert (code, said) == (Exit.ok, "kept the secret crm_token\n")

    assert await onebox(tmp_path, "secrets", "list", "--json") == (Exit.ok, ["crm_token"], "")
    code, _, said = await onebox(tmp_path, "secrets", "remove", "crm_token")
    assert (code, said) == (Exit.ok, "forgot the secret crm_token\n")


@pytest.mark.soak
async def test_a_list_of_broadcasts_counts_the_messages_that_failed(box: RunningBox, tmp_path: Path) -> None:
    waiting = [Message(f"m{number}", "terminal/main", "ana", {"text": "Hi"}, NOON, broadcast="b1") for number in (1, 2)]
    begun = StartBroadcast(Broadcast("b1", "terminal/main", {"text": "Hi"}, "ana", NOON, total=2), waiting)
    became = [MarkSent("m1", NOON), MarkFailed("m2", NOON, "nobody is there")]
    await box.box.storage.ledger.commit([begun, *became])

    code, listed, _ = await onebox(tmp_path, "broadcast", "list")

    assert code == Exit.ok
    head, row = (line.split() for line in listed.splitlines())
    assert head == ["broadcast", "account", "state", "began", "through", "failed", "text"]
    assert (row[:3], row[-5:]) == (["b1", "terminal/main", "done"], ["2", "of", "2", "1", "Hi"])
