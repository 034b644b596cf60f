"""`onebox kit init` and `remove`, on real repositories."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.assistant.kit.repositories import FILES, commit, make, run_git, status, tree

from onebox.assistant.claude_md import BEGIN, END
from onebox.assistant.doctor.drift import drift_faults
from onebox.cli.exits import Exit
from onebox.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.assistant.kit.conftest import Kit

STACKS = [*FILES, "box"]
SETTINGS = b'{"model": "opus",\r\n\t"permissions": {"allow": ["Bash(ls)"], "deny": []}}'
WITH_MORE = {
    "CLAUDE.md": b"\xef\xbb\xbf# Ours\r\n\r\nBe kind.",
    "AGENTS.md": b"Be kind.\n",
    ".claude/settings.json": SETTINGS,
    ".claude/agents/tester.md": b"---\nname: tester\n---\n",
}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("more", [{}, WITH_MORE], ids=["bare", "with settings"])
def test_remove_leaves_the_tree_as_it_was(tmp_path: Path, kit: Kit, stack: str, more: dict[str, bytes]) -> None:
    root = make(tmp_path / "shop", stack, more=more)
    before = tree(root)

    assert kit(root, "init").code == Exit.ok
    assert tree(root) != before
    assert kit(root, "remove").code == Exit.ok
    assert before == tree(root)
    assert status(root) == ""


@pytest.mark.parametrize("stack", STACKS)
def test_twice_is_once(tmp_path: Path, kit: Kit, stack: str) -> None:
    root = make(tmp_path / "shop", stack, more=WITH_MORE)
    kit(root, "init")
    once = tree(root)
    again = kit(root, "init")

    assert once == tree(root)
    assert "nothing to do: the kit is as it should be" in again.err


@pytest.mark.parametrize("stack", ["python", "plain"])
def test_it_needs_no_git(tmp_path: Path, kit: Kit, stack: str) -> None:
    root = make(tmp_path / "shop", stack, git=False)
    before = tree(root)
    kit(root, "init")

    assert (root / ".claude/settings.json").exists()
    assert kit(root, "remove").code == Exit.ok
    assert before == tree(root)


def test_hooks_can_be_run(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")
    kit(root, "init")

    for name in ("protect_secrets.py", "check_after_edit.py"):
        hook = root / ".claude/hooks" / name
        assert os.access(hook, os.X_OK)
        assert hook.read_text().startswith("#!/usr/bin/env python3\n")


def test_what_is_there_stays_as_it_is(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    kit(root, "init")

    rules = (root / "CLAUDE.md").read_bytes()
    assert rules.startswith(b"\xef\xbb\xbf# Ours\r\n\r\nBe kind.\r\n\r\n<!-- onebox kit: begin -->\r\n@AGENTS.md\r\n")
    assert b"\n" not in rules.replace(b"\r\n", b"")
    settings = (root / ".claude/settings.json").read_bytes()
    assert settings.startswith(b'{"model": "opus",\r\n\t"permissions": {"allow": ["Bash(ls)"], "deny": [')
    assert json.loads(settings)["hooks"]["PreToolUse"][0]["matcher"] == "*"
    assert (root / ".claude/agents/tester.md").exists()


@pytest.mark.parametrize(
    ("own", "imports"), [("See @AGENTS.md.\n", 1), ("See @./AGENTS.md.\n", 0), ("See AGENTS.md.\n", 1)]
)
def test_agents_md_is_imported_once(tmp_path: Path, kit: Kit, own: str, imports: int) -> None:
    root = make(tmp_path / "shop", "python", more={"CLAUDE.md": own.encode(), "AGENTS.md": b"Be kind.\n"})
    kit(root, "init")

    assert (root / "CLAUDE.md").read_text().count("@AGENTS.md") == imports


def test_claude_md_may_be_a_link_to_agents_md(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", git=False, more={"AGENTS.md": b"Be kind.\n"})
    (root / "CLAUDE.md").symlink_to("AGENTS.md")
    run_git(root, "init", "--quiet")
    commit(root)
    kit(root, "init")

    assert (root / "CLAUDE.md").is_symlink()
    assert "Architecture rules" in (root / "AGENTS.md").read_text()
    assert "@AGENTS.md" not in (root / "AGENTS.md").read_text()
    kit(root, "remove")
    assert status(root) == ""


ODD = {
    "CLAUDE.md": b"# Ours\r\n\x0cA form feed, \xe2\x80\xa8, and Latin: caf\xe9\r\nno end",
    "AGENTS.md": b"Be kind.\n",
}
LINKED = {"AGENTS.md": b"Be kind.\n"}


@pytest.mark.parametrize("more", [{}, WITH_MORE, ODD, LINKED], ids=["bare", "with settings", "odd", "linked"])
def test_dry_run_prints_a_diff_that_git_applies(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, more: dict[str, bytes]
) -> None:
    """As bytes, with the hooks' run bits, and through a link."""
    root = make(tmp_path / "shop", "python", more=more)
    if more is LINKED:
        (root / "CLAUDE.md").symlink_to("AGENTS.md")
    monkeypatch.chdir(root)
    capsysbinary.readouterr()

    def printed(*words: str) -> bytes:
        assert main(["kit", *words]) == Exit.ok
        return capsysbinary.readouterr().out

    before = tree(root)
    to_come = printed("init", "--dry-run")
    assert before == tree(root)

    printed("init")
    with_kit = tree(root)
    subprocess.run(["git", "apply", "-"], input=printed("remove", "--dry-run"), check=True)
    assert before == tree(root)
    subprocess.run(["git", "apply", "-"], input=to_come, check=True)
    assert with_kit == tree(root)
    assert [line.split()[2] for line in to_come.splitlines() if line.startswith(b"diff --git ")][-3:] == [
        b"a/.claude/kit.json",
        b"a/.claude/hooks/protect_secrets.py",
        b"a/.claude/hooks/check_after_edit.py",
    ]


@pytest.mark.parametrize("name", ["CLAUDE.md", ".claude/settings.json"])
def test_a_file_that_is_read_only_is_refused(tmp_path: Path, kit: Kit, name: str) -> None:
    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    (root / name).chmod(0o444)
    before = tree(root)
    refused = kit(root, "init")

    assert refused.code == Exit.fault
    assert refused.err == (
        f"onebox: {name} is read-only\nhint: nothing was changed; chmod u+w {name}, then try again\n"
    )
    assert before == tree(root)


@pytest.mark.parametrize("git", [True, False])
def test_what_to_do_next_speaks_of_git_where_there_is_one(tmp_path: Path, kit: Kit, *, git: bool) -> None:
    root = make(tmp_path / "shop", "python", git=git)

    assert ("git add CLAUDE.md .claude && git diff --cached" in kit(root, "init").err) is git


def test_what_was_edited_stays_and_is_named(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")
    kit(root, "init")
    reviewer, rules = root / ".claude/agents/code-reviewer.md", root / "CLAUDE.md"
    reviewer.write_text(reviewer.read_text() + "\nLook at the prices.\n")
    rules.write_text(rules.read_text().replace("## Commands", "- Prices are gross.\n\n## Commands"))

    again = kit(root, "init")
    assert again.err.splitlines()[1:] == [
        "left .claude/agents/code-reviewer.md: it was edited since the kit wrote it; --force overwrites it",
        "left the kit's part of CLAUDE.md: it was edited since the kit wrote it; --force overwrites it",
        "nothing to do: the kit is as it should be",
    ]
    assert "Look at the prices." in reviewer.read_text()
    gone = kit(root, "remove")
    assert "left .claude/agents/code-reviewer.md" in gone.err
    assert "left the kit's part of CLAUDE.md" in gone.err
    assert "the kit is gone, but for what was left\n" in gone.err
    assert status(root) == "?? .claude/agents/code-reviewer.md\n?? CLAUDE.md\n"


def test_what_an_edited_file_misses_of_a_new_release_is_shown(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")
    kit(root, "init")
    age(root)
    reviewer, rules = root / ".claude/agents/code-reviewer.md", root / "CLAUDE.md"
    reviewer.write_text("Look at the prices.\n")
    rules.write_text(rules.read_text().replace("## Commands", "- Prices are gross.\n\n## Commands"))
    again = kit(root, "init")

    assert "--force overwrites it, with this change:\n--- a/.claude/agents/code-reviewer.md\n" in again.err
    assert "\n-Look at the prices.\n+---\n+name: code-reviewer\n" in again.err
    assert "--force overwrites it, with this change:\n--- a/CLAUDE.md\n" in again.err
    assert "\n-- Prices are gross.\n" in again.err


def test_force_takes_and_writes_what_was_edited(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")
    kit(root, "init")
    made = tree(root)
    for name in (".claude/agents/code-reviewer.md", "CLAUDE.md"):
        (root / name).write_text((root / name).read_text().replace("test", "try"))

    kit(root, "init", "--force")
    assert made == tree(root)
    (root / "CLAUDE.md").write_text((root / "CLAUDE.md").read_text().replace("test", "try"))
    kit(root, "remove", "--force")
    assert status(root) == ""


def test_what_people_wrote_around_it_stays(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    kit(root, "init")
    rules, settings = root / "CLAUDE.md", root / ".claude/settings.json"
    rules.write_bytes(b"Above.\r\n" + rules.read_bytes() + b"Below.\r\n")
    document = json.loads(settings.read_text())
    document["permissions"]["deny"].append("Read(own)")
    document["hooks"]["PreToolUse"].append({"matcher": "Bash", "hooks": []})
    settings.write_text(json.dumps(document, indent=4))
    kit(root, "remove")

    assert rules.read_bytes() == b"Above.\r\n\xef\xbb\xbf# Ours\r\n\r\nBe kind.\r\nBelow.\r\n"
    assert json.loads(settings.read_text()) == {
        "model": "opus",
        "permissions": {"allow": ["Bash(ls)"], "deny": ["Read(own)"]},
        "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": []}]},
    }


def test_deny_rules_follow_the_list(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    kit(root, "init")
    settings, secrets = root / ".claude/settings.json", root / ".claude/secrets.txt"
    before = set(json.loads(settings.read_text())["permissions"]["deny"])
    secrets.write_text(secrets.read_text() + "ledger-of-ana.txt\n")
    kit(root, "init")
    after = set(json.loads(settings.read_text())["permissions"]["deny"])

    assert before < after
    assert any("ledger-of-ana.txt" in rule for rule in after - before)
    assert "left .claude/secrets.txt: your list" in kit(root, "remove").err
    assert (root / ".claude/settings.json").read_bytes() == SETTINGS
    assert status(root) == "?? .claude/secrets.txt\n"


def test_learnt_rules_survive_init_and_go_with_the_kit(tmp_path: Path, kit: Kit) -> None:
    from onebox.assistant.claude_md import learnt_rules, with_rule

    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    kit(root, "init")
    rules = root / "CLAUDE.md"
    rules.write_bytes(with_rule(rules.read_bytes().decode(), "Prices are gross.").encode())
    (root / ".claude/rules.toml").write_text('[[rule]]\nid = "prices"\n')
    (root / ".claude/violations").mkdir()
    (root / ".claude/violations/prices.patch").write_text("+ net\n")
    kit(root, "init", "--force")

    assert learnt_rules(rules.read_text()) == ["- Prices are gross."]
    gone = kit(root, "remove")
    assert "the rules that were learnt (1) go with it; --keep-rules leaves them:\n- Prices are gross." in gone.err
    assert status(root) == ""


def test_a_ledger_of_retired_rules_goes_with_the_kit(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")
    kit(root, "init")
    kit(root, "learn", "wrote net prices", "--rule", "Prices are gross")
    kit(root, "rules", "--retire", "prices-are-gross")
    kit(root, "remove")

    assert status(root) == ""


def test_what_rules_caught_stays_for_the_kit_of_another_worktree(tmp_path: Path, kit: Kit) -> None:
    root, other = make(tmp_path / "shop", "plain"), tmp_path / "other"
    kit(root, "init")
    kit(root, "learn", "lost a file", "--rule", "Files stay", "--check", "test -f notes.txt")
    (root / "notes.txt").rename(root / "moved.txt")
    assert kit(root, "rules", "--run").code == Exit.fault
    commit(root)
    run_git(root, "worktree", "add", "--quiet", str(other))
    caught = root / ".git/onebox-kit/caught.jsonl"

    kit(other, "remove")
    assert caught.is_file()
    kit(root, "remove")
    assert not caught.parent.exists()


def test_a_kit_is_the_same_from_wherever_it_is_brought_up_to_date(tmp_path: Path, kit: Kit) -> None:
    packages = {f"packages/{name}/tsconfig.json": b"{}" for name in ("admin", "web")}
    root = make(tmp_path / "shop", "plain", more=packages)
    kit(root / "packages/web", "init", "--stack", "auto")
    once = tree(root)
    again = kit(root, "init")

    assert "`cd packages/web && " in (root / "CLAUDE.md").read_text()
    assert (once, again.err.splitlines()[1:]) == (tree(root), ["nothing to do: the kit is as it should be"])
    assert [*drift_faults(root)] == []
    kit(root, "init", "--stack", "auto")
    assert "`cd packages/admin && " in (root / "CLAUDE.md").read_text()


@pytest.mark.parametrize("gone", [END, BEGIN])
def test_half_a_part_is_refused_with_its_place(tmp_path: Path, kit: Kit, gone: str) -> None:
    root = make(tmp_path / "shop", "plain", more={"CLAUDE.md": b"# Ours\n"})
    kit(root, "init")
    rules = root / "CLAUDE.md"
    rules.write_text(rules.read_text().replace(f"{gone}\n", "More of ours.\n"))
    before = tree(root)
    line = 1 + rules.read_text().splitlines().index(BEGIN if gone == END else END)

    for words in (["init"], ["init", "--force"], ["learn", "wrote net prices", "--rule", "Prices are gross"]):
        refused = kit(root, *words)
        assert (refused.code, refused.err) == (
            Exit.fault,
            (
                f"onebox: CLAUDE.md:{line}: of the two lines that stand around the kit's part this one is there alone\n"
                f"hint: put the other where it was: {gone}; or delete this one and what is the kit's, then try again\n"
            ),
        )
        assert tree(root) == before
    assert f"left the kit's part of CLAUDE.md: its line `{gone}` is gone; delete it by hand" in kit(root, "remove").err
    assert status(root) == " M CLAUDE.md\n"


def test_learnt_rules_can_be_kept(tmp_path: Path, kit: Kit) -> None:
    from onebox.assistant.claude_md import with_rule

    root = make(tmp_path / "shop", "python")
    kit(root, "init")
    rules = root / "CLAUDE.md"
    rules.write_text(with_rule(rules.read_text(), "Prices are gross."))
    (root / ".claude/rules.toml").write_text('[[rule]]\nid = "prices"\n')
    kit(root, "remove", "--keep-rules")

    assert rules.read_text() == "## Learnt from failures\n\n- Prices are gross.\n"
    assert status(root) == "?? .claude/rules.toml\n?? CLAUDE.md\n"


def test_a_file_of_ones_own_is_not_overwritten(tmp_path: Path, kit: Kit) -> None:
    own = {".claude/agents/code-reviewer.md": b"mine\n", ".claude/secrets.txt": b"mine.txt\n"}
    root = make(tmp_path / "shop", "python", more=own)

    assert "left .claude/agents/code-reviewer.md: it is your own" in kit(root, "init").err
    assert kit(root, "remove").code == Exit.ok
    assert status(root) == ""


def test_a_hook_of_ones_own_in_the_way_is_refused(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", more={".claude/hooks/protect_secrets.py": b"mine\n"})
    refused = kit(root, "init")

    assert (refused.code, refused.err) == (
        Exit.fault,
        (
            "onebox: .claude/hooks/protect_secrets.py is there already, and is not of the kit\n"
            "hint: the guard needs this name: move your file away, or overwrite it with --force"
            " (.claude/hooks/protect_secrets.py)\n"
        ),
    )
    assert status(root) == ""


def test_broken_settings_are_refused_and_nothing_is_written(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", more={".claude/settings.json": b'{\n  "model": "opus", // ours\n}\n'})
    refused = kit(root, "init")

    assert (refused.code, refused.err) == (
        Exit.fault,
        (
            "onebox: .claude/settings.json:2:20: a comment, which JSON does not have\n"
            "hint: nothing was written; mend the file (it must be plain JSON), then try again\n"
        ),
    )
    assert status(root) == ""


@pytest.mark.parametrize("name", ["CLAUDE.md", ".claude", ".claude/settings.json", ".claude/hooks"])
def test_no_link_is_followed_out_of_the_repository(tmp_path: Path, kit: Kit, name: str) -> None:
    root = make(tmp_path / "shop", "python")
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(outside if name in {".claude", ".claude/hooks"} else outside / "file")
    refused = kit(root, "init")

    assert refused.code == Exit.fault
    assert f"which is outside of {root}" in refused.err
    assert list(outside.iterdir()) == []
    assert not (root / ".claude/kit.json").exists()


def test_a_failure_in_the_middle_leaves_all_as_it_was(tmp_path: Path, kit: Kit) -> None:
    """A folder that stands where the new file is to be written, which no look at the name itself can tell."""
    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    (root / ".claude/.settings.json.onebox-kit-new").mkdir()
    before = tree(root)
    failed = kit(root, "init")

    assert failed.code != Exit.ok
    assert ".settings.json.onebox-kit-new: is a directory" in failed.err
    assert before == tree(root)


def test_the_home_folder_is_refused(tmp_path: Path, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    refused = kit(tmp_path, "init")

    assert f"{tmp_path} is your home folder" in refused.err
    assert list(tmp_path.iterdir()) == []


def test_without_a_kit_there_is_nothing_to_remove(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")
    refused = kit(root, "remove")

    assert (refused.code, refused.err) == (
        Exit.fault,
        (
            f"onebox: there is no kit in {root}: it has no .claude/kit.json\n"
            "hint: go to the repository that has it; if the file was lost, onebox kit init makes it anew\n"
        ),
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"kit": 1}', '{"kit": 99}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, kit: Kit, text: str) -> None:
    root = make(tmp_path / "shop", "python", more={".claude/kit.json": text.encode()})

    for command in ("init", "remove"):
        refused = kit(root, command)
        assert refused.code == Exit.fault
        assert "onebox: .claude/kit.json " in refused.err
        assert "hint: " in refused.err
    assert status(root) == ""


def test_an_older_kit_is_brought_up_to_date(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    kit(root, "init")
    new = tree(root)
    age(root)
    assert tree(root) != new

    kit(root, "init")
    assert new == tree(root)
    kit(root, "remove")
    assert status(root) == ""


@pytest.mark.parametrize("more", [{}, WITH_MORE], ids=["bare", "with settings"])
def test_a_kit_whose_manifest_was_lost_is_known_by_its_content(
    tmp_path: Path, kit: Kit, more: dict[str, bytes]
) -> None:
    root = make(tmp_path / "shop", "python", more=more)
    before = tree(root)
    kit(root, "init")
    (root / ".claude/kit.json").unlink()

    assert "made .claude/kit.json" in kit(root, "init").err
    kit(root, "remove")
    files = {name for name, each in tree(root).items() if each != "folder"}
    assert files == {name for name, each in before.items() if each != "folder"}
    if more:
        assert b"onebox kit" not in (root / "CLAUDE.md").read_bytes()
        assert json.loads((root / ".claude/settings.json").read_bytes()) == {
            "model": "opus",
            "permissions": {"allow": ["Bash(ls)"]},
        }


def age(root: Path) -> None:
    """Makes the kit one of an older release: other texts, and a file that is no longer of the kit."""
    import hashlib

    from onebox.assistant.claude_md import own_part
    from onebox.assistant.manifest import sha_of

    manifest = json.loads((root / ".claude/kit.json").read_text())
    for name in (".claude/agents/code-reviewer.md", ".claude/agents/of-old.md"):
        (root / name).write_text("An older text.\n")
        manifest["files"][name] = hashlib.sha256(b"An older text.\n").hexdigest()
    rules = (root / "CLAUDE.md").read_bytes().decode().replace("The smallest diff", "A small diff")
    (root / "CLAUDE.md").write_bytes(rules.encode())
    manifest["claude_md"]["part"] = sha_of(own_part(rules) or "")
    (root / ".claude/kit.json").write_text(json.dumps(manifest))


def test_a_new_box_gets_the_kit_with_it(tmp_path: Path, kit: Kit) -> None:
    root = tmp_path / "salon"
    assert main(["init", str(root), "--kit", "--with", "hello,contact-form"]) == Exit.ok

    listed = status(root)
    for name in ("CLAUDE.md", ".claude/settings.json", ".claude/skills/add-flow/SKILL.md", "box.yaml"):
        assert f"?? {name}\n" in listed
    assert "`onebox check`" in (root / "CLAUDE.md").read_text()
    assert "nothing to do" in kit(root, "init").err
    kit(root, "remove")
    assert "CLAUDE.md" not in status(root)


def test_a_stack_that_is_not_there_is_named_with_the_nearest(tmp_path: Path, kit: Kit) -> None:
    refused = kit(make(tmp_path / "shop", "python"), "init", "--stack", "pyton")

    assert refused.code == Exit.usage
    assert "there is no stack 'pyton'; did you mean 'python'?" in " ".join(refused.err.split()).replace("│ ", "")


def test_the_kit_lies_in_the_repositorys_root(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")

    assert kit(root / "src/shop", "init").code == Exit.ok
    assert (root / ".claude/kit.json").exists()
    assert kit(root / "tests", "remove").code == Exit.ok
    assert status(root) == ""


def test_a_box_in_a_repository_has_a_kit_of_its_own(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python")
    assert main(["init", str(root / "box"), "--kit"]) == Exit.ok
    commit(root)
    before = tree(root)

    assert "nothing to do" in kit(root / "box/flows", "init").err
    assert before == tree(root)
    assert kit(root / "box/flows", "remove").code == Exit.ok
    assert not (root / "box/.claude").exists()


def test_what_git_ignores_is_told(tmp_path: Path, kit: Kit) -> None:
    root = make(tmp_path / "shop", "python", more={".gitignore": b".claude/settings.json\n"})

    assert "git ignores .claude/settings.json: what is not in git guards this machine alone" in kit(root, "init").err


def test_other_line_ends_are_no_edit(tmp_path: Path, kit: Kit) -> None:
    """As git leaves them on another system."""
    root = make(tmp_path / "shop", "python")
    kit(root, "init")
    for file in (root / "CLAUDE.md", *(root / ".claude").rglob("*.*")):
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    gone = kit(root, "remove")
    assert "left" not in gone.err
    assert status(root) == ""


@pytest.mark.parametrize("command", ["init", "remove"])
def test_what_a_crash_left_half_done_is_completed(tmp_path: Path, kit: Kit, command: str) -> None:
    """The manifest is written first; here nothing else was."""
    root = make(tmp_path / "shop", "python", more=WITH_MORE)
    kit(root, "init")
    whole, manifest = tree(root), (root / ".claude/kit.json").read_bytes()
    kit(root, "remove")
    (root / ".claude/kit.json").write_bytes(manifest)

    assert kit(root, command).code == Exit.ok
    if command == "init":
        assert whole == tree(root)
    else:
        assert status(root) == ""
