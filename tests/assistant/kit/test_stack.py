"""Only what is really there is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.assistant.kit.repositories import FILES, make

from onebox.assistant.stack import Stack, find_stack
from onebox.assistant.wording import agents_and_skills, rules_of

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 45


def found(root: Path, inside: str = ".") -> Stack:
    return find_stack(root / inside, root)


@pytest.mark.parametrize(
    ("stack", "commands", "folders"),
    [
        ("python", {"make lint", "uv run pytest"}, {"src/", "tests/"}),
        ("go", {"go test ./...", "go vet ./..."}, {"cmd/", "internal/"}),
        ("typescript", {"pnpm test", "pnpm run lint", "npx tsc --noEmit"}, {"src/"}),
        ("wordpress", {"composer lint", "vendor/bin/phpunit"}, {"includes/"}),
        ("box", {"onebox check", "onebox test", "onebox diff"}, {"flows/"}),
        ("plain", set(), set()),
    ],
)
def test_each_stack_is_seen(tmp_path: Path, stack: str, commands: set[str], folders: set[str]) -> None:
    seen = found(make(tmp_path / "shop", stack, git=False))

    assert seen.name == stack
    assert {command for _, command in seen.commands} == commands
    assert {*seen.code, *seen.tests} == folders


def test_several_are_named_and_their_commands_say_where(tmp_path: Path) -> None:
    files = {f"web/{name}": text.encode() for name, text in FILES["typescript"].items()}
    seen = found(make(tmp_path / "shop", "python", git=False, more=files))

    assert seen.name == "python+typescript"
    assert ("Tests of web/", "cd web && pnpm test") in seen.commands
    assert "web/src/" in seen.code


def test_the_nearest_config_counts_first(tmp_path: Path) -> None:
    more = {"a/pyproject.toml": b"[tool.pytest]\n", "b/pyproject.toml": b"[tool.ruff]\n"}
    root = make(tmp_path / "shop", "plain", git=False, more=more)

    assert found(root, "a").commands == (("Tests", "cd a && pytest"),) or found(root, "a").commands == (
        ("Tests of a/", "cd a && pytest"),
    )
    assert found(root, "b").commands == (("Lint of b/", "cd b && ruff check"),)


@pytest.mark.parametrize("folder", ["node_modules/x", "vendor/x", "tests/fixtures", "docs", ".cache"])
def test_what_is_not_the_projects_own_is_not_looked_at(tmp_path: Path, folder: str) -> None:
    root = make(tmp_path / "shop", "plain", git=False, more={f"{folder}/go.mod": b"module x\n"})

    assert found(root).names == ()


def test_a_named_stack_is_taken_for_granted(tmp_path: Path) -> None:
    root = make(tmp_path / "shop", "python", git=False)

    assert find_stack(root, root, "go").name == "go"
    assert find_stack(root, root, "python+go").name == "python+go"


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": b"not = = toml"},
        {"package.json": b"{"},
        {"package.json": b"[1]"},
        {"package.json": b'{"scripts": ["test"]}'},
        {"composer.json": b'{"scripts": 1}', "style.css": b"/*\nTheme Name: Shop\n*/"},
    ],
)
def test_a_broken_config_names_no_command(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert found(make(tmp_path / "shop", "plain", git=False, more=files)).commands == ()


def test_npms_placeholder_is_no_test(tmp_path: Path) -> None:
    script = b'{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'

    assert found(make(tmp_path / "shop", "plain", git=False, more={"package.json": script})).commands == ()


@pytest.mark.parametrize("stack", [*FILES, "box"])
def test_the_rules_are_short_and_headed(tmp_path: Path, stack: str) -> None:
    root = make(tmp_path / "shop", stack, git=False)
    part = rules_of(found(root), imports_agents=True)

    assert len(part.splitlines()) <= MOST_LINES
    assert re.findall(r"^## (.*)$", part, re.MULTILINE)[:2] == ["Architecture rules", "Working agreements"]
    for named in re.findall(r"`([\w./-]+/)`", part):
        assert (root / named).is_dir(), named


@pytest.mark.parametrize("stack", [*FILES, "box"])
def test_the_reviewer_reads_and_never_writes(tmp_path: Path, stack: str) -> None:
    reviewer = agents_and_skills(found(make(tmp_path / "shop", stack, git=False)))["agents/code-reviewer.md"]
    head = dict(re.findall(r"^([\w-]+): (.*)$", reviewer.split("---")[1], re.MULTILINE))

    assert head["tools"] == "Read, Grep, Glob, Bash"
    assert set(head["disallowedTools"].split(", ")) == {"Edit", "Write", "MultiEdit", "NotebookEdit"}
    order = [reviewer.index(f"**{each}") for each in ("Correctness", "Security", "Project rules", "Behaviour changed")]
    assert order == sorted(order)
    assert "SPECIAL" not in reviewer


def test_a_box_has_add_flow_beside_add_feature(tmp_path: Path) -> None:
    made = agents_and_skills(found(make(tmp_path / "box", "box", git=False)))

    assert {"skills/add-feature/SKILL.md", "skills/add-flow/SKILL.md"} <= set(made)
    assert "   - Tests: `onebox test`" in made["skills/add-feature/SKILL.md"]
