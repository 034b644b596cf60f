from __future__ import annotations

from datetime import timedelta

import pytest

from onebox.app.accounts import ChatAccount
from onebox.app.settings import check_settings
from onebox.flows.definition.fields import Rate


def faults(text: str) -> list[str]:
    return [str(fault) for fault in check_settings(f"accounts: {{chat/main: {text}}}", set())[1]]


def test_a_web_chat_needs_nothing() -> None:
    settings, found = check_settings("accounts: {chat/main: {}}", set())

    assert found == []
    assert settings is not None
    assert settings.accounts["chat/main"] == ChatAccount(title="Chat", greeting=None, language="en", allow_origins=[])


def test_an_address_may_write_as_much_as_a_family_does_and_the_account_says_otherwise() -> None:
    told, _ = check_settings("accounts: {chat/main: {per_ip: 600/1m, files_per_ip: 5/1h}}", set())
    assert told is not None
    usual, own = ChatAccount(), told.accounts["chat/main"]
    assert isinstance(own, ChatAccount)

    assert (usual.per_ip, usual.files_per_ip) == (Rate(60, timedelta(minutes=1)), Rate(200, timedelta(days=1)))
    assert (own.per_ip, own.files_per_ip) == (Rate(600, timedelta(minutes=1)), Rate(5, timedelta(hours=1)))


def test_long_texts_are_split_before_they_are_queued() -> None:
    parts = ChatAccount().outlet.parts({"text": "a" * 10_001})

    assert [len(part["text"]) for part in parts] == [10_000, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{allow_origins: [salon.example]}", "expected an origin such as https://salon.example, got 'salon.example'"),
        ('{allow_origins: ["https://Salon.example/a"]}', "write https://salon.example, not https://Salon.example/a"),
        ("{allow_origins: all}", "'all'"),
        ("{language: xx}", "'xx'"),
        ("{per_ip: many}", "expected a rate such as 5/1m (five within a minute), got 'many'"),
        ("{tile: Ask}", "'tile' is not known here\n  hint: did you mean 'title'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    told = "\n".join(faults(text))

    assert said in told
    assert "box.yaml:1:" in told
