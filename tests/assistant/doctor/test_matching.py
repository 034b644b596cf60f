"""Matchers, as Claude Code reads them."""

from __future__ import annotations

import pytest

from onebox.assistant.doctor.matching import matched_before_2_1_195, matches


@pytest.mark.parametrize(
    ("matcher", "tool", "expected"),
    [
        (None, "Read", True),
        ("", "Read", True),
        ("*", "mcp__files__read", True),
        ("Edit|Write", "Write", True),
        ("Edit, Write", "Write", True),
        ("Edit|Write", "NotebookEdit", False),
        ("edit", "Edit", False),
        ("Edit.*", "NotebookEdit", True),
        ("^Edit", "NotebookEdit", False),
        ("mcp__.*", "mcp__files__read", True),
        ("mcp__brave-search", "mcp__brave-search__find", False),
        ("(", "Read", False),
        (".*", "Read", True),
    ],
)
def test_a_matcher_is_a_list_of_names_or_an_expression(matcher: str | None, tool: str, expected: bool) -> None:  # noqa: FBT001
    assert matches(matcher, tool) is expected


def test_a_hyphen_made_an_expression_before_2_1_195() -> None:
    assert matched_before_2_1_195("mcp__brave-search", "mcp__brave-search__find")
    assert not matched_before_2_1_195("Edit|Write", "NotebookEdit")
