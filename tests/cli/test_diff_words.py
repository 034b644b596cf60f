"""What a person reads of each kind of change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from onebox.cli.diff import report
from onebox.cli.diff_words import WHY
from onebox.flows.difference import Box, FlowText, Reason, TableText, compare

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

FLOW = """\
flow: orders
description: What comes by the shop.
on:
  webhook: {path: orders, auth: {bearer: hook_token}}
  schedule: {cron: "0 6 * * *", missed: latest}
timezone: Europe/Berlin
limits: {concurrency: 20, time: 2m}
steps:
  - id: lead
    name: keep it
    do: sql
    with:
      run: |
        insert into leads (name, email)
        values (:name, :email)
        returning id
      args: {name: "${event.body.name}", email: null}
  - id: stock
    do: http.get
    if: ${event.body.number > 0}
    with: {url: "https://shop.example.org/stock/${event.body.number}", auth: shop, max_bytes: 1MB}
    retry: {times: 3, wait: 2s}
    timeout: 10s
    catch: {value: null}
  - id: pick
    switch: ${event.body.kind}
    cases:
      - equals: gift
        steps:
          - do: send
            with: {via: email/office, to: wrap@example.org, text: "wrap it"}
      - match: "^b2b"
        steps:
          - do: log
            with: {text: business}
    else:
      - do: log
        with: {text: other}
  - id: items
    each: ${event.body.items}
    as: item
    parallel: 2
    do: http.post
    with: {url: "${vars.shop_api}/items", json: {sku: "${item.sku}", count: 1}}
  - repeat: {until: "${state.body.ready}", most: 20, pause: 5s}
    steps:
      - id: state
        do: http.get
        with: {url: "${vars.shop_api}/state"}
  - do: send
    once: ${event.body.number}
    with: {via: email/office, to: "${vars.boss}", subject: An order, template: confirm.md, data: {kind: new}}
  - wait: 3d
  - wait_for: {event: order.paid, match: {number: "${event.body.number}"}, timeout: 14d}
output: ${lead.row.id}
on_error: alert
keep: 90d
"""
FILES = {"confirm.md": "Hello ${event.body.name},\n\nyour order is on its way.\n", "drop.sql": "select 1\n"}

# What is replaced in the flow above, and by what; in order, each once.
CHANGES: dict[str, list[tuple[str, str]]] = {
    "layout": [("limits: {concurrency: 20, time: 2m}", "limits:   # what it may take\n  time: 2m\n  concurrency: 20")],
    "description": [("What comes by the shop.", "What comes by the new shop.")],
    "auth removed": [(", auth: {bearer: hook_token}", "")],
    "auth weaker": [("bearer: hook_token", "basic: {user: shop, password: other_token}")],
    "path": [("path: orders", "path: order")],
    "schedule": [('"0 6 * * *", missed: latest', '"30 7 * * MON-FRI", missed: all')],
    "trigger removed": [('  schedule: {cron: "0 6 * * *", missed: latest}\n', "")],
    "trigger added": [("timezone:", "  event: order.paid\ntimezone:")],
    "timezone": [("Europe/Berlin", "Europe/Lisbon")],
    "limits": [("concurrency: 20, time: 2m", "concurrency: 200, time: 1m, per_sender: 1")],
    "limits left out": [("limits: {concurrency: 20, time: 2m}\n", "")],
    "as long in other words": [("time: 2m", "time: 120s"), ("wait: 2s", "wait: 2000ms")],
    "names": [("name: keep it", "name: keep the lead")],
    "statement": [("insert into leads", "insert into people"), ("returning id", "returning id, name")],
    "statement deletes": [("insert into leads (name, email)\n        values (:name, :email)", "delete from leads")],
    "statement in a file": [("run: |\n        insert into leads (name, email)\n        values (:name, :email)\n        returning id", "file: drop.sql")],
    "arguments": [("email: null", 'email: "${event.body.email}"')],
    "condition": [("number > 0", "number > 10")],
    "condition removed": [("    if: ${event.body.number > 0}\n", "")],
    "url path": [("/stock/$", "/stocks/$")],
    "url host": [("https://shop.example.org/", "https://other.example.org/")],
    "url in vars": [("${vars.shop_api}/items", "${vars.other_api}/items")],
    "auth of a request": [("auth: shop,", "auth: crm,")],
    "bytes": [("max_bytes: 1MB", "max_bytes: 20MB")],
    "kind": [("do: http.get\n    if", "do: http.delete\n    if")],
    "retry": [("times: 3, wait: 2s", "times: 5, wait: 2s, grow: 2")],
    "retry removed": [("    retry: {times: 3, wait: 2s}\n", "")],
    "timeout": [("timeout: 10s", "timeout: 1m")],
    "catch removed": [("    catch: {value: null}\n", "")],
    "catch with steps": [("catch: {value: null}", "catch: [{do: log, with: {text: down}}]")],
    "renamed step": [("id: lead\n", "id: person\n"), ("${lead.row.id}", "${person.row.id}")],
    "case changed": [("equals: gift", "equals: [gift, present]")],
    "case removed": [('      - equals: gift\n        steps:\n          - do: send\n            with: {via: email/office, to: wrap@example.org, text: "wrap it"}\n', "")],
    "text": [('text: "wrap it"', 'text: "wrap it well"')],
    "recipient": [("to: wrap@example.org", "to: office@example.org")],
    "account": [("{via: email/office, to: wrap", "{via: email/private, to: wrap")],
    "more at a time": [("parallel: 2", "parallel: 20")],
    "json": [("count: 1}", "count: 2, note: hi}")],
    "rounds": [("most: 20, pause: 5s", "most: 200, pause: 1s")],
    "once removed": [("    once: ${event.body.number}\n", "")],
    "once changed": [("once: ${event.body.number}", "once: ${event.body.id}")],
    "template": [("template: confirm.md", "text: short")],
    "subject": [("subject: An order", "subject: A new order")],
    "wait": [("wait: 3d", "wait: 5d")],
    "wait for": [("event: order.paid, match", "event: order.payed, match"), ("timeout: 14d", "timeout: 7d")],
    "output": [("output: ${lead.row.id}", "output: null")],
    "on_error removed": [("on_error: alert\n", "")],
    "on_error in steps": [("on_error: alert", "on_error: [{do: send, with: {via: email/office, to: me@example.org, text: bad}}]")],
    "kept shorter": [("keep: 90d", "keep: 10d")],
    "kept longer": [("keep: 90d", "keep: 1000d")],
    "step added": [("  - wait: 3d\n", '  - id: push\n    do: http.post\n    with: {url: "https://crm.example.org/x", json: {token: "${secret.crm_token}"}}\n  - wait: 3d\n')],
    "quiet step added": [("  - wait: 3d\n", "  - wait: 3d\n  - do: log\n    with: {text: waited}\n")],
    "step removed": [('  - id: items\n    each: ${event.body.items}\n    as: item\n    parallel: 2\n    do: http.post\n    with: {url: "${vars.shop_api}/items", json: {sku: "${item.sku}", count: 1}}\n', "")],
    "secret in another place": [('    with: {url: "${vars.shop_api}/state"}', '    with: {url: "${vars.shop_api}/state", auth: shop}')],
    "order": [("  - wait: 3d\n", ""), ("  - id: lead\n", "  - wait: 3d\n  - id: lead\n")],
    "not readable": [("\nsteps:", "\nsteps: [")],
}  # fmt: skip


def has_effect(kind: str) -> bool:
    return kind not in {"log", "set", "render", "stop", "fail"}


def told(before: Box, after: Box) -> str:
    return "\n".join(report(compare(before, after, has_effect)))


def flow(text: str, **more: Any) -> Box:
    return Box([FlowText("orders", "flows/orders.yaml", text, **{"files": FILES, **more})])


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_told_in_words(name: str, snapshot: SnapshotAssertion) -> None:
    text = FLOW
    for old, new in CHANGES[name]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    if name != "not readable":
        yaml.safe_load(text)

    assert told(flow(FLOW), flow(text)) == snapshot


def test_a_wrapped_step_was_moved(snapshot: SnapshotAssertion) -> None:
    wrapped = "  - if: ${event.body.paid}\n    then:\n      - id: lead"
    lines = FLOW.split("  - id: lead\n")[1].split("  - id: stock")
    inner = lines[0].replace("\n", "\n    ").rstrip(" ")

    assert told(flow(FLOW), flow(FLOW.replace("  - id: lead\n" + lines[0], f"{wrapped}\n    {inner}"))) == snapshot


def test_files_that_flows_name(snapshot: SnapshotAssertion) -> None:
    files = {
        "confirm.md": "Hello ${event.body.name} of ${secret.crm},\n\nyour order is on its way.\n",
        "drop.sql": "drop table leads\n",
    }

    assert told(flow(FLOW), flow(FLOW, files=files)) == snapshot


def test_flows_that_came_went_and_were_renamed(snapshot: SnapshotAssertion) -> None:
    other = 'flow: hook\non: {webhook: {path: open}}\nsteps:\n  - do: sql\n    with: {run: "update leads set name = null"}\n'
    gone = "flow: old\non: {manual: }\nsteps:\n  - do: send\n    with: {via: email/office, to: ana@example.org, text: hi}\n"
    before = Box([FlowText("orders", "flows/orders.yaml", FLOW, FILES), FlowText("old", "flows/old.yaml", gone)])
    renamed = FLOW.replace("flow: orders", "flow: sales").replace("wait: 3d", "wait: 4d")
    after = Box([FlowText("sales", "flows/sales.yaml", renamed, FILES), FlowText("hook", "flows/hook.yaml", other)])

    assert told(before, after) == snapshot


def test_a_flow_with_faults_is_said_to_have_them(snapshot: SnapshotAssertion) -> None:
    assert told(flow(FLOW), flow(FLOW.replace("wait: 3d", "wait: 4d"), sound=False)) == snapshot


SETTINGS: dict[str, Any] = {
    "box": "salon",
    "timezone": "UTC",
    "storage": "sqlite",
    "keep": "30d",
    "vars": {"boss": "ana@example.org", "greeting": "hi", "apis": [{"url": "https://a.example.org"}], "most": 3},
    "accounts": {"terminal/main": {}, "webhook/crm": {"url": "https://crm.example.org", "secret": "sig", "pace": {"burst": 5}}},
    "databases": {"shop": "postgresql://box:***(a1b2)@db/shop"},
    "limits": {"backlog": 100, "body": 5_000_000},
    "server": {"host": "127.0.0.1", "port": 8080, "trusted_proxies": []},
    "log": {"level": "info"},
}  # fmt: skip


def test_settings_secrets_tables_and_code(snapshot: SnapshotAssertion) -> None:
    changed = {
        **SETTINGS,
        "storage": "postgresql://db/box",
        "keep": "10d",
        "vars": {"boss": "bilal@example.org", "greeting": "hello", "apis": [{"url": "https://b.example.org"}], "new": 1},
        "accounts": {"webhook/crm": {"url": "https://other.example.org", "secret": "sig", "pace": {"burst": 50}}, "email/x": {}},
        "databases": {"shop": "postgresql://box:***(c3d4)@db/shop"},
        "limits": {"backlog": 1000, "body": 1_000_000},
        "server": {"host": "0.0.0.0", "port": 80, "trusted_proxies": ["10.0.0.0/8"]},
        "log": {"level": "debug"},
    }  # fmt: skip
    before = Box(
        settings=SETTINGS,
        secrets={"crm": "1", "old": "1", "shop": "1"},
        tables={"tables/1.sql": TableText("1", "create table a (b text)"), "tables/2.sql": TableText("2")},
        code={"sums.py": "def total(): ...\n", "gone.py": ""},
    )
    after = Box(
        settings=changed,
        secrets={"crm": "2", "shop": "1", "new": "1"},
        tables={
            "tables/1.sql": TableText("2", "create table a (c text)"),
            "tables/3.sql": TableText("3", "drop table a"),
        },
        code={"sums.py": "def total(): return 1\n", "fresh.py": ""},
    )

    assert told(before, after) == snapshot


def test_settings_that_cannot_be_read(snapshot: SnapshotAssertion) -> None:
    before, after = Box(settings=SETTINGS, settings_text="box: salon\n"), Box(settings_text="box: salon\nkep: 3d\n")

    assert told(before, after) == snapshot


def test_settings_that_look_otherwise(snapshot: SnapshotAssertion) -> None:
    texts = ("box: salon\n", "# mine\nbox: salon\n")

    assert told(*(Box(settings=SETTINGS, settings_text=text) for text in texts)) == snapshot


def test_long_texts_are_cut(snapshot: SnapshotAssertion) -> None:
    files = {"confirm.md": "".join(f"line {number}\n" for number in range(40))}

    assert told(flow(FLOW), flow(FLOW, files=files)) == snapshot


def test_every_reason_has_its_words_and_its_row_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/reviewing.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \|", guide.partition("## What is risky")[2], re.MULTILINE)

    assert set(WHY) == set(Reason)
    assert set(rows) - {"Why", "---"} == set(WHY.values())


def test_no_value_of_a_strangers_text_breaks_the_line() -> None:
    text = FLOW.replace('text: "wrap it"', r'text: "a\tb\u001b[2J"').replace("to: wrap@", r'to: "x\u001b[1m@')
    text = text.replace("wrap@example.org", "x").replace('"x\\u001b[1m@example.org', '"x\\u001b[1m@example.org"')

    assert "\x1b" not in told(flow(FLOW), flow(text))
