from __future__ import annotations

import pytest

from onebox.app.accounts import ChatAccount
from onebox.app.settings import check_settings


def faults(text: str) -> list[str]:
    return [str(fault) for fault in check_settings(f"accounts: {{chat/main: {text}}}", set())[1]]


def test_a_web_chat_needs_nothing() -> None:
    settings, found = check_settings("accounts: {chat/main: {}}", set())

    assert found == []
    assert settings is not None
    assert settings.accounts["chat/main"] == ChatAccount(title="Chat", greeting=None, language="en", allow_origins=[])


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
        ("{tile: Ask}", "'tile' is not known here\n  hint: did you mean 'title'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    told = "\n".join(faults(text))

    assert said in told
    assert "box.yaml:1:" in told
