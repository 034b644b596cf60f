"""One dialogue, written once, on every chat and in two languages: who says what, and what is answered."""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.serve import running_box
from onebox.sandbox.telegram.flood import Flood
from onebox.sandbox.telegram.sandbox import TelegramSandbox
from onebox.sandbox.whatsapp.sandbox import WhatsAppSandbox
from tests.channels.chat.site import Program, program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

FLOW = """\
flow: booking
on:
  telegram: {}
  whatsapp: {}
  chat: {}
steps:
  - id: language
    do: ask
    with: {to: "${event.sender}", text: "English?", choices: [{id: en, title: English}, {id: de, title: Deutsch}]}
  - id: words
    do: set
    with: {said: "${vars.words[language.choice]}"}
  - id: day
    do: ask
    with:
      to: ${event.sender}
      text: ${words.said.day}
      choices: [{id: fri, title: "${words.said.friday}"}, {id: sat, title: "${words.said.saturday}"}]
  - id: hour
    do: ask
    with:
      to: ${event.sender}
      text: ${words.said.hour}
      choices: ["9:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00"]
  - id: name
    do: ask
    with: {to: "${event.sender}", text: "${words.said.name}"}
  - do: remember
    with: {to: "${event.sender}", values: {name: "${name.text}"}}
  - do: send
    with: {to: "${event.sender}", text: "${words.said.done}: ${day.choice}, ${hour.choice}, ${name.text}"}
"""
WORDS = """\
vars:
  words:
    en: {day: "Which day?", friday: Friday, saturday: Saturday, hour: "When?", name: "Your name?", done: Booked}
    de: {day: "Welcher Tag?", friday: Freitag, saturday: Samstag, hour: "Wann?", name: "Ihr Name?", done: Gebucht}
"""
ENGLISH = """\
> Hello
English?
[English]
Which day?
[Saturday]
When?
> 3
Your name?
> Ana
Booked: sat, 11:00, Ana
"""
GERMAN = """\
> Hallo
English?
> deutsch
Welcher Tag?
[Freitag]
Wann?
> 12:00
Ihr Name?
> Änne
Gebucht: fri, 12:00, Änne
"""


class Talk(Protocol):
    """A person in a chat. `heard`: what was said to them so far, without what is made of choices."""

    async def say(self, text: str) -> None: ...

    async def press(self, title: str) -> None: ...

    async def heard(self, count: int) -> list[str]: ...


async def follow(talk: Talk, script: str) -> None:
    """Goes through a script: `> words` are typed, `[words]` pressed, anything else is answered."""
    heard: list[str] = []
    for line in script.splitlines():
        if line.startswith("> "):
            await talk.say(line.removeprefix("> "))
        elif line.startswith("["):
            await talk.press(line.strip("[]"))
        else:
            heard.append(line)
            assert await talk.heard(len(heard)) == heard


def first_line(text: str) -> str:
    return text.partition("\n")[0]


class OnTelegram:
    def __init__(self, sandbox: TelegramSandbox) -> None:
        self._sandbox = sandbox

    async def say(self, text: str) -> None:
        await self._sandbox.write(text)

    async def press(self, title: str) -> None:
        await self._sandbox.press(title)

    async def heard(self, count: int) -> list[str]:
        await self._sandbox.until(lambda: len(self._sandbox.texts("Ana")) >= count)
        return [first_line(text) for text in self._sandbox.texts("Ana")]


class OnWhatsapp:
    def __init__(self, sandbox: WhatsAppSandbox) -> None:
        self._sandbox = sandbox

    async def say(self, text: str) -> None:
        await self._sandbox.write(text)

    async def press(self, title: str) -> None:
        await self._sandbox.press(title)

    async def heard(self, count: int) -> list[str]:
        await self._sandbox.until(lambda: len(self._sandbox.texts("Ana")) >= count)
        return [first_line(text) for text in self._sandbox.texts("Ana")]


class OnPage:
    def __init__(self, visitor: Program) -> None:
        self._visitor = visitor
        self._told: list[dict[str, Any]] = []
        self._said = 0

    async def say(self, text: str) -> None:
        self._said += 1
        assert (await self._visitor.post(id=f"m{self._said}", text=text))[0] == 202

    async def press(self, title: str) -> None:
        self._said += 1
        [choice] = [one["id"] for one in self._told[-1]["choices"] if one["title"] == title]
        given = {"id": f"m{self._said}", "choice": choice, "message": self._told[-1]["position"]}
        assert (await self._visitor.post(**given))[0] == 202

    async def heard(self, count: int) -> list[str]:
        while len(self._told) < count:
            self._told += [one for one in await self._visitor.entries(wait=20) if one["direction"] == "out"]
        return [first_line(one["text"]) for one in self._told]


def box_folder(folder: Path, account: str, settings: str, secrets: Mapping[str, str]) -> BoxFolder:
    """A box with one account, so that the flow's other triggers find theirs missing: these are left out."""
    channel = account.partition("/")[0]
    triggers = [line for line in FLOW.splitlines() if not line.endswith(": {}") or line.strip() == f"{channel}: {{}}"]
    box = BoxFolder(folder)
    box.flows.mkdir(parents=True)
    (box.flows / "booking.yaml").write_text("\n".join(triggers) + "\n")
    box.settings.write_text(f"accounts: {{{account}: {settings}}}\n{WORDS}")
    vault = Vault(box, {})
    for name, value in secrets.items():
        vault.set(name, value)
    return box


@asynccontextmanager
async def on_telegram(folder: Path) -> AsyncIterator[Talk]:
    async with TelegramSandbox(latency=0.0, flood=Flood(chat_burst=20)) as sandbox:
        settings = f"{{token: bot, api: '{sandbox.url}'}}"
        box = box_folder(folder, "telegram/main", settings, {"bot": sandbox.token})
        async with running_box(box, port=0, environ={}, terminal=io.StringIO()):
            yield OnTelegram(sandbox)


@asynccontextmanager
async def on_whatsapp(folder: Path) -> AsyncIterator[Talk]:
    async with WhatsAppSandbox(latency=0.0) as sandbox:
        account = sandbox.account
        settings = f"{{number: '{account.phone_number_id}', token: t, app_secret: a, verify_token: v, api: '{sandbox.url}/v25.0'}}"
        secrets = {"t": account.token, "a": account.app_secret, "v": "a word"}
        box = box_folder(folder, "whatsapp/main", settings, secrets)
        async with running_box(box, port=0, environ={}, terminal=io.StringIO()) as running:
            await sandbox.point_to(f"{running.url}/channels/whatsapp/main", "a word")
            yield OnWhatsapp(sandbox)


@asynccontextmanager
async def on_page(folder: Path) -> AsyncIterator[Talk]:
    box = box_folder(folder, "chat/main", "{title: Salon}", {})
    async with running_box(box, port=0, environ={}, terminal=io.StringIO()) as running, program(running.url) as visitor:
        yield OnPage(visitor)


CHATS = {"telegram": on_telegram, "whatsapp": on_whatsapp, "web chat": on_page}


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("script", [ENGLISH, GERMAN], ids=["English", "German"])
async def test_the_same_dialogue_is_had_on_every_chat(chat: str, script: str, tmp_path: Path) -> None:
    async with CHATS[chat](tmp_path / "box") as talk:
        await follow(talk, script)
