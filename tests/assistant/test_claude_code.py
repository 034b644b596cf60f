"""The kit in Claude Code itself, whose assistant is a script: what it is told when it reaches for a secret or breaks a file."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.assistant.messages_api import MessagesApi, Result
from tests.assistant.shop import lane, make_shop, onebox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# .ci/run puts it there; the version is the one that the kit's settings were tried with.
_PLACE = Path(os.environ.get("ONEBOX_TEST_CLAUDE_CODE", Path.home() / ".cache/onebox-tests/claude-code"))
_PROGRAM = _PLACE / "node_modules/.bin/claude"
_LONGEST = 120
_A_VALUE = "made-up"

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not _PROGRAM.exists(), reason=f"Claude Code is not at {_PROGRAM} (see .ci/run)"),
]


class Repository:
    """The shop with the kit, in which Claude Code is started."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "shop"
        self.home = folder / "home"
        self.guard = self.root / ".claude/hooks/protect_secrets.py"
        make_shop(self.root, self.home)

    def change_settings(self, change: Callable[[dict[str, Any]], None]) -> None:
        file = self.root / ".claude/settings.json"
        settings = json.loads(file.read_text())
        change(settings)
        file.write_text(json.dumps(settings))

    async def run(
        self, *calls: tuple[str, dict[str, Any]], prompt: str = "Go.", path: str | None = None
    ) -> tuple[list[Result], MessagesApi]:
        """What came back for these calls, which an assistant makes that is allowed everything."""
        async with MessagesApi(calls, answers=len(calls) + 10) as api:
            words = (str(_PROGRAM), "-p", prompt, "--permission-mode", "bypassPermissions")
            await _ended(words, cwd=self.root, environment=self._environment(api.url, path))
            results = api.results()
            assert len(results) == len(calls)
            assert not api.was_told(_A_VALUE)
            return results, api

    async def manage(self, *words: str) -> None:
        """A command of Claude Code itself, which must end well."""
        await _ended((str(_PROGRAM), *words), cwd=self.root, environment=self._environment("http://127.0.0.1:1", None))

    def _environment(self, url: str, path: str | None) -> dict[str, str]:
        return {
            "PATH": path or os.environ["PATH"],
            "HOME": str(self.home),
            "IS_SANDBOX": "1",  # else root may not be allowed everything
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "made-by-the-tests",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }


async def _ended(words: Sequence[str], *, cwd: Path, environment: dict[str, str]) -> None:
    """Waits for a program to end well; ends it, with its children, after the longest time that is allowed."""
    process = await asyncio.create_subprocess_exec(
        *words, cwd=cwd, env=environment, process_group=0,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(), _LONGEST)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, out.decode(errors="replace")[-500:]


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def _bash(command: str) -> tuple[str, dict[str, Any]]:
    return "Bash", {"command": command, "description": "A step"}


def _reaching_for_secrets(root: Path) -> list[tuple[str, dict[str, Any]]]:
    # Claude Code itself refuses an edit after which the settings cannot be read.
    settings = {
        "file_path": f"{root}/.claude/settings.json",
        "old_string": '"matcher": "*"',
        "new_string": '"matcher": "X"',
    }
    return [
        ("Read", {"file_path": f"{root}/.env"}),
        ("Read", {"file_path": f"{root}/notes.txt"}),
        _bash("cat .env"),
        _bash("python3 -c \"print(open('.env').read())\""),
        ("Write", {"file_path": f"{root}/.env", "content": "SHOP_KEY=1\n"}),
        ("Edit", settings),
    ]


def _harmless(root: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        _bash("ls -la"),
        ("Read", {"file_path": f"{root}/.env.example"}),
        ("Edit", {"file_path": f"{root}/.env.example", "old_string": "SHOP_KEY=", "new_string": "SHOP_KEY=\nMORE="}),
        _bash("cat .env.example && echo LAST= >> .env.example"),
        _bash("cp .env.example src/.env"),
    ]


def _without_deny_rules(settings: dict[str, Any]) -> None:
    """Claude Code asks its own rules too; without them it is the hook alone that answers."""
    settings["permissions"].pop("deny")
    settings.pop("sandbox")


async def test_the_hook_alone_keeps_secrets_and_says_why(shop: Repository) -> None:
    shop.change_settings(_without_deny_rules)
    settings = (shop.root / ".claude/settings.json").read_text()
    results, _ = await shop.run(*_reaching_for_secrets(shop.root))

    assert all(result.failed for result in results)
    assert all("hook error" in result.text for result in results)
    assert all(".env" in result.text for result in results[:5])
    assert ".claude/settings.json" in results[5].text
    assert settings == (shop.root / ".claude/settings.json").read_text()
    assert (shop.root / ".env").read_text() == "SHOP_KEY=made-up-1\n"


async def test_the_hook_alone_lets_the_rest_pass(shop: Repository) -> None:
    shop.change_settings(_without_deny_rules)
    results, _ = await shop.run(*_harmless(shop.root))

    assert [result.text for result in results if result.failed] == []
    assert (shop.root / ".env.example").read_text() == "SHOP_KEY=\nMORE=\nLAST=\n"


async def test_the_whole_kit_keeps_secrets(shop: Repository) -> None:
    results, _ = await shop.run(*_reaching_for_secrets(shop.root))

    assert all(result.failed for result in results)


async def test_the_whole_kit_lets_the_rest_pass(shop: Repository) -> None:
    results, _ = await shop.run(*_harmless(shop.root))

    assert [result.text for result in results if result.failed] == []
    assert (shop.root / ".env.example").read_text() == "SHOP_KEY=\nMORE=\nLAST=\n"


async def test_the_rules_alone_mean_what_the_list_means(shop: Repository) -> None:
    """Each prefix of a rule, and `!` where it opens again; what the rules keep from reading cannot be written either."""
    secrets = shop.root / ".claude/secrets.txt"
    secrets.write_text(secrets.read_text() + "/ledger.txt\n/config/*.txt\n!/config/ok.txt\nletters/\n")
    onebox(shop.root, shop.home, "kit", "init")
    shop.change_settings(lambda settings: settings.pop("hooks"))
    beside = shop.root.parent / "beside"
    denied = [
        *_made(shop.root, "src/.env", "src/.ENV.foo", "x.pem", "ledger.txt", "config/a.txt", "src/letters/a.txt"),
        *_made(shop.home, ".netrc", ".gnupg/ring"),
        *_made(beside, ".env", "id_rsa"),
    ]
    allowed = [
        *_made(shop.root, "src/.env.example", "cert.pem", "src/ledger.txt", "config/ok.txt", "src/config/a.txt"),
        *_made(shop.home, ".ssh/id_x.pub"),
    ]
    reading = [("Read", {"file_path": str(file)}) for file in (*denied, *allowed)]
    writing = [
        (tool, {"file_path": str(file), **words})
        for file in (denied[0], shop.root / "missing/.env", allowed[0])
        for tool, words in (("Edit", {"old_string": "v", "new_string": "w"}), ("Write", {"content": "w"}))
    ]
    results, _ = await shop.run(*reading, *writing)

    told = [(call[1]["file_path"], result.failed) for call, result in zip(reading, results, strict=False)]
    assert told == [(str(file), file in denied) for file in (*denied, *allowed)]
    assert [result.failed for result in results[len(reading) :]] == [True] * 4 + [False] * 2


def _made(folder: Path, *names: str) -> list[Path]:
    files = [folder / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("v")
    return files


async def test_a_secret_mentioned_in_the_prompt_is_not_read(shop: Repository) -> None:
    """No hook sees a mention; the deny rules do."""
    _, api = await shop.run(_bash("ls"), prompt="Look at @.env and at @src/app.py")

    assert api.was_told("z = 2")


async def test_a_fault_is_shown_after_the_edit(shop: Repository) -> None:
    broken = {"file_path": f"{shop.root}/src/app.py", "old_string": "x = 1", "new_string": "x = ("}
    good = {"file_path": f"{shop.root}/src/env.py", "old_string": "x = 1", "new_string": "x = 2"}
    read = [("Read", {"file_path": f"{shop.root}/{name}"}) for name in ("src/env.py", "src/app.py")]
    results, _ = await shop.run(*read, ("Edit", good), ("Edit", broken))

    assert not any(result.failed for result in results)
    assert "check_after_edit" not in results[2].after
    assert re.search(r"src/app\.py:\d", results[3].after)  # on which line, each parser says otherwise


async def test_a_broken_rule_is_shown_at_the_end(shop: Repository) -> None:
    rule = ("--rule", "No bad words", "--check", "! grep -rq badword src")
    onebox(shop.root, shop.home, "kit", "learn", "wrote a bad word", *rule)
    worse = {"file_path": f"{shop.root}/src/app.py", "old_string": "x = 1", "new_string": "x = 1  # badword"}
    results, _ = await shop.run(("Read", {"file_path": f"{shop.root}/src/app.py"}), ("Edit", worse))

    assert not any(result.failed for result in results)
    after_edit, _, at_end = results[1].after.partition("Stop hook feedback")
    assert "No bad words" not in after_edit
    assert "No bad words" in at_end


async def test_the_reviewer_and_the_checklist_are_there(shop: Repository) -> None:
    """The reviewer has no tool that edits."""
    review = {"description": "Review", "prompt": "Review the diff", "run_in_background": False}
    results, api = await shop.run(
        ("Agent", {**review, "subagent_type": "code-reviewer"}),
        ("Skill", {"skill": "add-feature", "args": "pay by card"}),
    )

    assert not any(result.failed for result in results)
    assert "nothing found" in results[0].text
    assert {tool for tools in api.helpers for tool in tools} <= {"Read", "Grep", "Glob", "Bash"}
    assert "The request: pay by card" in results[1].after


async def test_the_plugin_alone_guards_and_checks(shop: Repository) -> None:
    """As a person installs it, in a repository without the kit."""
    onebox(shop.root, shop.home, "kit", "remove", "--force")
    folder = shop.root.parent / "our-kit"
    onebox(shop.root, shop.home, "kit", "plugin", str(folder))
    for words in (("validate", str(folder)), ("marketplace", "add", str(folder)), ("install", "onebox-kit@onebox-kit")):
        await shop.manage("plugin", *words)
    broken = {"file_path": f"{shop.root}/src/app.py", "old_string": "x = 1", "new_string": "x = ("}
    review = {"description": "Review", "prompt": "Review the diff", "run_in_background": False}
    results, api = await shop.run(
        ("Read", {"file_path": f"{shop.root}/.env"}),
        _bash("cat .env"),
        _bash("ls"),
        ("Read", {"file_path": f"{shop.root}/src/app.py"}),
        ("Edit", broken),
        ("Agent", {**review, "subagent_type": "onebox-kit:code-reviewer"}),
        ("Skill", {"skill": "onebox-kit:add-feature", "args": "pay by card"}),
    )

    assert [result.failed for result in results] == [True] * 2 + [False] * 5
    assert all("protect_secrets.py" in result.text for result in results[:2])
    assert re.search(r"src/app\.py:\d", results[4].after)  # on which line, each parser says otherwise
    assert "nothing found" in results[5].text
    assert {tool for tools in api.helpers for tool in tools} <= {"Read", "Grep", "Glob", "Bash"}
    assert "Let the agent `onebox-kit:code-reviewer` look" in results[6].after


async def test_a_missing_hook_blocks(shop: Repository) -> None:
    shop.guard.unlink()
    await _everything_is_blocked(shop)


@pytest.mark.parametrize("script", ["raise SystemExit(1)", "import os; os.kill(os.getpid(), 9)", "def ("])
async def test_a_hook_that_fails_blocks(shop: Repository, script: str) -> None:
    shop.guard.write_text(script)
    await _everything_is_blocked(shop)


async def test_a_hook_that_does_not_end_blocks(shop: Repository) -> None:
    def one_second(settings: dict[str, Any]) -> None:
        settings["hooks"]["PreToolUse"][0]["hooks"][0]["timeout"] = 1

    shop.guard.write_text("import time; time.sleep(100)")
    shop.change_settings(one_second)
    await _everything_is_blocked(shop)


@pytest.mark.parametrize("programs", [("node", "git", "sh", "bash", "cat", "ls"), ("node", "git", "cat", "ls")])
async def test_a_machine_without_python_or_sh_blocks(
    tmp_path: Path, shop: Repository, programs: tuple[str, ...]
) -> None:
    await _everything_is_blocked(shop, path=lane(tmp_path / "lane", *programs))


async def _everything_is_blocked(shop: Repository, path: str | None = None) -> None:
    results, _ = await shop.run(_bash("ls"), ("Read", {"file_path": f"{shop.root}/src/app.py"}), path=path)
    assert all(result.failed for result in results)
    assert all("protect_secrets.py" in result.text for result in results)
