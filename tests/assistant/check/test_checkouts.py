"""Whose file it is: a worktree has its own, a foreign repository is none of ours."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.hooks.check.checkout import common_dir, own_state, root_for, shared_state

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects

SHOP = {"tsconfig.json": "{}\n", "src/a.ts": "export {};\n", ".gitignore": "node_modules\n.claude/worktrees\n"}
# It says in which folder it was run.
TSC = '#!/bin/sh\necho "src/a.ts(1,1): error TS1: $PWD"\nexit 1\n'


def test_a_worktree_is_checked_with_its_own_files(projects: Projects, tmp_path: Path) -> None:
    """CLAUDE_PROJECT_DIR stays at the main checkout."""
    project = projects(SHOP)
    for place in (tmp_path / "beside", project.folder / ".claude/worktrees/inside"):
        project.worktree(place)
        tsc = place / "node_modules/.bin/tsc"
        tsc.parent.mkdir(parents=True)
        tsc.write_text(TSC)
        tsc.chmod(0o755)

        assert project.edit("src/a.ts", "", folder=place).lines == [f"src/a.ts:1:1: error TS1: {place}"]
        assert project.call(project.edited(place / "src/a.ts")).lines == [f"src/a.ts:1:1: error TS1: {place}"]
        assert project.stop(folder=place).lines[1] == f"src/a.ts:1:1: error TS1: {place}"
        # The main checkout is not held for what a worktree within it is about.
        assert project.stop().quiet()
        assert project.git("-C", str(place), "status", "--porcelain") == " M src/a.ts\n"


def test_worktrees_share_git_and_not_their_state(projects: Projects, tmp_path: Path) -> None:
    project = projects(SHOP)
    place = tmp_path / "beside"
    project.worktree(place)
    said = subprocess.run(
        ["git", "rev-parse", "--path-format=absolute", "--git-common-dir"],
        cwd=place,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()

    assert common_dir(str(place)) == said
    assert shared_state(str(place)) == shared_state(str(project.folder)) == f"{project.folder}/.git/onebox-kit"
    assert own_state(str(place)) != own_state(str(project.folder))


def test_the_state_of_a_worktree_that_is_gone_is_thrown_away(projects: Projects, tmp_path: Path) -> None:
    project = projects({".claude/rules.toml": '[[rule]]\nid = "a"\nrule = "A"\ncheck = "true"\n'})
    place = tmp_path / "beside"
    project.worktree(place)
    assert project.stop(folder=place).quiet()
    state = Path(own_state(str(place)))
    assert state.is_dir()
    project.git("worktree", "remove", str(place))
    assert project.stop().quiet()

    assert not state.exists()
    assert Path(own_state(str(project.folder))).is_dir()


def test_a_project_may_be_a_part_of_a_repository(projects: Projects, tmp_path: Path) -> None:
    project = projects({"shop/README.md": "", "README.md": ""})
    place = tmp_path / "beside"
    project.worktree(place)
    shop = str(project.folder / "shop")

    assert root_for(f"{shop}/a.py", project=shop, folder=shop) == shop
    assert root_for(f"{place}/shop/a.py", project=shop, folder=str(place)) == f"{place}/shop"


def test_a_file_of_a_foreign_repository_or_of_none_is_let_be(projects: Projects, tmp_path: Path) -> None:
    project, foreign = projects(SHOP), projects(SHOP)
    foreign.script("node_modules/.bin/tsc", TSC)
    loose = tmp_path / "loose.py"
    loose.write_text("x = (\n")

    assert project.call(project.edited(foreign.folder / "src/a.ts")).quiet()
    assert project.call(project.edited(loose)).quiet()


def test_a_link_is_followed_to_the_file_that_was_written(projects: Projects, tmp_path: Path) -> None:
    project = projects({"src/real.py": "x = (\n"})
    (project.folder / "link.py").symlink_to("src/real.py")

    assert project.call(project.edited(project.folder / "link.py")).lines[0].startswith("src/real.py:1:")
