"""What the guard says and how it ends, whatever comes to it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.assistant.guard.alone import Installed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("guard"))


def call(tool: Any, given: Any, **more: Any) -> bytes:
    return json.dumps({"tool_name": tool, "tool_input": given, **more}).encode()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"", "JSONDecodeError: Expecting value"),
        (b"{", "JSONDecodeError: Expecting property name"),
        (b"[]", "TypeError: what came on stdin is no JSON object"),
        (b'"Read"', "TypeError: what came on stdin is no JSON object"),
        (b"\xff\xfe\xff", "UnicodeDecodeError"),
        (b"[" * 100_000, "RecursionError"),
        (b"{}", "OddInput: the call does not say which tool it is of"),
        (call(7, {}), "OddInput: the call does not say which tool it is of"),
        (call("Read", [".env"]), "OddInput: the input of Read is no object"),
        (call("Read", {}), "OddInput: Read comes without file_path"),
        (call("Write", {"file_path": [".env"]}), "OddInput: file_path of Write is no text"),
        (call("Bash", {"command": ["cat", ".env"]}), "OddInput: command of Bash is no text"),
        (call("Grep", {"pattern": "A", "path": 1}), "OddInput: path of Grep is no text"),
    ],
)
def test_what_cannot_be_judged_is_blocked_and_says_why(guard: Installed, given: bytes, why: str) -> None:
    answer = guard.told(given)

    assert (answer.code, answer.out) == (2, "")
    first, where, instead = answer.err.splitlines()
    assert first.startswith("protect secrets: this call was not run, since it could not be judged (")
    assert why in first
    assert where == "Where: .claude/hooks/protect_secrets.py, which lets nothing pass that it has not understood."
    assert instead == (
        "Instead: do it in a simpler way; if that fails too, tell the person, who can run `onebox kit doctor`."
    )


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        (
            "Read",
            {"file_path": ".env"},
            (
                "protect secrets: Read was not run.\n"
                "Why: `.env` is a secret (.claude/secrets.txt:1: `.env`).\n"
                "Instead: read its template (such as `.env.example`), let the program load the file itself,"
                " or ask the person for what you need.\n"
            ),
        ),
        (
            "Edit",
            {"file_path": "a/../.env", "old_string": "A", "new_string": "B"},
            (
                "protect secrets: Edit was not run.\n"
                "Why: `a/../.env` is a secret (.claude/secrets.txt:1: `.env`).\n"
                "Instead: write its template (such as `.env.example`); a template may be copied to a missing file"
                " (`cp -n`), and the person fills it in.\n"
            ),
        ),
        (
            "Write",
            {"file_path": ".claude/settings.json", "content": "{}"},
            (
                "protect secrets: Write was not run.\n"
                "Why: `.claude/settings.json` guards the secrets.\n"
                "Instead: leave it as it is; tell the person what you would change in it, and why.\n"
            ),
        ),
        (
            "Write",
            {"file_path": "src/pay.py", "content": "KEY = 'sk_" + "live_4fT9bQ2xWc7LmZ8KdR3vNp6Y'"},
            (
                "protect secrets: Write was not run.\n"
                "Why: what is written has the shape of a Stripe key, and git keeps `src/pay.py`.\n"
                "Instead: write the name of an environment variable there; the value belongs in a file that git ignores,"
                " and the person puts it in.\n"
            ),
        ),
    ],
)
def test_a_blocked_call_is_told_what_why_and_what_instead(
    guard: Installed, tool: str, given: dict[str, str], said: str
) -> None:
    (guard.root / ".git").mkdir(exist_ok=True)
    answer = guard.told(call(tool, given))

    assert (answer.code, answer.out, answer.err) == (2, "", said)


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        (
            "grep -rn TOKEN .",
            "`git grep` and `rg` pass over what git ignores: use one of them, or add `--exclude='.env'`.",
        ),
        (
            "tar czf /tmp/all.tgz .",
            "name the files or folders that are meant, or leave it out (`--exclude='.env'`, in find `! -name '.env'`).",
        ),
        (
            "git add -A",
            "name the files that are meant; or have `.env` ignored first (`echo '.env' >> .gitignore`).",
        ),
        (
            ". ./.env && pytest",
            "let what you start load it: `uv run --env-file .env …`, `node --env-file=.env …`, `dotenv run …`.",
        ),
        (
            "echo A=1 > .env",
            (
                "write its template (such as `.env.example`); a template may be copied to a missing file (`cp -n`),"
                " and the person fills it in."
            ),
        ),
        (
            "cat prod.pem",
            (
                "let the program load the file itself, or ask the person for what you need."
                " If it holds no secret, the person can allow it: `!prod.pem` in .claude/secrets.txt."
            ),
        ),
    ],
)
def test_what_to_do_instead_fits_what_was_tried(tmp_path: Path, command: str, instead: str) -> None:
    guard = Installed(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=guard.root, check=True)
    (guard.root / ".env").write_text("A=1\n")
    (guard.root / ".claude/secrets.txt").write_text(".env\n*.pem\n")
    answer = guard.told(call("Bash", {"command": command}))

    assert answer.err.splitlines()[2] == f"Instead: {instead}"


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("Read", {"file_path": f"{'very/' * 700}long/.env"}),
        ("Bash", {"command": f"echo {'very ' * 3000} | tee -a .env"}),
        ("Bash", {"command": f"cat {'a' * 3000}/.env"}),
        ("mcp__files__read", {"path": f"{'./' * 1500}.env"}),
    ],
)
def test_a_message_stays_short(guard: Installed, tool: str, given: dict[str, str]) -> None:
    answer = guard.told(call(tool, given))

    assert answer.code == 2
    assert len(answer.err) <= 601
    assert [line.partition(":")[0] for line in answer.err.splitlines()] == ["protect secrets", "Why", "Instead"]
    assert ".env" in answer.err


def test_what_is_safe_is_let_pass_without_a_word(guard: Installed) -> None:
    for tool, given in (
        ("Read", {"file_path": ".env.example"}),
        ("TodoWrite", {"todos": [{"content": "cat .env"}]}),
        ("Glob", {"pattern": "**/.env"}),
        ("Write", {"file_path": "src/app.py", "content": "load_dotenv('.env')"}),
        ("Bash", {"command": "git status"}),
        ("SomethingNew", {"title": "cat .env"}),
    ):
        answer = guard.told(call(tool, given))
        assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_without_the_projects_list_the_one_in_the_script_holds(tmp_path: Path) -> None:
    guard = Installed(tmp_path)
    assert guard.told(call("Read", {"file_path": "x.baked"})).code == 0
    (guard.root / ".claude/secrets.txt").unlink()

    answer = guard.told(call("Read", {"file_path": "x.baked"}))
    assert answer.code == 2
    assert "Why: `x.baked` is a secret (the hook's own list:1: `*.baked`)." in answer.err


def test_the_project_is_known_without_the_environment(tmp_path: Path) -> None:
    guard = Installed(tmp_path)
    (guard.root / "src").mkdir()

    answer = guard.told(call("Read", {"file_path": "../.env"}, cwd=str(guard.root / "src")), CLAUDE_PROJECT_DIR="")
    assert answer.code == 2
    assert "(.claude/secrets.txt:1: `.env`)" in answer.err


@pytest.mark.soak
def test_a_call_that_takes_too_long_is_blocked(tmp_path: Path) -> None:
    """Here it waits for a list that nobody writes."""
    guard = Installed(tmp_path)
    (guard.root / ".claude/secrets.txt").unlink()
    os.mkfifo(guard.root / ".claude/secrets.txt")
    started = time.monotonic()
    answer = guard.told(call("Read", {"file_path": "README.md"}))

    assert (answer.code, answer.out) == (2, "")
    assert "it took longer than 4 seconds; make the call smaller" in answer.err
    assert time.monotonic() - started < 9
