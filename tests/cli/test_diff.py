"""`onebox diff` in a real git repository, and beside a box that runs."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.test_beside_a_running_box import onebox
from tests.cli.test_commands import box, said

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.serve import RunningBox, running_box
from onebox.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from syrupy.assertion import SnapshotAssertion

__all__ = ["box", "said"]

SETTINGS = "accounts: {terminal/main: }\nlog: {level: error}\nvars: {boss: ana@example.org}\n"
ORDERS = """\
flow: orders
on: {webhook: {path: orders}}
steps:
  - id: greeting
    do: send
    with: {via: terminal/main, to: "${vars.boss}", template: hello.md}
"""


def git(path: str | Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(path), *who, *arguments], check=True, capture_output=True)


def write(path: str | Path, name: str, text: str) -> None:
    file = Path(path, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def kept(box: str) -> str:
    """A box whose files are committed."""
    write(box, "box.yaml", SETTINGS)
    write(box, "flows/orders.yaml", ORDERS)
    write(box, "templates/hello.md", "Hello\n")
    write(box, "tables/0001-leads.sql", "create table leads (name text)\n")
    write(box, "code/sums.py", "def total(): return 1\n")
    git(box, "add", ".")
    git(box, "commit", "-m", "first")
    return box


def change(path: str | Path) -> None:
    write(path, "box.yaml", SETTINGS.replace("ana@", "bilal@"))
    write(path, "flows/orders.yaml", ORDERS + "  - do: log\n    with: {text: done}\n")
    write(path, "templates/hello.md", "Hello ${event.body.name}\n")
    write(path, "tables/0001-leads.sql", "create table leads (name text, city text)\n")
    write(path, "code/sums.py", "def total(): return 2\n")


def test_a_revision_and_the_files(kept: str, said: Any, snapshot: SnapshotAssertion) -> None:
    change(kept)

    shown = said("diff", "HEAD", "--box", kept)

    assert (shown.code, shown.err) == (Exit.ok, "")
    assert shown.out == snapshot


def test_two_revisions(kept: str, said: Any) -> None:
    change(kept)
    git(kept, "commit", "-am", "second")
    write(kept, "flows/orders.yaml", "not looked at")

    there, back = (said("diff", given, "--box", kept, "--json").json for given in ("HEAD~1..HEAD", "..HEAD~1"))

    assert (there["from"], there["to"]) == ("HEAD~1", "HEAD")
    boss = [one for one in there["changes"] if one["subject"] == "vars.boss"]
    assert [(one["risk"], one["reason"], one["before"], one["after"]) for one in boss] == [
        ("high", "recipient", "ana@example.org", "bilal@example.org")
    ]
    assert [(one["change"], one["step"]) for one in there["changes"] if one["subject"] == "step"] == [("added", "2")]
    assert [(one["change"], one["step"]) for one in back["changes"] if one["subject"] == "step"] == [("removed", "2")]
    assert {one["name"] for one in there["changes"]} == {"orders", "box.yaml", "tables/", "code/"}


def test_a_box_in_a_folder_of_a_larger_repository(tmp_path: Path, said: Any) -> None:
    inner = tmp_path / "a project" / "salon"
    write(inner, "box.yaml", SETTINGS)
    write(inner, "flows/orders.yaml", ORDERS)
    write(inner, "flows/hello.md", "Hello\n")
    write(tmp_path / "a project", "flows/other.yaml", "flow: of-nobody")
    git(tmp_path, "init", "a project")
    git(tmp_path / "a project", "add", ".")
    git(tmp_path / "a project", "commit", "-m", "first")
    write(inner, "flows/hello.md", "Hello, you\n")

    shown = said("diff", "HEAD", "--box", str(inner))

    assert shown.out.splitlines()[2:] == [
        "orders  flows/orders.yaml",
        "  1 line changed in hello.md",
        "    - Hello",
        "    + Hello, you",
    ]


def test_what_is_not_tracked_counts_as_well(kept: str, said: Any) -> None:
    write(kept, "flows/fresh.yaml", "flow: fresh\non: {manual: }\nsteps:\n  - do: log\n    with: {text: hi}\n")

    assert (
        "fresh  flows/fresh.yaml\n  the flow is new; it is started by manual\n"
        in said("diff", "HEAD", "--box", kept).out
    )


def test_only_what_is_risky_and_an_exit_code_for_it(kept: str, said: Any) -> None:
    write(kept, "templates/hello.md", "Hello, you\n")
    quiet = said("diff", "HEAD", "--risky", "--box", kept)
    change(kept)
    risky = said("diff", "HEAD", "--risky", "--box", kept)

    assert (quiet.code, quiet.out) == (Exit.ok, "")
    assert quiet.err == "nothing risky changed from HEAD to the files\n"
    assert risky.code == Exit.fault
    assert "RISKY" in risky.out
    assert "hello.md" not in risky.out
    assert said("diff", "HEAD", "--box", kept).code == Exit.ok


def test_files_that_are_no_text_are_shown_as_far_as_they_can_be(kept: str, said: Any) -> None:
    Path(kept, "templates/hello.md").write_bytes(b"\xff Hello\n")
    Path(kept, "flows/caf\udce9.yaml").write_bytes(b"flow: caf\xe9\n")
    write(kept, "box.yaml", "a: [")
    write(kept, "secrets.yaml", "- no names")

    shown, as_json = said("diff", "HEAD", "--box", kept), said("diff", "HEAD", "--json", "--box", kept)

    assert "    + � Hello\n" in shown.out
    assert "  flows/caf�.yaml\n  it has faults now\n" in shown.out
    assert "box.yaml\n  it has faults now: the lines that differ\n" in shown.out
    assert len(as_json.json["changes"]) >= 4


def test_nothing_changed(kept: str, said: Any) -> None:
    shown = said("diff", "HEAD", "--box", kept)

    assert (shown.code, shown.out, shown.err) == (Exit.ok, "", "nothing changed from HEAD to the files\n")


@pytest.mark.parametrize(
    ("given", "unknown"),
    [
        ("nothing", "nothing"),
        ("HEAD~7", "HEAD~7"),
        ("--output=x", "--output=x"),
        ("HEAD..nothing", "nothing"),
        ("HEAD:box.yaml", "HEAD:box.yaml"),
    ],
)
def test_a_revision_that_is_not_there(given: str, unknown: str, kept: str, said: Any) -> None:
    refused = said("diff", "--box", kept, "--", given)

    assert (refused.code, refused.out) == (Exit.fault, "")
    assert f"git knows no revision {unknown!r}" in refused.err
    assert "hint: git log" in refused.err


def test_a_revision_without_the_box(kept: str, said: Any) -> None:
    git(kept, "rm", "-q", "--cached", "box.yaml")
    git(kept, "commit", "-m", "gone")

    refused = said("diff", "HEAD", "--box", kept)

    assert refused.code == Exit.fault
    assert "there is no box at HEAD: box.yaml is not in it" in refused.err


def test_a_folder_that_git_does_not_keep(tmp_path: Path, said: Any) -> None:
    write(tmp_path, "box.yaml", SETTINGS)

    refused = said("diff", "HEAD", "--box", str(tmp_path))

    assert refused.code == Exit.fault
    assert f"{tmp_path} cannot be read by git: not a git repository" in refused.err
    assert "hint: make it one: git init" in refused.err


def test_a_machine_without_git(kept: str, tmp_path: Path) -> None:
    """Only the revisions need it."""
    command = [sys.executable, "-m", "onebox", "diff", "HEAD", "--box", kept]
    ended = subprocess.run(
        command, env={**os.environ, "PATH": str(tmp_path)}, check=False, capture_output=True, text=True
    )

    assert ended.returncode == Exit.fault
    assert "git is not installed, or not in PATH" in ended.stderr


def test_values_of_secrets_are_nowhere(kept: str, said: Any) -> None:
    vault = Vault(BoxFolder(Path(kept)), {})
    vault.set("crm", "sesame-open")
    vault.set("shop", "sesame-shut")
    git(kept, "add", ".")
    git(kept, "commit", "-m", "secrets")
    vault.set("crm", "sesame-new")
    vault.remove("shop")
    write(kept, "box.yaml", SETTINGS + "databases: {shop: 'postgresql://box:plain-password@db.example.org/shop'}\n")

    shown, as_json = said("diff", "HEAD", "--box", kept), said("diff", "HEAD", "--json", "--box", kept)

    assert "the secret shop was removed" in shown.out
    assert "the secret crm was set anew" in shown.out
    assert "postgresql://box:***" in shown.out
    tokens = [line.partition(": ")[2] for line in Path(kept, "secrets.yaml").read_text().splitlines()[1:]]
    for hidden in ("sesame", "plain-password", *tokens):
        assert hidden not in shown.out + as_json.out


# --- beside a box that runs


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningBox]:
    folder = BoxFolder(tmp_path / "box")
    write(folder.path, "box.yaml", SETTINGS)
    write(folder.path, "flows/orders.yaml", ORDERS)
    write(folder.path, "templates/hello.md", "Hello\n")
    write(folder.path, "tables/0001-leads.sql", "create table leads (name text)\n")
    Vault(folder, {}).set("crm", "sesame-open")
    async with running_box(folder, port=0, environ={}, terminal=io.StringIO()) as box:
        yield box


async def test_what_runs_and_the_files(running: RunningBox, tmp_path: Path) -> None:
    """A flow that is broken goes on as it was; settings, and secrets, count from the next start."""
    path = tmp_path / "box"
    code, out, told = await onebox(path, "diff")
    assert (code, out, told) == (Exit.ok, "", "nothing changed from what runs to the files\n")

    write(path, "box.yaml", SETTINGS.replace("ana@", "bilal@"))
    write(path, "tables/0002-city.sql", "alter table leads add column city text")
    Vault(BoxFolder(path), {}).set("crm", "sesame-new")
    write(path, "flows/orders.yaml", ORDERS.replace("via: terminal/main", "via: terminal/mian") + "  - do: sned\n")
    code, out, told = await onebox(path, "diff")

    assert (code, told) == (Exit.ok, "")
    assert "  `vars.boss` changed from ana@example.org to bilal@example.org\n" in out
    assert "  0002-city was added\n" in out
    assert "  the secret crm was set anew\n" in out
    assert "  it has faults now\n" in out
    assert "the account changed from terminal/main to terminal/mian" in out
    assert "sesame" not in out


@pytest.mark.soak
async def test_flows_that_were_read_again_run_already(running: RunningBox, tmp_path: Path) -> None:
    path = tmp_path / "box"
    write(path, "flows/orders.yaml", ORDERS.replace("flow: orders", "flow: orders\ndescription: of the shop"))

    async def settled() -> tuple[int, Any, str]:
        while (seen := await onebox(path, "diff"))[1]:
            assert "`description` was added" in seen[1]
        return seen

    assert await settled() == (Exit.ok, "", "nothing changed from what runs to the files\n")


@pytest.mark.soak
async def test_a_box_that_does_not_run_is_compared_with_git(kept: str, said: Any) -> None:
    never = await onebox(Path(kept), "diff")
    await onebox(Path(kept), "migrate")
    change(kept)
    write(kept, "tables/0001-leads.sql", "create table leads (name text)\n")
    stopped = await onebox(Path(kept), "diff")

    assert never[0] == stopped[0] == Exit.ok
    assert never[2].startswith(f"the box {kept} never ran: compared with git's HEAD instead\nnothing changed from HEAD")
    assert stopped[2] == f"the box {kept} does not run, or is busy: compared with git's HEAD instead\n"
    assert "`vars.boss` changed" in stopped[1]
