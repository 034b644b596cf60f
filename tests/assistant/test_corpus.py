"""What the guard denies and what it lets pass, case by case, as it is installed. The cases are in `corpus/`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.assistant.forked import ForkedHook
from tests.assistant.installed import Answer, InstalledHooks, event_of
from tests.assistant.shop import given, make_shop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "corpus"
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


def _cases() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for number, case in enumerate(yaml.safe_load(file.read_text()), start=1):
            yield pytest.param(Case(**case), id=f"{file.stem} {number}: {case['why']}")


CASES = list(_cases())
each_case = pytest.mark.parametrize("case", CASES)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> InstalledHooks:
    folder = tmp_path_factory.mktemp("corpus")
    make_shop(folder / "shop", folder / "home")
    return InstalledHooks(folder / "shop", folder / "home")


@pytest.fixture(scope="module")
def forked(shop: InstalledHooks) -> Iterator[ForkedHook]:
    """The script that the settings name."""
    (hook,) = shop.of("PreToolUse", "Bash")
    with ForkedHook(Path(hook.words[-1]), shop.root, shop.root.parent / "home") as started:
        yield started


@each_case
def test_the_guard_decides(case: Case, shop: InstalledHooks, forked: ForkedHook) -> None:
    with given(shop.root, case.given):
        _expect(case, forked.start(case.event(shop.root, shop.root.parent / "home")))


@pytest.mark.soak
@each_case
def test_the_guard_decides_as_the_settings_start_it(case: Case, shop: InstalledHooks) -> None:
    (hook,) = shop.of("PreToolUse", case.tool)
    with given(shop.root, case.given):
        _expect(case, shop.start(hook, case.event(shop.root, shop.root.parent / "home")))


def _expect(case: Case, answer: Answer) -> None:
    """Denied: exit code 2 and three parts on stderr, without a value; allowed: not a word."""
    told = f"{case.tool} {case.input}\n{answer.err[:1000]}"
    if case.verdict == "allow":
        assert answer == Answer(0, "", ""), told
        return
    assert answer.code == 2, told
    assert not answer.out, told
    assert answer.err.strip(), told
    assert "Traceback" not in answer.err, told
    assert len(answer.err) <= 1000, told
    assert "made-up" not in answer.err, told
    assert not [name for name, value in TOKENS.items() if value in answer.err], told


def test_the_corpus_is_large_and_even() -> None:
    """At least 150 cases, half of them ways round, a third legitimate work; and no kind says what its verdict denies."""
    kinds = Counter(case.values[0].kind for case in CASES)
    assert len(CASES) >= 150
    assert kinds["way_round"] * 2 >= len(CASES)
    assert kinds["legitimate"] * 3 >= len(CASES)
    verdicts = {(case.values[0].kind, case.values[0].verdict) for case in CASES}
    assert verdicts == {("plain", "deny"), ("way_round", "deny"), ("legitimate", "allow")}


def test_the_corpus_knows_every_tool() -> None:
    tools = {case.values[0].tool for case in CASES}
    assert tools >= {"Edit", "Write", "MultiEdit", "NotebookEdit", "Read", "Grep", "Glob", "Bash", "PowerShell"}
    assert len([tool for tool in tools if tool.startswith("mcp__")]) >= 10


def test_no_case_holds_a_token_as_it_would_be_alive() -> None:
    texts = [file.read_text() for file in [*FOLDER.glob("*.yaml"), Path(__file__)]]
    assert not [name for name, value in TOKENS.items() for text in texts if value in text]
