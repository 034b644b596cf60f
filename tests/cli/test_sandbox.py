"""`onebox sandbox`: what is typed and what is shown."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.process import BoxProcess, free_port
from tests.support.sandbox_client import BotClient, BusinessWebhook

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.cli.main import main
from onebox.cli.sandbox import telegram_words, whatsapp_words
from onebox.cli.sandbox_chat import HELP, Chat
from onebox.sandbox.telegram.sandbox import TelegramSandbox
from onebox.sandbox.whatsapp.sandbox import WhatsAppSandbox
from onebox.sandbox.whatsapp.world import Account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

COUNTER = """flow: counter
on:
  whatsapp: {number: main}
steps:
  - if: ${event.pressed}
    then:
      - do: send
        with: {to: "${event.sender}", text: "${event.text} it is."}
    else:
      - do: send
        with: {to: "${event.sender}", text: "Hello ${event.sender.name}!", choices: [Cut, Colour]}
"""
FLOW = """flow: echo
on:
  telegram: {bot: main, updates: [message]}
steps:
  - do: send
    with: {to: "${event.sender}", text: "You said: ${event.text}"}
"""


class Screen:
    """What a chat shows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._came = asyncio.Event()

    def __call__(self, text: str) -> None:
        self.lines.append(text)
        self._came.set()

    async def shows(self, line: str, within: float = 5.0) -> None:
        """Waits for a line."""
        async with asyncio.timeout(within):
            while line not in self.lines:
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def chatting(sandbox: TelegramSandbox | WhatsAppSandbox) -> AsyncIterator[tuple[Chat, Screen]]:
    screen = Screen()
    chat = Chat(sandbox, screen)
    watching = asyncio.create_task(chat.watch())
    try:
        yield chat, screen
    finally:
        watching.cancel()


async def test_a_conversation_with_buttons() -> None:
    async with TelegramSandbox(latency=0) as telegram, BotClient(telegram) as bot, chatting(telegram) as (chat, screen):
        await chat.take("/start now")
        await chat.take("//help")
        [start, helps] = [update["message"] for update in await bot.result("getUpdates")]
        ana = start["chat"]["id"]
        markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]]}
        sent = await bot.result("sendMessage", chat_id=ana, text="Well?\nAna", reply_markup=markup)
        await screen.shows("    [1] Yes  [2] No")
        await chat.take("/press 2")
        press = (await bot.result("getUpdates", offset=-1))[0]["callback_query"]
        await bot.result("answerCallbackQuery", callback_query_id=press["id"], text="Noted")
        await screen.shows("  notice: Noted")
        await bot.result("editMessageText", chat_id=ana, message_id=sent["message_id"], text="Good bye")
        await screen.shows("→ Ana: Good bye")
        await bot.result("deleteMessage", chat_id=ana, message_id=sent["message_id"])
        await screen.shows("  deleted: Good bye")

    assert (start["text"], helps["text"], press["data"]) == ("/start now", "/help", "n")
    assert screen.lines[:3] == ["→ Ana: Well?", "    Ana", "    [1] Yes  [2] No"]


async def test_several_people_files_places_and_time(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    photo.write_bytes(b"\x89PNG rest")
    async with TelegramSandbox(latency=0) as telegram, BotClient(telegram) as bot, chatting(telegram) as (chat, screen):
        before = telegram.time.now()
        for typed in (
            "/as Bilal", f"/photo {photo}", f"/file {photo}", "/location 40.4 -3.7", "/contact", "/block", "/unblock",
            "/forward 24", "/help", "",
        ):  # fmt: skip
            await chat.take(typed)
        told = [next(key for key in update if key != "update_id") for update in await bot.result("getUpdates")]

    assert screen.lines == ["  you are Bilal", "  24 hours later", HELP]
    assert telegram.time.now() - before >= 86_400
    assert told == []
    assert [line.media_kind for line in telegram.talk.lines] == ["photo", "document", "", ""]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("/press 1", "  no message to Ana has buttons"),
        ("/photo /no/such", "  /no/such cannot be read: No such file or directory"),
        ("/as", "  who? /as NAME"),
        ("/location here", "  where? /location LATITUDE LONGITUDE, such as /location 40.4168 -3.7038"),
        ("/location 4.4.4 1", "  locate: latitude: Input should be a valid number, unable to parse string as a number"),
        ("/forward soon", "  how long? /forward HOURS"),
        ("/pay", "  there is no invoice in the chat with Ana"),
    ],
)
async def test_what_cannot_be_done_is_shown(typed: str, shown: str) -> None:
    async with TelegramSandbox(latency=0) as telegram, chatting(telegram) as (chat, screen):
        await chat.take(typed)

    assert screen.lines == [shown]


async def test_a_wrong_number_of_a_button_is_shown() -> None:
    async with TelegramSandbox(latency=0) as telegram, BotClient(telegram) as bot, chatting(telegram) as (chat, screen):
        ana = telegram.person("Ana", started=True)
        await bot.result("sendMessage", chat_id=ana.id, text="Well?", reply_markup={"keyboard": [["Open?"]]})
        await chat.take("/press 2")
        await chat.take("/press 1")

    assert "  there is no button 2; there are 1 to 1" in screen.lines
    assert telegram.talk.lines[-1].text == "Open?"


async def test_a_text_cannot_write_over_the_screen() -> None:
    async with TelegramSandbox(latency=0) as telegram, BotClient(telegram) as bot, chatting(telegram) as (_, screen):
        ana = telegram.person("Ana", started=True)
        await bot.result("sendMessage", chat_id=ana.id, text="red \x1b[31m\x07 text")
        await screen.shows("→ Ana: red  [31m  text")


async def test_the_same_chat_is_had_with_whatsapp() -> None:
    async with WhatsAppSandbox(latency=0) as whatsapp, chatting(whatsapp) as (chat, screen):
        await chat.take("Hello")
        await chat.take("/as Bilal")
        await chat.take("/location 1 2")

    assert [(line.person, line.text) for line in whatsapp.talk.lines] == [("Ana", "Hello"), ("Bilal", "location 1, 2")]
    assert screen.lines == ["  you are Bilal"]


def test_what_is_printed_tells_how_to_use_it(snapshot: SnapshotAssertion) -> None:
    assert telegram_words("http://127.0.0.1:8081", "1:x") == snapshot
    webhook = "http://127.0.0.1:8080/channels/whatsapp/main"
    assert whatsapp_words("http://127.0.0.1:8082", Account(), "sandbox-verify-token", "") == snapshot
    assert whatsapp_words("http://127.0.0.1:9000", Account(), "it's mine", "") == snapshot
    assert whatsapp_words("http://127.0.0.1:8082", Account(), "mine", webhook) == snapshot


# --- the command itself


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "onebox", "sandbox", *arguments,
        env=plain, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def line_with(process: asyncio.subprocess.Process, pattern: str) -> re.Match[str]:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while line := (await process.stdout.readline()).decode():
            if found := re.search(pattern, line):
                return found
    raise AssertionError(f"ended before it showed {pattern}")


async def test_the_command_serves_and_chats_until_it_is_interrupted() -> None:
    async with command("telegram", "--port", "0", "--token", "77:mine") as process:
        assert process.stdin is not None
        url = (await line_with(process, r"(http://127\.0\.0\.1:\d+)$"))[1]
        process.stdin.write(b"Hello\n")
        telegram = TelegramSandbox(port=int(url.rpartition(":")[2]), token="77:mine")  # its address alone is used
        async with BotClient(telegram) as bot:
            [update] = await bot.result("getUpdates", timeout=10)
            await bot.result("sendMessage", chat_id=update["message"]["chat"]["id"], text="Hello, Ana")
        await line_with(process, "→ Ana: Hello, Ana")
        process.send_signal(signal.SIGINT)

        assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.mark.soak
async def test_a_business_that_does_not_know_the_token_is_told_of_once() -> None:
    async with BusinessWebhook() as business:
        arguments = ("--port", "0", "--webhook", f"{business.url}/hook", "--verify-token")
        async with command("whatsapp", *arguments, "right") as process:
            assert process.stdin is not None
            process.stdin.write(b"Hello\n")
            await business.until(1, within=20)
        async with command("whatsapp", *arguments, "wrong", "--no-chat") as process:
            assert process.stderr is not None
            told = (await asyncio.wait_for(process.stderr.readline(), 20)).decode()
            await business.asked_again()
            process.send_signal(signal.SIGTERM)
            rest = await process.stderr.read()

    assert business.messages[0]["text"] == {"body": "Hello"}
    assert re.sub(r"\d{4,}", "…", told) == (
        "onebox: http://127.0.0.1:…/hook did not prove that it knows the verify token: it answered 403 '', "
        "and should have answered 200 '…', the hub.challenge of the question; it is asked again until it does\n"
    )
    assert rest == b""


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = main(["sandbox", "whatsapp", "--no-chat", "--port", str(port)])

    assert ended == 1
    assert capsys.readouterr().err == (
        f"onebox: port {port} of 127.0.0.1 cannot be used: address already in use\n"
        "hint: another sandbox may run; port 0 takes any port that is free\n"
    )


@pytest.mark.soak
async def test_a_newcomer_chats_with_a_box(tmp_path: Path) -> None:
    """What docs/guides/sandbox.md tells them to do: a box and the sandbox, each a process."""
    async with command("telegram", "--port", "0", "--trouble", "0.2", "--seed", "7") as process:
        assert process.stdin is not None
        url = (await line_with(process, r"(http://127\.0\.0\.1:\d+)$"))[1]
        settings = f'accounts:\n  telegram/main: {{token: telegram_token, api: "{url}"}}\n'
        secrets = {"telegram_token": "1000001:a-token-of-the-sandbox"}
        box = BoxProcess(tmp_path / "box", settings=settings, flows={"echo.yaml": FLOW}, secrets=secrets)
        try:
            await box.start()
            process.stdin.write(b"/as Bilal\nHello\n")
            await line_with(process, "→ Bilal: You said: Hello")
        finally:
            await box.clean_up()


@pytest.mark.soak
async def test_a_newcomer_chats_with_a_box_by_whatsapp(tmp_path: Path) -> None:
    """What the guide tells them to do, by what the command prints: its account, its secrets, its webhook."""
    port = free_port()
    box = BoxProcess(tmp_path / "box", settings=None, flows={"counter.yaml": COUNTER})
    webhook = f"{box.url}/channels/whatsapp/main"
    async with command("whatsapp", "--port", str(port), "--webhook", webhook) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        async with asyncio.timeout(20):
            told = (await process.stdout.readuntil(webhook.encode())).decode()
        account = re.search(r"^  whatsapp/main:\n(?:    .*\n)+", told, re.MULTILINE)
        assert account is not None
        (box.folder / "box.yaml").write_text(f"accounts:\n{account[0]}")
        vault = Vault(BoxFolder(box.folder), {})
        for value, name in re.findall(r"printf %s (\S+) \| onebox secrets set (\w+)", told):
            vault.set(name, value)
        try:
            await box.start()
            process.stdin.write(b"Hello\n")
            await line_with(process, r"\[1\] Cut  \[2\] Colour")
            process.stdin.write(b"/press 2\n")
            await line_with(process, "→ Ana: Colour it is.")
        finally:
            await box.clean_up()
