from __future__ import annotations

from dataclasses import replace

import pytest

from onebox.app.accounts import TelegramAccount
from onebox.app.settings import check_settings
from onebox.channels.telegram.channel import PACE


def account(text: str) -> TelegramAccount:
    settings, faults = check_settings(f"accounts: {{telegram/main: {text}}}", {"bot"})
    assert faults == []
    assert settings is not None
    found = settings.accounts["telegram/main"]
    assert isinstance(found, TelegramAccount)
    return found


def faults(text: str) -> list[str]:
    return [str(fault) for fault in check_settings(f"accounts: {{telegram/main: {text}}}", {"bot"})[1]]


def test_a_bot_needs_no_more_than_its_token() -> None:
    bot = account("{token: bot}")

    assert (bot.api, bot.token, bot.pace) == ("https://api.telegram.org", "bot", None)


def test_of_a_pace_that_says_less_the_rest_is_telegrams() -> None:
    pace = account("{token: bot, pace: {per_second: 2}}").pace

    assert pace is not None
    assert pace.over(PACE) == replace(PACE, per_second=2.0)


def test_long_texts_are_split_before_they_are_queued() -> None:
    outlet = account("{token: bot}").outlet

    assert [len(part["text"]) for part in outlet.parts({"text": "a" * 4097})] == [4096, 1]


def test_what_people_write_is_asked_for_unless_an_address_is_given() -> None:
    asking, called = account("{token: bot}"), account("{token: bot, updates: webhook, public_url: 'https://b.example'}")

    assert (asking.updates, asking.public_url) == ("polling", None)
    assert (called.updates, called.public_url, called.max_connections) == ("webhook", "https://b.example", 40)


@pytest.mark.parametrize("url", ["https://b.example:8443/box/", "https://192.0.2.7", "https://[2001:db8::7]:443"])
def test_addresses_that_telegram_calls(url: str) -> None:
    assert account(f"{{token: bot, updates: webhook, public_url: '{url}'}}").public_url == url


def test_a_bot_api_server_of_your_own_calls_any_address() -> None:
    given = "{token: bot, api: 'http://127.0.0.1:8081', updates: webhook, public_url: 'http://127.0.0.1:8080'}"

    assert account(given).public_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("updates: webhook", "updates: webhook needs public_url, the box's address as Telegram sees it: https://…"),
        ("public_url: 'https://b.example'", "public_url is for updates: webhook alone"),
        ("updates: webhook, public_url: 'http://b.example'", "must begin with https://, and its port be one of 80, 88"),
        ("updates: webhook, public_url: 'https://b.example:8080'", "must begin with https://, and its port be one of"),
        ("updates: webhook, public_url: 'https://b.example:x'", "must begin with https://, and its port be one of"),
        ("updates: webhook, public_url: b.example", "expected a URL that begins with https:// or http://"),
        ("updates: sometimes", "updates"),
        ("updates: webhook, public_url: 'https://b.example', max_connections: 101", "max_connections"),
        ("payments: other", "'other'"),
    ],
)
def test_a_setting_that_cannot_be_is_told(given: str, said: str) -> None:
    assert said in "\n".join(faults(f"{{token: bot, {given}}}"))


def test_a_token_that_is_no_secret_of_the_box_is_found() -> None:
    [missing] = faults("{token: bto}")

    assert "'bto'" in missing
    assert "did you mean 'bot'" in missing


def test_a_token_that_is_written_out_is_refused() -> None:
    [written] = faults('{token: "123:AAE"}')

    assert "token" in written
