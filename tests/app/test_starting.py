"""Making a new box."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from onebox.app.checking import check_box
from onebox.app.folder import BoxFolder
from onebox.app.settings import read_settings
from onebox.app.starting import FolderRefused, NoSuchTemplate, make_box

if TYPE_CHECKING:
    from pathlib import Path


def test_a_base_without_templates_has_no_marks_left(tmp_path: Path) -> None:
    make_box(tmp_path / "box", ["hello"])

    settings = (tmp_path / "box" / "box.yaml").read_text()
    assert [word for word in ("MORE_ACCOUNTS", "VARIABLES", "BOX_NAME") if word in settings] == []
    assert read_settings(BoxFolder(tmp_path / "box")).vars == {}


def test_a_box_is_named_for_its_folder(tmp_path: Path) -> None:
    for name in ("salon", "Ana's: shop"):
        make_box(tmp_path / name, ["hello"])

        assert read_settings(BoxFolder(tmp_path / name)).box == name


def test_a_box_may_begin_without_flows(tmp_path: Path) -> None:
    make_box(tmp_path / "box", [])

    assert check_box(BoxFolder(tmp_path / "box"), {}).flows == []


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(FolderRefused, match="is not empty: it holds file"):
        make_box(tmp_path, ["hello"])
    with pytest.raises(FolderRefused, match="is a file"):
        make_box(tmp_path / "file", ["hello"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_template_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSuchTemplate, match="did you mean 'hello'"):
        make_box(tmp_path / "box", ["helo"])

    assert not (tmp_path / "box").exists()


def test_a_repository_is_begun_unless_there_is_one(tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git is not None
    assert make_box(tmp_path / "alone", ["hello"]).git

    subprocess.run([git, "init", "--quiet", tmp_path / "repository"], check=True)
    assert not make_box(tmp_path / "repository" / "box", ["hello"]).git
    assert make_box(tmp_path / "repository2", []).git


def test_what_the_box_keeps_is_ignored_by_git(tmp_path: Path) -> None:
    make_box(tmp_path / "box", ["hello"])

    assert ".onebox/" in (tmp_path / "box" / ".gitignore").read_text().splitlines()
