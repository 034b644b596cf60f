"""Secrets are taken out of what is shown."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as some

from onebox.app.logs import defused
from onebox.app.masking import log_masker, masker

SECRETS = {"token": "sesame-open", "odd": 'a"b/c é', "short": "abc"}


def test_values_are_masked_wherever_they_stand() -> None:
    mask = masker(SECRETS)

    assert mask({"a": ["Bearer sesame-open", 7], "sesame-open": b"x sesame-open", "t": ("sesame-open",)}) == {
        "a": ["Bearer ***", 7],
        "***": b"x ***",
        "t": ("***",),
    }


def test_values_are_found_inside_json_and_urls() -> None:
    mask = masker(SECRETS)

    assert mask(json.dumps({"password": SECRETS["odd"]}, ensure_ascii=False)) == '{"password": "***"}'
    assert mask(f"https://x/?k={quote(SECRETS['odd'], safe='')}") == "https://x/?k=***"


def test_short_values_are_not_masked() -> None:
    assert masker(SECRETS)("abc") == "abc"


def test_the_longer_of_two_is_masked_whole() -> None:
    assert masker({"a": "pass", "b": "password"})("my password") == "my ***"


def test_what_holds_no_secret_is_handed_back_itself() -> None:
    value: Any = {"a": [1, "two", {"three": (3, b"4")}], "n": None}

    assert masker(SECRETS)(value) is value
    assert masker({})(value) is value


@given(
    some.recursive(
        some.text() | some.integers() | some.none(),
        lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    )
)
def test_no_secret_is_left_anywhere(value: Any) -> None:
    masked = masker(SECRETS)({"value": value, "secret": "x sesame-open y"})

    assert "sesame-open" not in repr(masked)
    assert masked["value"] == value or "sesame-open" in repr(value)


def test_the_log_is_masked() -> None:
    process = log_masker(masker(SECRETS))

    assert process(None, "info", {"event": "called sesame-open", "error": ValueError("sesame-open"), "n": 1}) == {
        "event": "called ***",
        "error": "***",
        "n": 1,
    }


def test_what_a_stranger_wrote_is_no_line_of_the_log() -> None:
    event = {"event": "got \x1b[2J\n2026-11-24 [info] all is well", "number": 7, "exception": "a\nb\x07"}

    assert defused(None, "info", event) == {
        "event": "got \\x1b[2J\n    2026-11-24 [info] all is well",
        "number": 7,
        "exception": "a\nb\\x07",
    }
