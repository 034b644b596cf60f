from __future__ import annotations

from dataclasses import replace

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


def test_a_token_that_is_no_secret_of_the_box_is_found() -> None:
    [missing] = faults("{token: bto}")

    assert "'bto'" in missing
    assert "did you mean 'bot'" in missing


def test_a_token_that_is_written_out_is_refused() -> None:
    [written] = faults('{token: "123:AAE"}')

    assert "token" in written
