from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from tests.channels.messages import StoppedClock
from tests.support.whatsapp import NUMBER, body, call, message, signature, value

from onebox.app.folder import BoxFolder
from onebox.app.outgoing import build_channel
from onebox.app.settings import check_settings
from onebox.app.webhooks import build_endpoint
from onebox.messaging.endpoint import Called
from onebox.storage.migrating import migrate
from onebox.storage.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from onebox.app.accounts import AccountSettings
    from onebox.kernel.ledger import Change
    from onebox.messaging.chat import Post, Reception
    from onebox.messaging.endpoint import Endpoint
    from onebox.messaging.event import Stored

ACCOUNT = "number: '106540352242922', token: t, app_secret: a, verify_token: v"
SECRETS = {"t": "EAAmade-up", "a": "app", "v": "verify"}


def test_an_account_needs_its_number_and_three_secrets() -> None:
    settings, faults = check_settings(f"accounts: {{whatsapp/main: {{{ACCOUNT}}}}}", set(SECRETS))
    assert (faults, settings is None) == ([], False)
    text = "accounts: {whatsapp/main: {number: '+49170', token: t, app_secret: x}}"
    _, faults = check_settings(text, set(SECRETS))

    assert [fault.message for fault in faults] == [
        "'verify_token' is missing",
        "number: expected the phone number's id, digits alone, as Meta shows it under WhatsApp, API Setup, got '+49170'",
    ]


async def test_the_channel_of_an_account_has_its_pace_and_what_is_given_of_it(tmp_path: Path) -> None:
    text = f"accounts: {{whatsapp/main: {{{ACCOUNT}, pace: {{per_second: 10}}}}}}"
    settings, _ = check_settings(text, set(SECRETS))
    assert settings is not None
    migrate(tmp_path / "box.db")
    storage = await open_storage(tmp_path / "box.db", own=True)
    channel = build_channel(
        "whatsapp/main",
        settings.accounts["whatsapp/main"],
        folder=BoxFolder(tmp_path),
        secrets=SECRETS,
        storage=storage,
        clock=StoppedClock(),
        terminal=io.StringIO(),
    )

    assert (channel.pace.per_second, channel.pace.burst) == (10.0, 15)
    await channel.close()
    await storage.close()


def accounts(text: str) -> Mapping[str, AccountSettings]:
    settings, faults = check_settings(f"accounts: {{{text}}}", {*SECRETS, "same"})
    assert faults == []
    assert settings is not None
    return settings.accounts


class Desk:
    def __init__(self) -> None:
        self.accounts: list[str] = []

    async def receive(self, posts: Sequence[Post], then: Sequence[Change[Any]] = ()) -> list[Stored]:
        self.accounts += [post.account for post in posts]
        return []


def webhook(name: str, text: str, reception: Reception | None = None) -> Endpoint | None:
    secrets = {**SECRETS, "same": SECRETS["a"]}
    desk = reception or Desk()
    return build_endpoint(name, accounts(text), secrets=secrets, reception=desk, clock=StoppedClock())


async def test_the_webhook_of_an_account_knows_its_word() -> None:
    endpoint = webhook("whatsapp/main", f"whatsapp/main: {{{ACCOUNT}}}")

    assert endpoint is not None
    query = "hub.mode=subscribe&hub.challenge=1158&hub.verify_token=verify"
    assert (await endpoint(Called("GET", "", query, {}, b"", "203.0.113.7"))).body == b"1158"


def test_a_channel_without_a_webhook_has_none() -> None:
    assert webhook("terminal/main", "terminal/main: {}") is None


async def test_the_webhook_is_that_of_all_numbers_of_the_app_and_of_no_other() -> None:
    """Whose app it is tells the secret itself, whatever it is called."""
    rest = "token: t, verify_token: v"
    same, other = f"number: '222222', app_secret: same, {rest}", f"number: '333333', app_secret: v, {rest}"
    text = f"whatsapp/main: {{{ACCOUNT}}}, whatsapp/second: {{{same}}}, whatsapp/other: {{{other}}}"
    desk = Desk()
    endpoint = webhook("whatsapp/main", text, desk)
    assert endpoint is not None

    sent = [value(number, messages=[message(id=number)]) for number in (NUMBER, "222222", "333333")]
    raw = json.dumps(body(*sent)).encode()
    await endpoint(call(raw, signed=signature(raw, SECRETS["a"])))
    assert desk.accounts == ["whatsapp/main", "whatsapp/second"]
