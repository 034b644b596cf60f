"""The channel of each account, and what a step must say for it."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.channels.messages import StoppedClock

from onebox.app.catalogue import catalogue
from onebox.app.folder import BoxFolder
from onebox.app.outgoing import build_channel
from onebox.app.settings import check_settings
from onebox.messaging.channel import Pace
from onebox.storage.migrating import migrate
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
accounts:
  terminal/main: {}
  webhook/crm: {url: "https://crm.example.org", secret: signing}
  email/desk: {host: mail.example.org, user: desk, password: word, from: "Salon <desk@example.org>"}
  discord/log: {webhook: webhook}
  slack/team: {webhook: webhook}
  notify/all: {url: [service, service]}
  chat/main: {}
  chat/slow: {pace: {per_second: 5}}
"""
SECRETS = {
    "signing": "whsec_YWI=",
    "word": "w0rd",
    "webhook": "https://hooks.example.org/x",
    "service": "json://localhost",
}
CHANNELS = {
    "terminal/main": "TerminalChannel",
    "webhook/crm": "WebhookChannel",
    "email/desk": "EmailChannel",
    "discord/log": "DiscordChannel",
    "slack/team": "SlackChannel",
    "notify/all": "NotifyChannel",
    "chat/main": "ChatChannel",
    "chat/slow": "ChatChannel",
}


async def test_every_account_gets_its_channel(tmp_path: Path) -> None:
    settings, faults = check_settings(SETTINGS, SECRETS)
    assert settings is not None
    migrate(tmp_path / "box.db")
    storage = await open_storage(tmp_path / "box.db", own=True)
    made = {
        name: build_channel(
            name,
            account,
            folder=BoxFolder(tmp_path),
            secrets=SECRETS,
            storage=storage,
            clock=StoppedClock(),
            terminal=io.StringIO(),
        )
        for name, account in settings.accounts.items()
    }
    for channel in made.values():
        await channel.close()
    await storage.close()

    assert faults == []
    assert {name: type(channel).__name__ for name, channel in made.items()} == CHANNELS
    assert made["chat/main"].pace == Pace(per_second=1000, burst=1000, parallel=64)
    assert made["chat/slow"].pace == Pace(per_second=5, burst=1000, parallel=64)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (
            {"via": "email/desk", "to": "a@b.example", "text": "x"},
            ("subject", "subject is missing: email/desk needs it"),
        ),
        ({"via": "email/desk", "to": "a@b.example", "template": "x", "subject": "y"}, None),
        ({"via": "slack/team"}, ("text", "text or markdown or template is missing: slack/team needs it")),
        ({"via": "discord/log", "markdown": "x"}, None),
        ({"via": "email/desk", "text": "x"}, ("to", "to is missing: email/desk has no recipient of its own")),
        ({"via": "terminal/main", "to": "ana"}, None),
    ],
)
def test_check_finds_what_a_channel_cannot_do_without(arguments: dict[str, str], fault: tuple[str, str] | None) -> None:
    settings, _ = check_settings(SETTINGS)
    assert settings is not None

    assert catalogue(accounts=settings.outlets).steps["send"].fault(arguments) == fault


def test_a_box_without_such_accounts_loads_nothing_of_them() -> None:
    heavy = "{'apprise', 'aiosmtplib', 'markdown_it', 'requests', 'onebox.channels.email'}"
    code = f"import sys, onebox.app.build, onebox.app.serve; print(sorted({heavy} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
