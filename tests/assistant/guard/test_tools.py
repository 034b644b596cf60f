"""What the tools would do, by their inputs: those of Claude Code, and those of servers that nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from onebox.assistant.hooks.guard.patterns import SecretList
from onebox.assistant.hooks.guard.places import Places
from onebox.assistant.hooks.guard.tools import OddInput, judge

if TYPE_CHECKING:
    from pathlib import Path

_LIST = ".env\n*.pem\n/vault/\n!.env.example\n"
_TOKEN = "sk_" + "live_4fT9bQ2xWc7LmZ8KdR3vNp6Y"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with secrets on the disk; git is no more than its folder."""
    root = tmp_path_factory.mktemp("tools").resolve() / "shop"
    for name in (
        ".git/HEAD",
        ".claude/settings.json",
        ".env",
        ".env.example",
        "vault/codes",
        "certs/a.pem",
        "src/app.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("A=made-up\n")
    (root / "notes.txt").symlink_to(".env")
    return root


def said(root: Path, tool: str, given: dict[str, Any], cwd: str = "") -> str | None:
    places = Places(str(root), str(root.parent / "home"), SecretList.parse(_LIST))
    return judge({"tool_name": tool, "tool_input": given, "cwd": str(root / cwd)}, places)


BLOCKED: list[tuple[str, dict[str, Any]]] = [
    ("Read", {"file_path": "ROOT/.env"}),
    ("Read", {"file_path": "ROOT/notes.txt"}),
    ("Read", {"file_path": "ROOT/src/../.ENV"}),
    ("NotebookRead", {"notebook_path": "ROOT/certs/a.pem"}),
    ("Edit", {"file_path": "ROOT/.env", "old_string": "", "new_string": "A"}),
    ("Edit", {"file_path": "ROOT/src/app.py", "old_string": "", "new_string": _TOKEN}),
    ("Write", {"file_path": "ROOT/certs/new.pem", "content": ""}),
    ("Write", {"file_path": "ROOT/.claude/hooks/other.py", "content": ""}),
    ("Write", {"file_path": "ROOT/.claude/settings.local.json", "content": "{}"}),
    ("MultiEdit", {"file_path": "ROOT/src/app.py", "edits": [{"new_string": "x"}, {"new_string": _TOKEN}]}),
    ("NotebookEdit", {"notebook_path": "ROOT/a.ipynb", "new_source": f"key = '{_TOKEN}'"}),
    ("Grep", {"pattern": "A", "path": "ROOT/.env"}),
    ("Grep", {"pattern": "A", "path": "ROOT/vault", "output_mode": "files_with_matches"}),
    ("Grep", {"pattern": "A", "glob": ".env*"}),
    ("Grep", {"pattern": "A", "glob": "*.{py,pem}", "path": "ROOT"}),
    ("Grep", {"pattern": "A", "output_mode": "content"}),
    ("WebFetch", {"url": "file://ROOT/.env", "prompt": "what is in it?"}),
    ("Bash", {"command": "cat .env"}),
    ("Monitor", {"command": "tail -f .env", "description": "the log"}),
    # Servers of files.
    ("mcp__filesystem__read_text_file", {"path": ".env"}),
    ("mcp__filesystem__read_multiple_files", {"paths": ["src/app.py", "certs/a.pem"]}),
    ("mcp__filesystem__write_file", {"path": "src/app.py", "content": _TOKEN}),
    ("mcp__filesystem__edit_file", {"path": "src/app.py", "edits": [{"oldText": "a", "newText": _TOKEN}]}),
    ("mcp__filesystem__move_file", {"source": ".env", "destination": "env.txt"}),
    ("mcp__filesystem__move_file", {"source": ".claude", "destination": "claude-old"}),
    ("mcp__files__rename", {"old_path": ".env", "new_path": "env.txt"}),
    ("mcp__files__upload", {"content_file": ".env", "data": "x"}),
    ("mcp__filesystem__search_files", {"path": "vault", "pattern": "*"}),
    ("mcp__desktop-commander__read_file", {"path": "file://ROOT/%2eenv"}),
    ("mcp__desktop-commander__start_process", {"command": "cat .env", "timeout_ms": 1000}),
    ("mcp__serena__execute_shell_command", {"command": "base64 .env", "cwd": "."}),
    ("mcp__serena__read_file", {"relative_path": ".env"}),
    ("mcp__jetbrains__get_file_text_by_path", {"pathInProject": ".env"}),
    ("mcp__plugin_files_files__copy_file", {"from": "certs\\a.pem", "to": "b"}),
    # Servers of other things.
    ("mcp__playwright__browser_file_upload", {"paths": ["ROOT/.env"]}),
    ("mcp__playwright__browser_navigate", {"url": "file://ROOT/.env"}),
    ("mcp__mail__send", {"to": "ana@example.org", "attachments": [{"file": {"path": ".env"}}]}),
    ("mcp__python__run", {"code": "print(open('.env').read())"}),
    ("mcp__docker__exec", {"container": "web", "cmd": ["sh", "-c", "cat .env"]}),
    ("mcp__terminal__run", {"commands": ["ls", "cat .env"]}),
    ("mcp__sql__query", {"sql": "COPY t FROM '.env'"}),
    # Tools that come after this was written.
    ("ReadMany", {"files": [{"name": "x", "file_path": "vault/codes"}]}),
    ("Terminal", {"command": "cat .env"}),
]
LET_PASS: list[tuple[str, dict[str, Any]]] = [
    ("Read", {"file_path": "ROOT/.env.example"}),
    ("Read", {"file_path": "ROOT/.claude/settings.json"}),
    ("Read", {"file_path": "ROOT/src/app.py", "offset": 1, "limit": 5}),
    ("Edit", {"file_path": "ROOT/src/app.py", "old_string": _TOKEN, "new_string": "os.environ['KEY']"}),
    ("Edit", {"file_path": "ROOT/.env.example", "old_string": "A=", "new_string": "A=\nB="}),
    ("Write", {"file_path": "ROOT/docs/env.md", "content": "Run `cat .env`, see /vault/codes and a.pem"}),
    ("Write", {"file_path": "ROOT/../elsewhere.txt", "content": _TOKEN}),
    ("Grep", {"pattern": r"\.env", "glob": "*.py"}),
    ("Grep", {"pattern": "A", "output_mode": "content", "type": "py"}),
    ("Grep", {"pattern": "A", "path": "ROOT/src", "output_mode": "content"}),
    ("Glob", {"pattern": "**/.env*"}),
    ("WebFetch", {"url": "https://example.org/.env", "prompt": "what is .env?"}),
    ("Task", {"prompt": "Read .env.example, never .env", "description": "Look"}),
    ("TodoWrite", {"todos": [{"content": "keep .env out of git", "status": "pending"}]}),
    ("Skill", {"skill": "add-feature", "args": ".env"}),
    ("mcp__filesystem__read_text_file", {"path": ".env.example", "head": 5}),
    ("mcp__filesystem__list_directory", {"path": "vault"}),
    ("mcp__filesystem__get_file_info", {"path": ".env"}),
    ("mcp__filesystem__write_file", {"path": "src/app.py", "content": "load('.env')"}),
    ("mcp__github__create_issue", {"title": ".env is missing", "body": "`.env` and `vault/` are not there"}),
    ("mcp__github__search_code", {"q": ".env", "query": ".env"}),
    ("mcp__slack__post_message", {"channel": "#shop", "text": ".env"}),
    ("mcp__context7__get_docs", {"library": "/motdotla/dotenv", "topic": ".env"}),
    ("mcp__playwright__browser_type", {"element": "Name", "text": ".env", "ref": "e1"}),
    ("mcp__playwright__browser_navigate", {"url": "https://example.org/.env"}),
    ("mcp__terminal__run", {"command": "ls -la .env"}),
    ("mcp__sql__query", {"sql": "SELECT name FROM files WHERE name = 'README.md'"}),
    ("mcp__files__append", {"path": "src/app.py", "file_text": ".env"}),
    ("mcp__memory__store", {"data": {"note": "the key is in .env"}}),
    ("mcp__clock__now", {}),
    ("SomethingNew", {"options": {"deep": [1, None, True, {"title": ".env"}]}}),
]


def _placed(value: Any, root: Path) -> Any:
    if isinstance(value, dict):
        return {name: _placed(each, root) for name, each in value.items()}
    if isinstance(value, list):
        return [_placed(each, root) for each in value]
    return value.replace("ROOT", str(root)) if isinstance(value, str) else value


@pytest.mark.parametrize(("tool", "given"), BLOCKED, ids=lambda value: str(value)[:60])
def test_a_call_that_reaches_what_is_guarded_is_blocked(root: Path, tool: str, given: dict[str, Any]) -> None:
    assert said(root, tool, _placed(given, root)) is not None


@pytest.mark.parametrize(("tool", "given"), LET_PASS, ids=lambda value: str(value)[:60])
def test_a_call_that_does_not_passes(root: Path, tool: str, given: dict[str, Any]) -> None:
    assert said(root, tool, _placed(given, root)) is None


def test_a_relative_path_is_one_of_the_folder_that_the_assistant_is_in(root: Path) -> None:
    assert said(root, "Read", {"file_path": "../.env"}, "src") is not None
    assert said(root, "Read", {"file_path": "codes"}, "vault") is not None
    assert said(root, "Read", {"file_path": "codes"}, "src") is None


def test_a_search_is_told_how_to_leave_the_secret_out(root: Path) -> None:
    (root / "fixed.pem").write_text("x")
    told = said(root, "Grep", {"pattern": "A", "output_mode": "content"}) or ""

    assert told.endswith('search without it (glob: "!NAME")')
    for glob, passes in (
        ("!{.env,*.pem,vault,notes.txt}", True),
        ("!.env !*.pem !vault/**", True),
        ("!src/** !src/.env !vault", False),
    ):
        told = said(root, "Grep", {"pattern": "A", "output_mode": "content", "glob": glob}) or ""
        assert (told == "") is passes


@pytest.mark.parametrize("tool", ["Read", "Write", "Edit", "MultiEdit", "NotebookEdit", "Bash", "WebFetch"])
def test_a_call_without_what_it_must_have_cannot_be_judged(root: Path, tool: str) -> None:
    with pytest.raises(OddInput, match=f"^{tool} comes without"):
        said(root, tool, {"other": ".env"})
