"""What Claude Code is told to deny says what the list of secrets says."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.assistant.kit.repositories import run_git

from onebox.assistant.hooks.guard.patterns import SecretList
from onebox.assistant.secrets_list import default_list, deny_rules, sandbox_denials

if TYPE_CHECKING:
    from pathlib import Path

OWN = """\
# ours
*.creds
!sample.creds
vault/
/ledger.txt
/config/*.txt
!/config/ok.txt
letters/**
"""
NAMES = (
    *(".env", ".ENV", ".env.local", ".env.example", ".env.prod.example", "prod.env", "example.env", ".environment"),
    *("server.pem", "cert.pem", "my-public.pem", "a-cert.pem", "tls.key", "public.key", "debug.keystore", "a.keystore"),
    *("id_rsa", "id_rsa.pub", ".netrc", "secrets.yaml", "my-credentials.json", "credentials.schema.json", "x.session"),
    *("wp-config.php", "wp-config-sample.php", "terraform.tfstate.1", "example.tfvars", "a.tfvars", "readme.md"),
    *("prod.creds", "sample.creds", "ledger.txt", "config/a.txt", "config/ok.txt", "vault/a.txt", "letters/a.txt"),
    *("letters/to/b.txt", ".n8n/config", ".n8n/database.sqlite", ".onebox/key", ".onebox/box.db", ".aws/credentials"),
)


@pytest.mark.parametrize("stack", ["python", "wordpress", "box"])
def test_the_rules_mean_what_the_list_means(tmp_path: Path, stack: str) -> None:
    """Read by git, whose reading of a `.gitignore` Claude Code has."""
    text = default_list(stack) + OWN
    inside = [rule[5:-1] for rule in deny_rules(text) if rule.startswith("Read(") and not rule.startswith("Read(~")]
    run_git(tmp_path, "init", "--quiet")
    run_git(tmp_path, "config", "core.ignorecase", "true")
    (tmp_path / ".gitignore").write_text("\n".join(rule.removeprefix("//") for rule in inside))
    paths = [f"{folder}{name}" for folder in ("", "sub/", "sub/deep/") for name in NAMES]
    asked = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--stdin"],
        input="\n".join(paths), check=False, capture_output=True, text=True,
    )  # fmt: skip
    secrets = SecretList.parse(text)

    assert asked.stdout.splitlines() == [path for path in paths if secrets.rule_for(path.split("/"))]


def test_a_rule_is_written_as_the_list_has_it() -> None:
    rules = deny_rules(
        "# ours\n.env\n.env.*\n!.env.example\n~/.gnupg/\n/ledger.txt\n/config/*.txt\nletters/**\nvault/\n"
    )

    assert rules[:8] == [
        "Read(//**/.env)",
        "Read(.env.*)",
        "Read(!.env.example)",
        "Read(~/.gnupg/)",
        "Read(/ledger.txt)",
        "Read(config/*.txt)",
        "Read(letters/*)",
        "Read(//**/vault/)",
    ]
    assert all(rule.startswith("Edit(/.claude/") for rule in rules[8:])


@pytest.mark.parametrize(
    "text", ["~/.ssh/id_*\n!~/.ssh/*.pub\n", "/own.*\n!own.example\n", ".env.[!e]*\n", "![^a].pem\n"]
)
def test_what_no_rule_can_say_is_left_to_the_hook(text: str) -> None:
    assert [rule for rule in deny_rules(text) if rule.startswith("Read(") and "!own" not in rule] == []


def test_the_sandbox_gets_what_is_said_in_full() -> None:
    text = ".env\n.env.*\n!.env.example\nsecrets.yaml\n!/secrets.yaml\n**/.n8n/config\n~/.azure/\n~/.ssh/id_*\n/ledger.txt\n"

    assert sandbox_denials(text) == {
        "denyRead": ["./.env", "./.n8n/config", "~/.azure", "./ledger.txt"],
        "denyWrite": ["./.claude/secrets.txt", "./.claude/hooks"],
    }
