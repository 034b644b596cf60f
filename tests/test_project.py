"""The rules about the project itself."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import onebox

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PURE = [
    file
    for room in ("kernel", "messaging", "flows", "booking")
    for file in sorted((ROOT / "src/onebox" / room).rglob("*.py"))
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

LONGEST_FILE = 500
LONGEST_FUNCTION = 60

CLOCKS_AND_DICE = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "sleep"}
MOCKING = {"mock", "unittest.mock", "pytest_mock", "respx", "responses", "freezegun", "time_machine"}
DRAWERS = {"utils", "util", "helpers", "common", "misc", "exceptions"}


def called(source: Path) -> list[tuple[str, str, int]]:
    """`owner.name(…)` calls, as (owner, name, line)."""
    return [
        (ast.unparse(node.func.value), node.func.attr, node.lineno)
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def imported(source: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def tracked() -> list[Path]:
    """The files that git knows, or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_of(file: Path) -> str:
    return file.read_bytes().decode(errors="replace")


def test_no_file_is_too_long() -> None:
    lengths = {file.relative_to(ROOT).as_posix(): len(file.read_text().splitlines()) for file in SOURCES}

    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    too_long = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in [*SOURCES, ROOT / "dev"]
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]

    assert too_long == []


def test_no_drawer_of_odds_and_ends() -> None:
    assert [file for file in SOURCES if DRAWERS & {file.stem, file.parent.name}] == []


def test_what_decides_reads_no_clock() -> None:
    """The imports are lint-imports' to check; `datetime` and `asyncio` are allowed there, their clocks are not."""
    read = [
        f"{file.relative_to(ROOT)}:{line} {owner}.{name}()"
        for file in PURE
        for owner, name, line in called(file)
        if name in CLOCKS_AND_DICE and owner in {"datetime", "date", "time", "asyncio", "datetime.datetime"}
    ]

    assert read == []


def test_nothing_is_mocked() -> None:
    mocking = {file.relative_to(ROOT).as_posix(): imported(file) & MOCKING for file in TESTS}
    patching = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in TESTS
        for owner, name, line in called(file)
        if owner == "monkeypatch" and name in {"setattr", "setitem", "delattr"}
    ]

    assert {file: found for file, found in mocking.items() if found} == {}
    assert patching == []


def test_no_file_tells_of_a_machine_or_a_registry() -> None:
    """The words are put together here so that this file does not hold them."""
    told = re.compile(
        "|".join(
            (
                "/" + r"(?:work|root|home/\w+|Users/\w+|opt/(?:pypi|wheels))/",
                r"files\." + "pythonhosted",
                r"pypi\." + "org",
                r"registry\." + "npmjs",
                r"deb\." + "debian",
                "extra-" + "index-url",
                "find-" + r"links\s*=",
            )
        )
    )
    found = [
        f"{file.relative_to(ROOT)}: {match.group()}" for file in tracked() for match in told.finditer(text_of(file))
    ]

    assert found == []


def test_the_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        pinned = [block for block in blocks if not block.startswith("#")]

        assert [
            block for block in pinned if not re.match(r"[\w.-]+==\S+", block) or "--hash=sha256:" not in block
        ] == []
        assert [block for block in pinned if "://" in block] == []


def test_the_locks_hold_what_the_project_asks_for() -> None:
    asked = {
        "requirements.txt": PROJECT["project"]["dependencies"],
        "requirements-dev.txt": [
            *PROJECT["project"]["dependencies"],
            *PROJECT["project"]["optional-dependencies"]["dev"],
        ],
    }
    for name, requirements in asked.items():
        locked = set(re.findall(r"^([\w.-]+)==", (ROOT / name).read_text(), re.MULTILINE))
        wanted = {re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-") for requirement in requirements}

        assert wanted - locked == set()


def test_both_locks_agree() -> None:
    runtime, everything = (
        set(re.findall(r"^[\w.-]+==[^\s;]+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )

    assert runtime - everything == set()


def test_version_is_one() -> None:
    assert PROJECT["project"]["version"] == onebox.__version__


def test_every_decision_is_in_the_index() -> None:
    decisions = ROOT / "docs/decisions"
    notes = {note.name for note in decisions.glob("[0-9]*.md")}
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (decisions / "README.md").read_text())

    assert sorted(notes) == listed
    assert [note for note in sorted(notes) if not (decisions / note).read_text().startswith(f"# {note[:4]} ")] == []


def test_every_change_has_a_kind() -> None:
    kinds = {"breaking", "security", "added", "changed", "fixed", "removed"}
    wrong = [
        note.name
        for note in (ROOT / "changes").iterdir()
        if note.name != "README.md"
        and not (re.fullmatch(r"[\w-]+\.(\w+)\.md", note.name) and note.name.split(".")[1] in kinds)
    ]

    assert wrong == []


@pytest.mark.parametrize("page", [file for file in tracked() if file.suffix == ".md"], ids=lambda file: file.stem)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_readme_opens_with_the_two_commands() -> None:
    commands = re.findall(r"^    (\./dev .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert commands[:2] == ["./dev demo", "./dev test"]


def test_dev_knows_every_command_that_the_pages_name() -> None:
    known = set(re.findall(r"^\./dev (\w+)", dev("help").stdout, re.MULTILINE))
    named = {
        command
        for file in tracked()
        if file.suffix == ".md" or file.parent.name == ".ci"
        for command in re.findall(r"(?:^ *|`)\./dev (\w+)", text_of(file), re.MULTILINE)
    }

    assert named - known == set()


def test_dev_names_the_commands_for_one_that_is_wrong() -> None:
    wrong = dev("tset")

    assert wrong.returncode == 2
    assert "there is no command 'tset'" in wrong.stderr
    assert "./dev test" in wrong.stderr


def test_dev_says_which_pythons_are_too_old(tmp_path: Path) -> None:
    """A PATH with nothing but an old Python."""
    for program in ("dirname", "sh"):
        (tmp_path / program).symlink_to(shutil.which(program) or "")
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.6"\nexit 1\n')
    old.chmod(0o755)
    refused = dev("test", env={"PATH": str(tmp_path), "HOME": str(tmp_path), "ONEBOX_PYTHON": "python3"})

    assert refused.returncode == 1
    assert "python3 (Python 3.9.6)" in refused.stderr
    assert "Onebox needs Python 3.11 or newer" in refused.stderr


def dev(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "dev"), *arguments], env=env, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_a_skipped_test_is_a_failure_in_ci(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "test_one.py").write_text(
        "import pytest\n\ndef test_runs(): pass\n\ndef test_not(): pytest.skip('no')\n"
    )
    ended = {
        ci: subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider", str(tmp_path)],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "CI": ci},
            check=False,
            capture_output=True,
            text=True,
        )
        for ci in ("true", "")
    }

    assert (ended["true"].returncode, ended[""].returncode) == (1, 0)
    assert "test_one.py::test_not" in ended["true"].stdout
