"""The templates that `onebox init` makes a box of."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from onebox.app.checking import check_box
from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.starting import make_box, templates

if TYPE_CHECKING:
    from pathlib import Path

FOUR = ["dispatcher", "feeds", "contact-form", "daily-report"]


def box_of(path: Path, names: list[str]) -> BoxFolder:
    """A new box, with the secrets that its templates ask for."""
    made = make_box(path, names)
    vault = Vault(BoxFolder(path), {})
    for name in made.secrets:
        vault.set(name, f"https://example.org/{name}")
    return BoxFolder(path)


@pytest.mark.parametrize("names", [*([name] for name in templates()), FOUR], ids="+".join)
def test_a_template_has_no_faults(names: list[str], tmp_path: Path) -> None:
    folder = box_of(tmp_path / "box", names)

    assert list(map(str, check_box(folder, {}).faults)) == []


@pytest.mark.parametrize("name", templates())
def test_one_of_a_template_s_tests_is_of_a_failure(name: str, tmp_path: Path) -> None:
    folder = box_of(tmp_path / "box", [name])

    cases = [case for file in folder.flows.glob("*.test.yaml") for case in file.read_text().split("- name:")]

    assert [case for case in cases if re.search(r"(?:fails|error|refused):", case)]


def test_a_template_needs_no_secret_to_be_tested(tmp_path: Path) -> None:
    make_box(tmp_path / "box", FOUR)

    ended = subprocess.run(
        [sys.executable, "-m", "onebox", "test", "--box", str(tmp_path / "box")],
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_two_templates_want_stands_once(tmp_path: Path) -> None:
    folder = box_of(tmp_path / "box", FOUR)

    settings = folder.settings.read_text()
    assert settings.count("telegram/main:") == settings.count("email/office:") == 1


def test_a_secret_that_is_not_set_is_named_with_what_to_do(tmp_path: Path) -> None:
    make_box(tmp_path / "box", FOUR)

    faults = "\n".join(map(str, check_box(BoxFolder(tmp_path / "box"), {}).faults))

    for name in ("telegram_token", "shop", "smtp_password", "discord_webhook", "slack_webhook"):
        assert f"there is no secret {name!r}" in faults
        assert f"onebox secrets set {name}" in faults


def test_a_template_is_a_repository_that_can_be_committed(tmp_path: Path) -> None:
    folder = box_of(tmp_path / "box", FOUR)
    git = shutil.which("git")
    assert git is not None

    subprocess.run([git, "-C", str(folder), "add", "."], check=True)
    kept = subprocess.run(
        [git, "-C", str(folder), "ls-files"], check=True, capture_output=True, text=True
    ).stdout.splitlines()

    assert "secrets.yaml" in kept
    assert [name for name in kept if name.startswith(".onebox/")] == []
