"""Buttons stop waiting: by what a flow answers, or by the box, which waits for a flow no longer than a moment."""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.serve import running_box
from onebox.sandbox.telegram.sandbox import TelegramSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FLOW = """\
flow: desk
on: {telegram: {}}
steps:
  - switch: ${event.choice or ''}
    cases:
      - equals: "yes"
        steps:
          - do: answer_callback
            with: {to: "${event.sender}", callback: "${event.callback_id}", text: Booked, alert: true}
      - equals: "no"
        steps:
          - do: send
            with: {to: "${event.sender}", text: A pity}
    else:
      - do: send
        with: {to: "${event.sender}", text: "Shall I?", choices: [{id: "yes", title: "Yes"}, {id: "no", title: "No"}]}
"""


@asynccontextmanager
async def desk(folder: Path, flow: str) -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(latency=0.0) as telegram:
        box = BoxFolder(folder)
        box.flows.mkdir(parents=True)
        (box.flows / "desk.yaml").write_text(flow)
        box.settings.write_text(f"accounts: {{telegram/main: {{token: bot, api: '{telegram.url}'}}}}\n")
        Vault(box, {}).set("bot", telegram.token)
        async with running_box(box, port=0, environ={}, terminal=io.StringIO()):
            await telegram.write("Hello")
            await telegram.until(lambda: telegram.texts("Ana"))
            yield telegram


async def test_what_a_flow_says_to_a_press_is_what_the_person_sees(tmp_path: Path) -> None:
    async with desk(tmp_path / "box", FLOW) as telegram:
        press = await telegram.press("Yes")
        answer = await press.answer

    assert (answer["text"], answer["show_alert"]) == ("Booked", True)
    assert press.answered_after is not None
    assert press.answered_after < 3


async def test_a_press_that_no_flow_answers_is_answered_by_the_box_at_once(tmp_path: Path) -> None:
    asks_nobody = FLOW.replace("do: answer_callback", "do: send").replace('callback: "${event.callback_id}", ', "")
    async with desk(tmp_path / "box", asks_nobody.replace("alert: true", "silent: true")) as telegram:
        press = await telegram.press("No")
        answer = await press.answer
        await telegram.until(lambda: "A pity" in telegram.texts("Ana"))

    assert answer["text"] == ""
    assert press.answered_after is not None
    assert press.answered_after < 3
