from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onebox.messaging.characters import inside
from onebox.messaging.splitting import split

WORDS = st.text(alphabet="ab é\u0301👍🏽\u200d🇩🇪\n\t*`_<&", max_size=400)
LINES = st.lists(
    st.sampled_from(["", "one two", "x" * 30, "```", "```q", "~~~", "    indented", "- item"]), max_size=40
)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def solid(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(WORDS, st.integers(1, 120))
@example("x" * 50, 7)
@example(" " * 50 + "x", 7)
def test_parts_fit_and_hold_all_that_is_no_space(text: str, limit: int) -> None:
    parts = split(text, limit, markdown=False)

    assert solid(text) == solid("".join(parts))
    assert [part for part in parts if len(part) > limit or not part.strip()] == []


@given(LINES.map("\n".join), st.integers(1, 200))
@example("\n\n\n\n```\n```q", 16)
@example("~~~\n```\n" + "```q\n" * 9, 9)
def test_parts_of_markdown_fit_and_hold_every_word_in_order(text: str, limit: int) -> None:
    parts = split(text, limit)

    assert [part for part in parts if len(part) > limit or not part.strip()] == []
    # A fence may be written again at a seam, and one that is code may be parted.
    assert solid(re.sub("[`~q]", "", text)) == solid(re.sub("[`~q]", "", "".join(parts)))


@given(WORDS, st.integers(2, 60))
def test_the_measure_may_be_another(text: str, limit: int) -> None:
    parts = split(text, limit, utf16, markdown=False)

    assert solid(text) == solid("".join(parts))
    assert [part for part in parts if utf16(part) > limit] == []


@given(st.lists(st.sampled_from(["e\u0301", "👍🏽", "👩\u200d🔬", "🇩🇪", "a"]), max_size=80).map("".join))
def test_no_character_is_parted(text: str) -> None:
    at = 0
    for part in split(text, 12):
        at += len(part)
        assert not inside(text, at)


def test_nothing_is_made_of_nothing() -> None:
    assert [] == split("", 10) == split(" \n\n ", 10)


def test_what_fits_is_left_as_it_is() -> None:
    assert split("  one\n\n\ntwo \n", 13) == ["  one\n\n\ntwo \n"]


def test_a_blank_line_is_better_than_a_line_and_a_line_better_than_a_space() -> None:
    assert split("one\n\ntwo three\nfour", 17) == ["one", "two three\nfour"]
    assert split("one two\nthree four", 17) == ["one two", "three four"]
    assert split("one two three", 11) == ["one two", "three"]
    assert split("onetwothree", 6) == ["onetwo", "three"]


def test_a_part_may_end_right_at_the_limit() -> None:
    assert split("four\n\nfive", 4) == ["four", "five"]
    assert split("four five", 4) == ["four", "five"]


def test_code_that_is_split_is_closed_and_opened_again() -> None:
    code = "```python\n" + "\n".join(f"line_{number} = {number}" for number in range(10)) + "\n```\nafter"
    parts = split(code, 60)

    assert parts[0] == "```python\nline_0 = 0\nline_1 = 1\nline_2 = 2\nline_3 = 3\n```"
    assert parts[1].startswith("```python\nline_4 = 4\n")
    assert parts[-1].endswith("\n```\nafter")


def test_code_keeps_its_indentation_at_a_seam() -> None:
    assert split("~~~\nif one:\n    two()\n~~~", 18) == ["~~~\nif one:\n~~~", "~~~\n    two()\n~~~"]


def test_a_block_of_code_is_left_whole_where_there_is_a_seam_before_it() -> None:
    assert split("before\n```\none\n\ntwo\n```", 20) == ["before", "```\none\n\ntwo\n```"]


def test_no_empty_block_is_left_behind() -> None:
    assert split("```\none two\n```\nnext line", 15) == ["```\none two\n```", "next line"]


def test_code_that_nobody_closes_is_split_like_any() -> None:
    assert split("```\none\ntwo\nthree", 16) == ["```\none\ntwo\n```", "```\nthree"]


def test_a_fence_that_would_fill_the_parts_is_a_text_like_any() -> None:
    assert [len(part) <= 10 for part in split("```python\nx = 1\ny = 2\n```", 10)] == [True] * 3


def test_two_hundred_thousand_characters_take_few_measurements() -> None:
    asked = []

    def measured(text: str) -> int:
        asked.append(len(text))
        return len(text) + text.count("o")

    parts = split("one two three four. " * 10_000, 2000, measured)

    assert sum(asked) < 40 * 200_000
    assert len(parts) < 130


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        split("x", 0)
