"""A bot that Telegram calls: a whole conversation through a box, on SQLite and on Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.serve import running_box
from tests.support.process import free_port
from tests.support.telegram import TOKEN, FakeTelegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from onebox.app.serve import RunningBox

FLOW = """\
flow: desk
on:
  telegram: {updates: [message, callback_query, pre_checkout_query]}
steps:
  - switch: ${event.kind}
    cases:
      - equals: message
        steps:
          - do: send
            with: {to: "${event.sender}", text: "Cut or colour?", choices: [Cut, {id: col, title: Colour}]}
      - equals: callback_query
        steps:
          - do: send
            with: {to: "${event.sender}", edit: "${event.message_id}", markdown: "**${event.choice}** it is"}
    else:
      - do: send
        with: {to: "checkout:${event.checkout}", action: answer_checkout, checkout: "${event.checkout}", ok: true}
"""


@dataclass
class Salon:
    """A box that runs, and the bot's server."""

    telegram: FakeTelegram
    running: RunningBox

    async def gone(self) -> Mapping[str, bool]:
        chats: Sequence[str] = ["7", "8"]
        gone = await self.running.box.storage.reader.gone("telegram/main", chats)
        return {chat: chat in gone for chat in chats}


@pytest.fixture
async def salon(tmp_path: Path, telegram: FakeTelegram, database: str | None) -> AsyncIterator[Salon]:
    port = free_port()
    folder = BoxFolder(tmp_path / "box")
    folder.flows.mkdir(parents=True)
    (folder.flows / "desk.yaml").write_text(FLOW)
    address = f"http://127.0.0.1:{port}"
    account = f"{{token: bot, api: '{telegram.url}', updates: webhook, public_url: '{address}'}}"
    storage = f"storage: {database}\n" if database else ""
    (folder.path / "box.yaml").write_text(f"{storage}accounts: {{telegram/main: {account}}}\n")
    Vault(folder, {}).set("bot", TOKEN)
    async with running_box(folder, port=port, environ={}) as running:
        await telegram.until(lambda: bool(telegram.webhook))
        yield Salon(telegram, running)


async def test_a_conversation_by_webhook(salon: Salon) -> None:
    telegram = salon.telegram
    telegram.write("/start")
    assert await telegram.bring() == [200]
    await telegram.until(lambda: len(telegram.sent) == 1)
    telegram.press("col", message_id=1)
    telegram.update(pre_checkout_query={"id": "c1", "from": {"id": 7}, "invoice_payload": "booking-17"})

    assert await telegram.bring() == [200, 200]
    await telegram.until(lambda: bool(telegram.edits and telegram.answered and len(telegram.acts) == 2))

    assert [edit.text for edit in telegram.edits] == ["<b>col</b> it is"]
    assert telegram.answered == ["press-2"]
    assert ("answerPreCheckoutQuery", {"pre_checkout_query_id": "c1", "ok": True}) in telegram.acts


async def test_what_is_forged_or_posted_again_changes_nothing(salon: Salon) -> None:
    telegram = salon.telegram
    telegram.write("/start", chat=7)
    update = dict(telegram.pending[0])
    assert await telegram.bring(forged="guessed") == [401]
    assert await telegram.bring() == [200]
    telegram.pending.append(update)
    telegram.write("/start", chat=8)

    assert await telegram.bring() == [200, 200]
    await telegram.until(lambda: bool(telegram.texts(8)))

    assert [len(telegram.texts(chat)) for chat in (7, 8)] == [1, 1]


async def test_who_blocks_the_bot_is_remembered_until_they_come_back(salon: Salon) -> None:
    telegram = salon.telegram
    telegram.write("/start", chat=7)
    for status, gone in (("kicked", True), ("member", False)):
        change = {"chat": {"id": 7, "type": "private"}, "from": {"id": 7}, "date": 1_790_000_000}
        telegram.update(my_chat_member={**change, "new_chat_member": {"user": {"id": 99}, "status": status}})
        assert set(await telegram.bring()) == {200}

        assert await salon.gone() == {"7": gone, "8": False}
