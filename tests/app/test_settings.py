"""box.yaml: its defaults, its values, and everything that is said of a faulty one."""

from __future__ import annotations

import json
from datetime import timedelta
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from onebox.app.accounts import PaceSettings, TerminalAccount, WebhookAccount
from onebox.app.folder import BoxFolder
from onebox.app.settings import (
    BoxSettings,
    SettingsInvalid,
    check_settings,
    read_settings,
    salvaged_vars,
    settings_schema,
)
from onebox.messaging.channel import A_TEXT

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

FULL = """
box: salon
timezone: Europe/Berlin
storage: postgresql://box:${secret.database}@db/box
vars: {shop: {api: "https://shop.example"}}
accounts:
  terminal/main: {}
  terminal/quiet:
  webhook/crm: {url: "https://crm.example", secret: crm, pace: {per_second: 2, burst: 5}}
databases: {shop: "sqlite:///shop.db"}
limits: {backlog: 10, body: 1.5MB, concurrency: 4}
keep: 1w
http: {connections: 5}
code: {workers: 1}
server: {host: 0.0.0.0, port: 0, trusted_proxies: [10.0.0.0/8, "::1"]}
log: {level: debug, format: json}
"""


def test_everything_has_a_default() -> None:
    settings, faults = check_settings("# nothing yet\n")

    assert faults == []
    assert settings == BoxSettings()
    assert settings.keep == timedelta(days=30)
    assert settings.limits.body == 5_000_000


def test_values_become_what_they_mean() -> None:
    settings, faults = check_settings(FULL, {"database", "crm"})

    assert faults == []
    assert settings is not None
    assert settings.limits.body == 1_500_000
    assert settings.keep == timedelta(weeks=1)
    assert settings.server.trusted_proxies[0] == IPv4Network("10.0.0.0/8")
    assert settings.accounts == {
        "terminal/main": TerminalAccount(),
        "terminal/quiet": TerminalAccount(),
        "webhook/crm": WebhookAccount(
            url="https://crm.example", secret="crm", pace=PaceSettings(per_second=2.0, burst=5)
        ),
    }


FAULTY = """\
box: ""
timezone: Europe/Berln
storage: mysql://box:very-secret@db
acounts: {}
limits: {backlog: many, body: 5XB, concurency: 3}
accounts:
  webhok/crm: {}
  webhook/crm: {secret: a-b, pace: {per_second: 0}}
  webhook/ftp: {url: "ftp://x", secret: x}
  main: {}
  terminal/main: 7
databases: {shop: 5}
keep: 30x
code: {workers: 1000}
server: {port: 99999, trusted_proxies: [10.0.0.0/8, home]}
log: {level: inf, format: xml}
vars: [a]
"""


def test_every_fault_is_told_at_once(snapshot: SnapshotAssertion) -> None:
    _, faults = check_settings(FAULTY)

    assert "\n".join(map(str, faults)) == snapshot


@pytest.mark.parametrize(
    "text",
    ["a: [", "- a\n- b", "just words", "box: a\nbox: b", "server: &x {}\nlog: *x", "box: \x07", "box: \udc80"],
)
def test_what_is_no_settings_is_refused(text: str, snapshot: SnapshotAssertion) -> None:
    settings, faults = check_settings(text)

    assert settings is None
    assert "\n".join(map(str, faults)) == snapshot


def test_secrets_that_are_not_there_are_told(snapshot: SnapshotAssertion) -> None:
    _, faults = check_settings(FULL, {"databse"})

    assert "\n".join(map(str, faults)) == snapshot


def test_a_password_is_not_repeated() -> None:
    _, faults = check_settings(FAULTY)

    assert "very-secret" not in "".join(map(str, faults))


def test_faulty_settings_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "box.yaml").write_text("keep: often\nbx: a\n")

    with pytest.raises(SettingsInvalid) as refused:
        read_settings(BoxFolder(tmp_path))

    assert [fault.line for fault in refused.value.faults] == [1, 2]


def test_variables_are_known_although_the_rest_is_faulty() -> None:
    assert salvaged_vars("keep: often\nvars: {a: 1}") == {"a": 1}
    assert salvaged_vars("keep: [") == {}


def test_storage_is_a_file_or_a_url_with_its_secret(tmp_path: Path) -> None:
    folder = BoxFolder(tmp_path)

    assert BoxSettings().database(folder, {}) == tmp_path / ".onebox" / "box.db"
    assert (
        BoxSettings(storage="postgresql://box:${secret.pw}@db/box").database(folder, {"pw": "p@ss/word"})
        == "postgresql://box:p%40ss%2Fword@db/box"
    )


def test_the_schema_takes_what_the_box_takes() -> None:
    schema = settings_schema()
    json.dumps(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert [fault.message for fault in validator.iter_errors(yaml.safe_load(FULL))] == []
    places = {tuple(fault.absolute_path) for fault in validator.iter_errors(yaml.safe_load(FAULTY))}
    assert {
        ("box",),
        ("storage",),
        ("accounts",),
        ("limits", "backlog"),
        ("log", "level"),
        ("server", "port"),
    } <= places


OUTLETS = """
accounts:
  email/desk: {host: mail.example.org, user: desk, password: mail, from: "Salon <desk@example.org>", timeout: 5s}
  discord/log: {webhook: discord}
  slack/team: {webhook: slack}
  notify/all: {url: [teams, ntfy]}
  notify/one: {url: matrix}
"""


def test_every_secret_of_an_account_is_looked_for() -> None:
    settings, faults = check_settings(OUTLETS, {"mail", "discord", "teams", "matrix"})

    assert settings is not None
    assert [str(fault).splitlines()[0] for fault in faults] == [
        "box.yaml:5:25: there is no secret 'slack'",
        "box.yaml:6:29: there is no secret 'ntfy'",
    ]


def test_outlets_know_what_a_step_must_say() -> None:
    settings, _ = check_settings(OUTLETS)
    assert settings is not None

    assert {name: (outlet.recipient, outlet.needs) for name, outlet in settings.outlets.items()} == {
        "email/desk": (None, (A_TEXT, ("subject",))),
        "discord/log": ("discord", (A_TEXT,)),
        "slack/team": ("slack", (A_TEXT,)),
        "notify/all": ("notify", (A_TEXT,)),
        "notify/one": ("notify", (A_TEXT,)),
    }


WRONG_OUTLETS = """
accounts:
  email/a: {host: mail.example.org, from: "Salon"}
  email/b: {host: "mail.example.org:25", from: "a@b.example\\nBcc: c@d.example", security: ssl, port: 0}
  email/c: {host: mail.example.org, user: desk, from: desk@example.org, reply_to: 7, timeout: 5}
  discord/log: {webhook: "https://discord.com/api/webhooks/1/x", url: x}
  notify/all: {url: []}
  notify/one: {url: "ntfy://topic"}
"""


def test_every_fault_of_outlets_is_told(snapshot: SnapshotAssertion) -> None:
    _, faults = check_settings(WRONG_OUTLETS)

    assert "api/webhooks" not in str(faults)
    assert "\n".join(map(str, faults)) == snapshot
