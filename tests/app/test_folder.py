"""The folder that a box is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onebox.app.folder import BoxFolder, BoxNotFound


@pytest.fixture
def folder(tmp_path: Path) -> BoxFolder:
    box = BoxFolder(tmp_path / "box")
    box.flows.mkdir(parents=True)
    box.templates.mkdir()
    box.settings.write_text("box: a\n")
    return box


def test_a_box_is_found_by_its_settings(folder: BoxFolder) -> None:
    assert BoxFolder.find(folder.path).path == folder.path
    assert BoxFolder.find(folder.settings).path == folder.path


def test_a_box_is_found_from_within(folder: BoxFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.flows)

    assert BoxFolder.find().path == folder.path


def test_what_is_no_box_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    for path, what in ((tmp_path, "there is no box.yaml in it"), (tmp_path / "x", "there is no such folder")):
        with pytest.raises(BoxNotFound, match=what) as missing:
            BoxFolder.find(path)
        assert missing.value.hint == f"make one: onebox init {path}"
    with pytest.raises(BoxNotFound, match="nor a folder around it"):
        BoxFolder.find()


def test_flows_are_read_and_their_tests_are_not(folder: BoxFolder) -> None:
    (folder.flows / "b.yaml").write_text("flow: b")
    (folder.flows / "a.yaml").write_text("\ufeffflow: a")
    (folder.flows / "a.test.yaml").write_text("x")
    (folder.flows / "note.txt").write_text("x")
    (folder.flows / "c.yml").write_text("flow: c")
    (folder.path / "booking.yml").write_text("currency: EUR")

    assert folder.flow_sources() == {"flows/a.yaml": "flow: a", "flows/b.yaml": "flow: b"}
    assert folder.strays() == ["booking.yml", "flows/c.yml"]


def test_bytes_that_are_no_text_do_not_hide_other_flows(folder: BoxFolder) -> None:
    (folder.flows / "a.yaml").write_bytes(b"flow: \xff")
    (folder.flows / "b.yaml").write_text("flow: b")

    assert folder.flow_sources()["flows/a.yaml"] == "flow: \udcff"


def test_companions_lie_beside_the_flow_or_in_templates(folder: BoxFolder) -> None:
    (folder.flows / "help.md").write_text("beside")
    (folder.templates / "help.md").write_text("not this one")
    (folder.templates / "mail").mkdir()
    (folder.templates / "mail" / "hello.md").write_text("hello")

    assert folder.companion("flows/help.md") == "beside"
    assert folder.companion("flows/mail/hello.md") == "hello"
    assert folder.companion("flows/none.md") is None
    assert folder.companions() == ["flows/help.md", "flows/mail/hello.md"]


def test_companions_never_lie_outside(folder: BoxFolder) -> None:
    (folder.path.parent / "outside.md").write_text("outside")
    (folder.flows / "link.md").symlink_to(folder.path.parent / "outside.md")

    assert folder.companion("flows/../../outside.md") is None
    assert folder.companion("flows/link.md") is None


def test_the_fingerprint_changes_with_every_file_that_is_read(folder: BoxFolder) -> None:
    folder.code.mkdir()
    seen = {folder.fingerprint()}
    for number, name in enumerate(("box.yaml", "secrets.yaml", "flows/a.yaml", "templates/x/y.md", "code/a.py")):
        file = folder.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x" * number)
        seen.add(folder.fingerprint())

    assert len(seen) == 6


def test_the_fingerprint_sees_a_change_of_the_same_size(folder: BoxFolder) -> None:
    file = folder.flows / "a.yaml"
    file.write_text("a")
    before = folder.fingerprint()
    os.utime(file, ns=(1, 1))

    assert folder.fingerprint() != before


def test_the_fingerprint_leaves_out_what_the_box_keeps(folder: BoxFolder) -> None:
    before = folder.fingerprint()
    folder.prepare()
    folder.database.write_text("x")
    (folder.path / "README.md").write_text("x")
    (folder.flows / ".swp").write_text("x")

    assert folder.fingerprint() == before


def test_what_the_box_keeps_is_not_for_git(folder: BoxFolder) -> None:
    folder.prepare()
    folder.prepare()

    assert (folder.data / ".gitignore").read_text() == "*\n"
    assert Path(folder.data).stat().st_mode & 0o077 == 0
