"""Several files change, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.assistant.kit.repositories import tree

from onebox.assistant.changes import Change, Changes
from onebox.assistant.claude_md import learnt_rules, with_part, with_rule, without_part, without_rule

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_changed_before_a_failure_is_put_back(tmp_path: Path) -> None:
    """The last change finds its new text gone: the one before it, of the same name, has used it."""
    (tmp_path / "there.txt").write_text("old")
    (tmp_path / "gone.txt").write_text("old")
    (tmp_path / "there.txt").chmod(0o600)
    before = tree(tmp_path)
    changes = Changes(tmp_path)
    changes.changes = [
        Change("there.txt", b"old", b"new"),
        Change("gone.txt", b"old", None),
        Change("inner/new.txt", None, b"new"),
        Change("twice.txt", None, b"one"),
        Change("twice.txt", None, b"two"),
    ]

    with pytest.raises(FileNotFoundError):
        changes.carry_out()
    assert before == tree(tmp_path)


def test_a_file_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("old")
    (tmp_path / "settings.json").chmod(0o640)
    changes = Changes(tmp_path)
    changes.put("settings.json", b"new")
    changes.carry_out()

    assert (tmp_path / "settings.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("text", ["", "# Ours", "# Ours\n", "# Ours\r\n\r\nMore.\r\n", "\ufeff# Ours\n", "\n\n"])
def test_the_kits_part_comes_and_goes_without_a_trace(text: str) -> None:
    from onebox.assistant.claude_md import space_before

    before = space_before(text)

    assert text == without_part(with_rule(with_part(text, "## Rules\n"), "Be kind."), before=before)


def test_rules_come_and_go_in_their_order() -> None:
    text = with_part("# Ours\n", "## Rules\n")
    learnt = with_rule(with_rule(with_rule(text, "One."), "- Two."), "One.")

    assert learnt_rules(learnt) == ["- One.", "- Two."]
    assert text == without_rule(without_rule(learnt, "One."), "Two.")
    assert learnt_rules(with_part(learnt, "## Other rules\n")) == ["- One.", "- Two."]


def test_a_rule_can_be_learnt_where_there_is_no_kit() -> None:
    assert with_rule("# Ours\n", "One.") == (
        "# Ours\n\n<!-- onebox kit: begin -->\n## Learnt from failures\n\n- One.\n<!-- onebox kit: end -->\n"
    )
