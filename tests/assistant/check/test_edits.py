"""What holds after every edit, whatever the language."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.assistant.check.project import is_over, wait_until

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects
    from tests.assistant.check.project import Project

CONFIG = {"tsconfig.json": "{}\n", "src/a.ts": "export {};\n"}


def with_tsc(projects: Projects, script: str) -> Project:
    project = projects({**CONFIG, ".gitignore": "node_modules\n"})
    project.script("node_modules/.bin/tsc", f"#!/bin/sh\n{script}\n")
    return project


def test_other_files_and_tools_are_let_be(projects: Projects) -> None:
    project = with_tsc(projects, "echo called; exit 1")

    assert project.edit("README.md", "# A shop\n").quiet()
    assert project.edit("node_modules/left/index.ts", "export const a: number = '';\n").quiet()
    assert project.call(
        {"hook_event_name": "PostToolUse", "tool_name": "Read", "tool_input": {"file_path": "src/a.ts"}}
    ).quiet()
    assert project.call({"hook_event_name": "PreToolUse", "tool_name": "Edit", "tool_input": {}}).quiet()
    assert project.call(project.edited(project.folder / "src/gone.ts")).quiet()


def test_is_quiet_where_the_tools_are_missing(projects: Projects, bare_path: str) -> None:
    files = {
        **CONFIG,
        "pyproject.toml": "[tool.mypy]\n",
        "go.mod": "module example.org/shop\n",
        "box.yaml": "",
        "phpstan.neon": "",
    }
    project = projects(files, path=bare_path)
    for name in ("src/a.py", "src/a.ts", "a.go", "a.php", "flows/a.yaml"):
        assert project.edit(name, "").quiet()

    assert project.stop().quiet()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("package.json", '{"name": "shop",}', "package.json:1:"),
        ("pyproject.toml", "[project\n", "pyproject.toml:1:9: not TOML: "),
        (".claude/settings.json", "{'a': 1}", ".claude/settings.json:1:2: not JSON: "),
    ],
)
def test_tells_of_a_config_file_that_cannot_be_read(projects: Projects, name: str, text: str, said: str) -> None:
    told = projects({"README.md": "# A shop\n"}).edit(name, text)

    assert told.code == 2
    assert told.lines[0].startswith(said)


def test_json_with_comments_is_let_be(projects: Projects) -> None:
    assert projects({}, git=False).edit(".vscode/settings.json", "// ours\n{}\n").quiet()


def test_many_faults_are_cut_to_25_lines(projects: Projects) -> None:
    project = with_tsc(
        projects,
        'i=1; while [ $i -le 60 ]; do echo "src/a.ts($i,1): error TS1: no $i"; i=$((i+1)); done;'
        'echo "src/b.ts(1,1): error TS1: far"; exit 2',
    )
    told = project.edit("src/a.ts", "")

    assert told.code == 2
    assert len(told.lines) == 25
    assert told.lines[0] == "src/a.ts:1:1: error TS1: no 1"
    assert told.lines[23:] == ["… and 37 more", "and 1 elsewhere, first src/b.ts:1:1: error TS1: far"]


def test_a_long_line_is_cut_and_holds_no_control_characters(projects: Projects) -> None:
    told = with_tsc(projects, "printf 'src/a.ts(1,1): error \\033[31m\\007%0400d\\n' 1; exit 2").edit("src/a.ts", "")

    assert len(told.lines[0]) == 300
    assert told.lines[0].startswith("src/a.ts:1:1: error  000")


def test_a_tool_that_breaks_is_said_and_does_not_hold_up_the_work(projects: Projects) -> None:
    told = with_tsc(projects, "echo 'internal trouble' >&2; kill -SEGV $$").edit("src/a.ts", "")

    assert told.code == 0
    assert told.lines == ["not checked: tsc ended with -11: internal trouble"]
    assert json.loads(told.out) == {"systemMessage": told.lines[0]}


def test_a_tool_that_cannot_be_started_does_not_hold_up_the_work(projects: Projects) -> None:
    project = with_tsc(projects, "")
    project.script("node_modules/.bin/tsc", "#!/there/is/no/such/shell\n")
    told = project.edit("src/a.ts", "")

    assert told.code == 0
    assert told.lines[0].startswith("not checked: tsc ended with 127: [Errno 2] No such file or directory: ")


@pytest.mark.parametrize("event", [b"", b"[]", b"{", b"\xff", b'{"hook_event_name": "Stop", "cwd": 7}'])
def test_an_event_that_is_none_does_not_hold_up_the_work(projects: Projects, event: bytes) -> None:
    project = projects({})
    done = subprocess.run(
        project.command(), input=event, env=project.environment, cwd=project.folder, check=False, capture_output=True
    )

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_of_a_burst_one_reads_the_whole_program(projects: Projects) -> None:
    """The compiler writes down that it began and waits until the other edits are through."""
    project = with_tsc(
        projects,
        'echo x >>"$HOME/began"; until [ -e "$HOME/go-on" ]; do sleep 0.01; done; echo "src/a.ts(1,1): error TS1: no"; exit 2',
    )
    first = begin(project)
    wait_until((project.home / "began").exists, "the tool begins")
    others = [begin(project) for _ in range(4)]
    assert [(process.communicate()[1], process.returncode) for process in others] == [("", 0)] * 4
    (project.home / "go-on").touch()

    assert first.communicate()[1] == "src/a.ts:1:1: error TS1: no\n"
    assert first.returncode == 2
    assert (project.home / "began").read_text() == "x\n"


def test_a_lock_is_free_when_its_holder_was_killed(projects: Projects) -> None:
    project = with_tsc(projects, 'touch "$HOME/began"; sleep 60')
    process = begin(project)
    wait_until((project.home / "began").exists, "the tool begins")
    process.kill()
    process.communicate()
    project.script("node_modules/.bin/tsc", "#!/bin/sh\necho 'src/a.ts(1,1): error TS1: no'; exit 2\n")

    assert project.edit("src/a.ts", "").code == 2


def test_a_hook_that_is_ended_ends_its_tool(projects: Projects) -> None:
    project = with_tsc(projects, 'echo $$ >"$HOME/began.tmp"; mv "$HOME/began.tmp" "$HOME/began"; sleep 60')
    process = begin(project)
    wait_until((project.home / "began").exists, "the tool begins")
    tool = int((project.home / "began").read_text())
    process.terminate()

    assert process.wait(10) == 128 + signal.SIGTERM
    wait_until(lambda: is_over(tool), "the tool ends")
    assert process.communicate()[1] == ""


def test_an_old_fault_of_another_file_is_told_once_and_again_at_the_end(projects: Projects) -> None:
    project = with_tsc(projects, "echo 'src/b.ts(1,1): error TS1: old'; exit 1")

    assert project.edit("src/a.ts", "").lines == [
        "no fault in src/a.ts; 1 elsewhere, first src/b.ts:1:1: error TS1: old"
    ]
    assert project.edit("src/a.ts", "let a;\n").quiet()
    assert project.edit("src/b.ts", "let b;\n").lines == ["src/b.ts:1:1: error TS1: old"]
    assert "src/b.ts:1:1: error TS1: old" in project.stop().lines


def test_what_was_fetched_or_made_is_left_alone(projects: Projects) -> None:
    project = projects({"shop/pyproject.toml": "", "readme/dist.md": ""})

    for name in ("shop/vendor/a.py", "shop/build/lib/a.py", "shop/.venv/a.py", "node_modules/a/a.py"):
        assert project.edit(name, "x = (\n").quiet(), name
    for name in ("shop/a.py", "shop/vendors/a.py", "build/a.py"):
        assert project.edit(name, "x = (\n").code == 2, name


@pytest.mark.soak
def test_a_check_that_takes_too_long_is_said_to_be_unchecked(projects: Projects) -> None:
    """And is not tried again before the end of the turn: nobody waits so long after each edit."""
    project = with_tsc(projects, "trap '' TERM; sleep 100")
    told = project.edit("src/a.ts", "")

    assert told.code == 0
    assert told.lines == ["not checked: tsc took more than 30 s"]
    assert told.seconds < 35

    again = project.edit("src/a.ts", "")
    assert again.quiet()
    assert again.seconds < 5


def begin(project: Project) -> subprocess.Popen[str]:
    """The hook after an edit of `src/a.ts`, still running."""
    process = subprocess.Popen(
        project.command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=project.environment,
        cwd=project.folder,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({**project.edited(project.folder / "src/a.ts"), "cwd": str(project.folder)}))
    process.stdin.close()
    process.stdin = None
    return process
