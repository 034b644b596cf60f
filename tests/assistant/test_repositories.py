"""The kit's whole life in real repositories: put in, at work through the hooks as installed, taken out without a trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.assistant.installed import Answer, InstalledHooks
from tests.assistant.kit.repositories import make, run_git, status, tree
from tests.assistant.shop import write

from onebox.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_QUIET = Answer(0, "", "")
_TYPESCRIPT = Path(os.environ.get("ONEBOX_TEST_TYPESCRIPT", Path.home() / ".cache/onebox-tests/typescript"))
_DMYPY = (sys.executable, "-m", "mypy.dmypy")
_CHECK = "! grep -rq badword {folder}"


@dataclass(frozen=True)
class Project:
    """A repository of one stack: a file that is edited, a good and a bad text for it, and what runs its check."""

    stack: str
    file: str
    good: str
    bad: str
    needs: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        return self.file.split("/", maxsplit=1)[0]


_PYTHON = Project("python", "src/shop/orders.py", "TOTAL = 1\n", "TOTAL = (\n", ("ruff",))
_BOX = Project(
    "box",
    "flows/hello.yaml",
    "",
    "flow: hello\non:\n  trigger: no_such_trigger\nsteps: []\n",
    ("onebox",),
)
_GO = Project(
    "go",
    "internal/orders/orders.go",
    "package orders\n\nfunc Total() int { return 1 }\n",
    "package orders\n\nfunc Total() int { return }\n",
    ("go",),
)
_WORDPRESS = Project("wordpress", "includes/orders.php", "<?php\necho 1;\n", "<?php\necho 1\necho 2;\n", ("php",))
_TYPESCRIPT_PROJECT = Project(
    "typescript",
    "src/index.ts",
    "export const total: number = 1;\n",
    "export const total: number = 'one';\n",
    ("tsc",),
)
_LONG = [_BOX, _GO, _WORDPRESS, _TYPESCRIPT_PROJECT]
_ALL = [_PYTHON, *_LONG]


class Life:
    """A repository, the command line in it, and its hooks."""

    def __init__(self, folder: Path, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.project = project
        self.root = folder / "shop"
        home = folder / "home"
        home.mkdir()
        make(self.root, project.stack, git=False)
        (self.root / "pnpm-lock.yaml").unlink(missing_ok=True)  # npm is what every machine of the tests has
        self._begin(home)
        self.hooks = InstalledHooks(self.root, home)

    def _begin(self, home: Path) -> None:
        """One commit, and a secret that git leaves out."""
        ignored = self.root / ".gitignore"
        text = ignored.read_text() if ignored.exists() else ""
        write(
            self.root,
            {".gitignore": f"{text}\n.env\nnode_modules\n", ".env.example": "KEY=\n", ".env": "KEY=made-up\n"},
        )
        if self.project.good:
            write(self.root, {self.project.file: self.project.good})
        if not (self.root / ".git").exists():
            run_git(self.root, "init", "-q")
        run_git(self.root, "add", "-A")
        run_git(self.root, "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit", "-qm", "A shop")
        if "tsc" in self.project.needs:
            (self.root / "node_modules").symlink_to(_TYPESCRIPT / "node_modules")

    def kit(self, *words: str, code: int = 0) -> str:
        """What `onebox kit …` prints, and what it fails with; it must end with this code."""
        self._capsys.readouterr()
        with chdir(self.root):
            ended = main(["kit", *words])
        said = self._capsys.readouterr()
        assert ended == code, said.out + said.err
        return said.out or said.err  # on stderr stands, too, what takes long

    @property
    def edited(self) -> Path:
        return self.root / self.project.file

    def edit(self, text: str) -> tuple[Answer, Answer]:
        """Writes the file as the assistant does, with what the hooks say before and after."""
        given = {"file_path": str(self.edited), "content": text}
        before = self.hooks.before("Write", given)
        self.edited.write_text(text)
        return before, self.hooks.after("Write", given)


@pytest.fixture
def life(
    tmp_path: Path, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Life]:
    if missing := [name for name in project.needs if not _is_there(name)]:
        pytest.skip(f"{', '.join(missing)} not installed; .ci/run shows how")
    # The tools of this environment, and its Python: a shim in its place would take as long again.
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield Life(tmp_path, project, capsys)
    for daemon in tmp_path.rglob("dmypy-*.json"):
        subprocess.run([*_DMYPY, "--status-file", daemon, "kill"], check=False, capture_output=True)


def _is_there(program: str) -> bool:
    if program == "tsc":
        return (_TYPESCRIPT / "node_modules/.bin/tsc").exists()
    beside = Path(sys.executable).parent / program
    return beside.exists() or shutil.which(program) is not None


@pytest.mark.parametrize(
    "project",
    [_PYTHON, *(pytest.param(project, marks=pytest.mark.soak) for project in _LONG)],
    ids=[project.stack for project in _ALL],
)
def test_a_life_with_the_kit_leaves_no_trace(life: Life, project: Project, tmp_path: Path) -> None:
    before = tree(life.root)
    good = life.edited.read_text()

    _put_in(life)
    _edited_well_and_badly(life, good)
    _learnt(life, tmp_path / "violation.patch")
    _violated(life, good)
    life.kit("doctor")
    life.kit("plugin", str(tmp_path / "plugin"))
    assert (tmp_path / "plugin").is_dir()
    life.kit("remove")

    assert status(life.root) == ""
    assert run_git(life.root, "diff") == ""
    assert before == tree(life.root)


def _put_in(life: Life) -> None:
    """Twice is once."""
    life.kit("init")
    once = tree(life.root)
    life.kit("init")
    assert once == tree(life.root)


def _edited_well_and_badly(life: Life, good: str) -> None:
    """Quiet as long as all is well; the fault, with its file, when it is not; and a secret is not touched at all."""
    assert life.edit(f"{good}\n") == (_QUIET, _QUIET)
    before, after = life.edit(life.project.bad)
    assert before == _QUIET
    assert (after.code, after.out) == (2, "")
    assert life.edited.name in after.err
    assert life.edit(good) == (_QUIET, _QUIET)
    secret = life.hooks.before("Write", {"file_path": str(life.root / ".env"), "content": "KEY=1\n"})
    assert (secret.code, secret.out) == (2, "")
    assert ".env" in secret.err
    assert life.hooks.stop() == _QUIET


def _learnt(life: Life, patch: Path) -> None:
    """A rule whose check was seen to fail on a patch that breaks it."""
    good = life.edited.read_text()
    life.edited.write_text(f"{good}{_broken(life)}\n")
    patch.write_text(run_git(life.root, "diff", "--", life.project.file))
    life.edited.write_text(good)

    check = _CHECK.format(folder=life.project.folder)
    said = life.kit("learn", "wrote a bad word", "--rule", "No bad words", "--check", check, "--violate", str(patch))
    assert "proved" in said
    assert "No bad words" in (life.root / "CLAUDE.md").read_text()
    assert "badword" not in life.edited.read_text()
    assert "no-bad-words" in life.kit("rules", "--run", "--prove")


def _broken(life: Life) -> str:
    """A comment of this stack with the word that the rule forbids."""
    return {"python": "#", "box": "#"}.get(life.project.stack, "//") + " badword"


def _violated(life: Life, good: str) -> None:
    """The assistant breaks the rule, and cannot stop without hearing of it."""
    life.edit(f"{good}{_broken(life)}\n")
    told = life.hooks.stop()
    assert (told.code, told.out) == (2, "")
    assert "No bad words" in told.err
    life.edit(good)
    assert life.hooks.stop() == _QUIET


# --- what the doctor finds


def _changed(name: str, old: str, new: str) -> Callable[[Life], object]:
    def plant(life: Life) -> None:
        file = life.root / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return plant


def _longer(name: str, more: str) -> Callable[[Life], object]:
    def plant(life: Life) -> None:
        with (life.root / name).open("a") as file:
            file.write(more)

    return plant


_GUARD, _CHECK_HOOK = ".claude/hooks/protect_secrets.py", ".claude/hooks/check_after_edit.py"
_SETTINGS, _LIST, _REVIEWER = ".claude/settings.json", ".claude/secrets.txt", ".claude/agents/code-reviewer.md"
# Kind of the fault, the file that it is in, and what plants it.
_FAULTS: list[tuple[str, str, Callable[[Life], object]]] = [
    ("script_missing", _GUARD, lambda life: (life.root / _GUARD).unlink()),
    ("script_missing", _CHECK_HOOK, lambda life: (life.root / _CHECK_HOOK).unlink()),
    ("run_bit_lost", _GUARD, lambda life: (life.root / _GUARD).chmod(0o644)),
    ("wrong_verdict", _GUARD, _longer(_GUARD, "\nthis is no Python\n")),
    ("hook_edited", _CHECK_HOOK, _longer(_CHECK_HOOK, "# mine\n")),
    ("matcher_too_narrow", _SETTINGS, _changed(_SETTINGS, '"*"', '"Edit"')),
    ("matcher_is_no_text", _SETTINGS, _changed(_SETTINGS, '"*"', '["Edit"]')),
    ("on_failure_missing", _SETTINGS, _changed(_SETTINGS, '"block"', '"allow"')),
    ("hooks_disabled", _SETTINGS, _changed(_SETTINGS, "{", '{"disableAllHooks": true,')),
    ("settings_rejected", _SETTINGS, _changed(_SETTINGS, "{", "")),
    ("settings_drift", _LIST, _longer(_LIST, "*.vault\n")),
    ("list_missing", _LIST, lambda life: (life.root / _LIST).unlink()),
    ("file_missing", _REVIEWER, lambda life: (life.root / _REVIEWER).unlink()),
    ("page_unread", _REVIEWER, _changed(_REVIEWER, "---\n", "")),
    ("claude_md_long", "CLAUDE.md", _longer("CLAUDE.md", "A line.\n" * 200)),
    ("path_missing", "CLAUDE.md", _longer("CLAUDE.md", "\nOrders live in `src/gone/orders.py`.\n")),
    ("secret_in_git", ".env", lambda life: run_git(life.root, "add", "-f", ".env")),
]


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("project", [_PYTHON, _BOX], ids=lambda project: project.stack)
def test_the_doctor_finds_each_fault_and_nothing_else_once_it_is_mended(life: Life, project: Project) -> None:
    life.kit("init")
    found = {}
    for number, (kind, name, plant) in enumerate(_FAULTS):
        file = life.root / name
        as_it_was, rights = file.read_bytes(), file.stat().st_mode
        plant(life)
        faults = json.loads(life.kit("doctor", "--json", code=1))["faults"]
        found[number, kind, name] = sorted({fault["kind"] for fault in faults if fault["mend"]})
        file.write_bytes(as_it_was)
        file.chmod(rights)
        run_git(life.root, "reset", "-q")

    assert {planted: kinds for planted, kinds in found.items() if planted[1] not in kinds} == {}, project.stack
    life.kit("doctor")


def test_a_box_made_with_the_kit_is_a_box_and_the_kit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, with_kit = tmp_path / "plain/shop", tmp_path / "kit/shop"
    assert main(["init", str(plain)]) == 0
    assert main(["init", str(with_kit), "--kit"]) == 0
    hooks = InstalledHooks(with_kit, tmp_path)

    assert hooks.before("Read", {"file_path": str(with_kit / ".onebox/key")}).code == 2
    assert hooks.before("Read", {"file_path": str(with_kit / "flows/hello.yaml")}) == _QUIET
    assert (with_kit / ".claude/skills/add-flow/SKILL.md").is_file()
    with chdir(with_kit):
        assert main(["kit", "remove"]) == 0
    assert tree(plain).keys() == tree(with_kit).keys()
