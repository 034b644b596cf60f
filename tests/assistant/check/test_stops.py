"""At the end of a turn: the whole project, once for what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects
    from tests.assistant.check.project import Project

# Faults are the lines of `src/a.ts` that begin with `fault`; each call is counted outside of the tree.
TSC = """#!/bin/sh
echo x >>"$HOME/calls"
grep -n ^fault src/a.ts | sed 's/^\\([0-9]*\\):\\(.*\\)/src\\/a.ts(\\1,1): error TS1: \\2/'
! grep -q ^fault src/a.ts
"""


def shop(projects: Projects, text: str) -> Project:
    project = projects({"tsconfig.json": "{}\n", "src/a.ts": text, ".gitignore": "node_modules\n", "README.md": ""})
    project.script("node_modules/.bin/tsc", TSC)
    return project


def calls(project: Project) -> int:
    file = project.home / "calls"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_a_clean_project_is_checked_again_only_when_files_changed(projects: Projects) -> None:
    project = shop(projects, "fine\n")
    assert [project.stop().quiet() for _ in range(3)] == [True] * 3
    assert calls(project) == 1

    project.write({"README.md": "# A shop\n"})
    assert project.stop().quiet()
    assert calls(project) == 1

    project.write({"src/a.ts": "good\n"})
    assert project.stop().quiet()
    assert calls(project) == 2


def test_a_fault_holds_the_assistant_and_the_mend_lets_it_go(projects: Projects) -> None:
    project = shop(projects, "fine\n")
    assert project.stop().quiet()
    project.write({"src/a.ts": "fault one\n"})
    held = project.stop()
    assert (held.code, held.out) == (2, "")
    assert held.lines == ["1 fault in the project:", "src/a.ts:1:1: error TS1: fault one"]

    project.write({"src/a.ts": "fine\n"})
    assert project.stop(again=True).quiet()


def test_the_first_check_of_a_project_does_not_ask_for_all_that_is_old(projects: Projects) -> None:
    assert shop(projects, "fault one\n").stop().lines == [
        "1 fault in the project at its first check (mend what this turn broke, tell the person of the rest):",
        "src/a.ts:1:1: error TS1: fault one",
    ]


def test_the_same_fault_does_not_hold_it_twice(projects: Projects) -> None:
    """Neither when nothing was changed, nor when the fault only moved."""
    project = shop(projects, "fault one\n")
    assert project.stop().code == 2
    for text in ("fault one\n", "fine\n\nfault one\n"):
        project.write({"src/a.ts": text})
        left = project.stop(again=True)

        assert left.code == 0
        assert left.lines == [
            f"1 fault left, told before, first src/a.ts:{text.count(chr(10))}:1: error TS1: fault one"
        ]
        assert "told before" in left.out


def test_a_turn_that_changes_nothing_is_not_held_for_what_was_told(projects: Projects) -> None:
    project = shop(projects, "fault one\n")
    assert project.stop().code == 2
    assert project.stop().quiet()
    assert calls(project) == 1


def test_a_turn_that_changes_files_is_held_for_what_is_left(projects: Projects) -> None:
    project = shop(projects, "fault one\n")
    assert project.stop().code == 2
    project.write({"src/a.ts": "fault one\nfine\n"})

    assert project.stop().lines == ["1 fault in the project:", "src/a.ts:1:1: error TS1: fault one"]


def test_old_faults_in_files_that_did_not_change_do_not_hold_it(projects: Projects) -> None:
    """A project with hundreds of them would be held at the end of each turn."""
    project = projects({"tsconfig.json": "{}\n", "src/a.ts": "fault one\n", "src/b.ts": "fine\n"})
    tsc = """#!/bin/sh
grep -n ^fault src/*.ts | sed 's/^\\([^:]*\\):\\([0-9]*\\):\\(.*\\)/\\1(\\2,1): error TS1: \\3/'
! grep -q ^fault src/*.ts
"""
    project.script("node_modules/.bin/tsc", tsc)
    assert project.stop().code == 2
    project.write({"src/b.ts": "good\n"})
    assert project.stop().quiet()

    project.write({"src/b.ts": "fault two\n"})
    assert project.stop().lines == [
        "1 fault in the project:",
        "src/b.ts:1:1: error TS1: fault two",
        "and 1 told before, in files that did not change",
    ]


def test_new_faults_hold_it_again_and_are_told_first(projects: Projects) -> None:
    project = shop(projects, "fault one\n")
    assert project.stop().code == 2
    project.write({"src/a.ts": "fault one\nfault two\n"})
    held = project.stop(again=True)

    assert held.code == 2
    assert held.lines == [
        "2 faults in the project:",
        "src/a.ts:2:1: error TS1: fault two",
        "src/a.ts:1:1: error TS1: fault one",
    ]


def test_faults_that_are_always_new_hold_it_three_times(projects: Projects) -> None:
    project = shop(projects, "fault 0\n")
    codes = []
    for number in range(4):
        project.write({"src/a.ts": f"fault {number}\n"})
        codes.append(project.stop(again=number > 0).code)

    assert codes == [2, 2, 2, 0]


def test_each_part_of_a_mixed_repository_is_checked_for_itself(projects: Projects) -> None:
    """And the root with it, whose config may take in what lies below."""
    project = shop(projects, "fine\n")
    project.write({"web/tsconfig.json": "{}\n", "web/src/a.ts": "fine\n", "node_modules/x/tsconfig.json": "{}\n"})
    assert project.stop().quiet()
    assert calls(project) == 2

    project.write({"web/src/a.ts": "fault here\n"})
    assert project.stop().lines == ["1 fault in the project:", "web/src/a.ts:1:1: error TS1: fault here"]
    project.write({"src/a.ts": "still fine\n"})
    assert project.stop().quiet()
    assert calls(project) == 5


def test_what_is_built_is_not_checked_unless_it_is_only_called_so(projects: Projects) -> None:
    project = shop(projects, "fine\n")
    project.write({"package.json": "{}\n", "dist/tsconfig.json": "{}\n", "dist/src/a.ts": "fault made\n"})
    assert project.stop().quiet()
    project.write({"src/dist/tsconfig.json": "{}\n", "src/dist/src/a.ts": "fault here\n"})

    assert project.stop().lines[1:] == ["src/dist/src/a.ts:1:1: error TS1: fault here"]


def test_without_git_the_state_lies_in_the_persons_cache(projects: Projects) -> None:
    project = projects({"tsconfig.json": "{}\n", "src/a.ts": "fine\n"}, git=False)
    project.script("node_modules/.bin/tsc", TSC)
    assert [project.stop().quiet() for _ in range(2)] == [True, True]

    assert calls(project) == 1
    assert [file.name for file in (project.home / ".cache/onebox-kit").glob("*/check-*/*") if "json" in file.name] == [
        "seen.json"
    ]


def test_the_home_folder_is_no_project(projects: Projects) -> None:
    project = shop(projects, "fault one\n")
    project.environment["HOME"] = str(project.folder)

    assert project.stop().quiet()


def test_a_state_that_cannot_be_read_is_begun_anew(projects: Projects) -> None:
    project = shop(projects, "fault one\n")
    assert project.stop().code == 2
    (state,) = project.folder.glob(".git/onebox-kit/check-*/seen.json")
    for broken in ("{", "[]", '{"checks": 7}', f'{{"checks": {{"tsc {project.folder}": 1}}}}'):
        state.write_text(broken)

        assert project.stop().code == 2
