"""What the guard denies and what it lets pass, case by case. The cases are in `corpus/`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.assistant.installed import Answer, InstalledHooks, event_of
from tests.assistant.shop import given, make_shop

from onebox.assistant.hooks.guard.patterns import SecretList
from onebox.assistant.hooks.guard.places import Places
from onebox.assistant.hooks.guard.tools import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = Path(__file__).parent / "corpus"
LIMITS = Path(__file__).parents[2] / "docs/concepts/assistant-guard.md"
# Put together here, so that no file of this repository holds what looks like a live token.
TOKENS = {
    f"<{name}>": "".join(parts)
    for name, *parts in (
        ("telegram-token", "7104388215:", "AAF3kq9ZxTn4wLr8vYc2Jm6Hd1Bs5Gp7EuQ"),
        ("stripe-live-key", "sk_", "live_", "51Nq8ZtK3vXw7RbY2mLc9JdHf4"),
        ("aws-access-key", "AKIA", "Q7ZK3MWX5RTB9LCN"),
        ("github-token", "ghp_", "q8ZtK3vXw7RbY2mLc9JdHf4Gp6Ns1Ea5Tu0V"),
        ("slack-token", "xoxb-", "2847193650-9182736455-Zt8Kq3vXw7RbY2mLc9JdHf4G"),
        ("anthropic-key", "sk-ant-", "api03-", *("q8ZtK3vXw7RbY2mLc9JdHf4Gp6Ns1Ea5Tu0V",) * 2, "-Zt8Kq3vXw7RbY2AA"),
        ("private-key", "-----BEGIN RSA ", "PRIVATE KEY-----\nMIIEpAIBAAKCAQEAq8ZtK3vXw7RbY2mLc9JdHf4Gp6Ns1Ea5Tu0V"),
    )
}


@dataclass(frozen=True)
class Case:
    """A call of a tool, what the guard must say of it, and why."""

    why: str
    kind: str
    verdict: str
    tool: str
    input: dict[str, Any]
    cwd: str = "."
    given: dict[str, dict[str, str]] = field(default_factory=dict)

    def event(self, root: Path, home: Path) -> dict[str, Any]:
        """The event as Claude Code sends it."""
        places = {"${repo}": str(root), "${home}": str(home), **TOKENS}
        payload = {"tool_name": self.tool, "tool_input": _filled_in(self.input, places)}
        return event_of("PreToolUse", root / self.cwd, payload)


def _filled_in(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled_in(item, words) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled_in(item, words) for item in value]
    if isinstance(value, str):
        for word, meant in words.items():
            value = value.replace(word, meant)
    return value


def _cases(file: Path) -> list[Case]:
    return [Case(**case) for case in yaml.load(file.read_text(), Loader=yaml.CSafeLoader)]


CASES = {file.stem: _cases(file) for file in sorted(FOLDER.glob("*.yaml"))}
ALL = [case for cases in CASES.values() for case in cases]
each_part = pytest.mark.parametrize("part", CASES)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> InstalledHooks:
    folder = tmp_path_factory.mktemp("corpus")
    make_shop(folder / "shop", folder / "home")
    return InstalledHooks(folder / "shop", folder / "home")


@each_part
def test_the_guard_decides(part: str, shop: InstalledHooks) -> None:
    secrets = SecretList.parse((shop.root / ".claude/secrets.txt").read_text(), ".claude/secrets.txt")
    home = shop.root.parent / "home"

    def wrong(case: Case) -> str:
        reason = judge(case.event(shop.root, home), Places(str(shop.root), str(home), secrets, [str(shop.root)]))
        well = (reason is None) == (case.verdict == "allow") and not _shows_a_value(reason or "")
        return "" if well else f"must {case.verdict}: {reason}"

    assert _all_wrong(part, wrong, shop.root) == []


@pytest.mark.soak
@each_part
def test_the_guard_decides_as_the_settings_start_it(part: str, shop: InstalledHooks) -> None:
    def wrong(case: Case) -> str:
        (hook,) = shop.of("PreToolUse", case.tool)
        return _fault_of(case, shop.start(hook, case.event(shop.root, shop.root.parent / "home")))

    assert _all_wrong(part, wrong, shop.root, every=3) == []  # a process each


def _all_wrong(part: str, wrong: Callable[[Case], str], root: Path, *, every: int = 1) -> list[str]:
    """One line for each case of this part that was not judged as it says."""
    found = []
    for number, case in list(enumerate(CASES[part], start=1))[::every]:
        with given(root, case.given):
            if said := wrong(case):
                found.append(f"{part} {number} ({case.why}): {case.tool} {case.input} {said}")
    return found


def _fault_of(case: Case, answer: Answer) -> str:
    """Denied: exit code 2 and three parts on stderr, without a value; allowed: not a word."""
    if case.verdict == "allow":
        return "" if answer == Answer(0, "", "") else f"must allow: {answer}"
    parts = ["protect secrets: ", "\nWhy: ", "\nInstead: "]
    well = answer.code == 2 and not answer.out and all(part in answer.err for part in parts) and len(answer.err) <= 1000
    return "" if well and not _shows_a_value(answer.err) else f"must deny, in three parts and without a value: {answer}"


def _shows_a_value(text: str) -> bool:
    return any(value in text for value in ("made-up", *TOKENS.values()))


def test_the_corpus_is_large_and_even() -> None:
    """At least 150 cases beside the limits, half of them ways round, a third legitimate work, each with its verdict."""
    judged = [case for case in ALL if case.kind != "limit"]
    kinds = Counter(case.kind for case in judged)
    assert len(judged) >= 150
    assert kinds["way_round"] * 2 >= len(judged)
    assert kinds["legitimate"] * 3 >= len(judged)
    verdicts = {(case.kind, case.verdict) for case in judged}
    assert verdicts == {("plain", "deny"), ("way_round", "deny"), ("legitimate", "allow")}


def test_each_limit_is_told_in_the_documentation() -> None:
    """Line by line, in the order of the cases: what it lets pass, then what it denies without need."""
    passing, _, needless = LIMITS.read_text().partition("## What it denies without need")
    told = {"allow": passing.splitlines(), "deny": needless.partition("\n## ")[0].splitlines()}

    for verdict, lines in told.items():
        cases = [case for case in ALL if (case.kind, case.verdict) == ("limit", verdict)]
        assert [line for line in lines if line.startswith("- ")] == [_told(case) for case in cases]


def _told(case: Case) -> str:
    command = case.input.get("command")
    return f"- {case.why}: `{command}`." if command else f"- {case.why}."


def test_the_corpus_knows_every_tool() -> None:
    tools = {case.tool for case in ALL}
    assert tools >= {"Edit", "Write", "MultiEdit", "NotebookEdit", "Read", "Grep", "Glob", "Bash", "PowerShell"}
    assert len([tool for tool in tools if tool.startswith("mcp__")]) >= 10


def test_no_case_holds_a_token_as_it_would_be_alive() -> None:
    texts = [file.read_text() for file in [*FOLDER.glob("*.yaml"), Path(__file__)]]
    assert not [name for name, value in TOKENS.items() for text in texts if value in text]
