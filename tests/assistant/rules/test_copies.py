"""A violation is planted in a copy of any tree, and the tree does not notice."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.assistant.rules.projects import CHECK, VIOLATION, a_project, git

from onebox.assistant.learn import learn
from onebox.assistant.proof import prove
from onebox.assistant.rules import RuleRefused
from onebox.assistant.tree_copy import copy_of

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)


def everything_in(folder: Path) -> dict[str, bytes | None]:
    """Every file, but for what git keeps."""
    files = (file for file in sorted(folder.rglob("*")) if ".git" not in file.parts)
    return {str(file): file.read_bytes() if file.is_file() else None for file in files}


def test_a_check_that_writes_files_writes_them_into_the_copy(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "src/core/shop.py").write_text("PRICE = 12\nOPEN = True\n")
    patch = VIOLATION.replace("@@ -1 +1,2 @@", "@@ -1,2 +1,3 @@").replace("telegram\n", "telegram\n OPEN = True\n")
    before = everything_in(project), git(project, "status", "--porcelain")
    prove(f"echo made > made.txt && echo over > src/core/made.py && {CHECK}", patch, project)

    assert (everything_in(project), git(project, "status", "--porcelain")) == before
    assert not [*tmp_path.glob("onebox-kit-*")]


def test_a_folder_without_git_is_copied_too(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    shutil.rmtree(project / ".git")
    (project / "node_modules/left").mkdir(parents=True)
    before = everything_in(project)

    assert prove(f"test -d node_modules/left && {CHECK}", VIOLATION, project).failed
    assert everything_in(project) == before


def test_without_the_program_git_nothing_is_proved_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_project(tmp_path / "shop")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "grep"):
        (tools / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(RuleRefused, match="there is no git here, and it is what plants the violation"):
        prove(CHECK, VIOLATION, project)

    learnt = learn(project, failure="Telegram in core", rule="Core is plain", check=CHECK, today=TODAY)
    assert learnt.rule.proved is None


def test_repositories_inside_are_copied_and_can_be_violated(tmp_path: Path) -> None:
    inner = a_project(tmp_path / "inner")
    project = a_project(tmp_path / "shop")
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "part")
    git(project, "commit", "-qm", "A part")
    (project / "part/noise.log").write_text("ignored there")
    before = git(project, "status", "--porcelain", "--ignored"), git(project / "part", "status", "--porcelain")
    patch = VIOLATION.replace("src/core", "part/src/core")

    assert prove("test ! -f part/noise.log && ! grep -rq adapters part/src/core", patch, project).failed
    after = git(project, "status", "--porcelain", "--ignored"), git(project / "part", "status", "--porcelain")
    assert after == before


def test_large_folders_are_linked_whether_git_ignores_them_or_not(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    for place in ("node_modules/left", "web/node_modules/right", ".venv/lib"):
        (project / place).mkdir(parents=True)
        (project / place / "index.js").write_text("1")

    with copy_of(project) as copy:
        assert {place: (copy / place).is_symlink() for place in ("node_modules", "web/node_modules", ".venv")} == {
            "node_modules": True, "web/node_modules": True, ".venv": True,
        }  # fmt: skip
    assert (project / "node_modules/left/index.js").read_text() == "1"


def test_secrets_are_not_copied(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / ".env").write_text("A=made up\n")
    (project / ".env.example").write_text("A=\n")
    with copy_of(project) as copy:
        assert {file.name for file in copy.glob(".env*")} == {".env.example"}

    shutil.rmtree(project / ".git")
    with copy_of(project) as copy:
        assert {file.name for file in copy.glob(".env*")} == {".env.example"}


def test_a_patch_without_prefixes_is_planted(tmp_path: Path) -> None:
    patch = VIOLATION.replace(" a/", " ").replace(" b/", " ")

    assert prove(CHECK, patch, a_project(tmp_path)).failed


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("sh src/core/look.sh || exit 3", "which proves nothing: it did not come to say no"),
        ("python3 src/core/look.sh", "which proves nothing"),
        ("grep -q 12 src/core/shop.py || kill -9 $$", "did not come to say no"),
        ("! grep -q telegram src/core/shop.py || sleep 30", "did not end within 1 s, which proves nothing"),
        ("! grep -q telegram src/core/shop.py || no-such-linter", "ends (exit code 127), which proves nothing"),
        ("! no-such-linter src", "the shell does not find `no-such-linter`"),
    ],
)
def test_what_is_no_failure_is_no_proof(tmp_path: Path, check: str, said: str) -> None:
    project = a_project(tmp_path)
    (project / "src/core/look.sh").write_text("exit\n")
    patch = VIOLATION.replace("-1 +1,2", "-1 +1").replace(" PRICE = 12", "-PRICE = 12")
    patch += "--- a/src/core/look.sh\n+++ /dev/null\n@@ -1 +0,0 @@\n-exit\n"

    with pytest.raises(RuleRefused) as refused:
        prove(check, patch, project, seconds=1)
    assert said in str(refused.value)


def test_what_a_check_leaves_running_holds_nobody_up(tmp_path: Path) -> None:
    learnt = learn(
        a_project(tmp_path), failure="one", rule="One", check="sleep 60 & echo fine", today=TODAY, seconds=20
    )

    assert learnt.ended is not None
    assert (learnt.ended.code, learnt.ended.ms < 20_000) == (0, True)
