"""The tests that boxes begin with, and what a box reads of its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.starting import make_box, templates
from onebox.app.testing import cases_of, load_suite, run_cases, unreached
from onebox.flows.testing.reporting import details

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", templates())
def test_the_tests_of_every_template_pass(name: str, tmp_path: Path) -> None:
    folder = BoxFolder(tmp_path / "box")
    for secret in make_box(folder.path, [name]).secrets:
        Vault(folder, {}).set(secret, "sesame-open")

    suite = load_suite(folder)

    assert suite.faults == []
    assert [line for outcome in run_cases(suite, cases_of(suite)) for line in details(outcome)] == []


def test_the_key_of_the_secrets_is_not_needed(tmp_path: Path) -> None:
    folder = BoxFolder(tmp_path)
    folder.flows.mkdir()
    folder.settings.write_text("vars: {shop: a}\n")
    Vault(folder, {}).set("crm", "sesame-open")
    folder.key.unlink()
    (folder.flows / "a.yaml").write_text(
        "flow: a\non: {manual: }\nsteps:\n  - {do: stop, with: {output: '${vars.shop} ${secret.crm}'}}\n"
    )
    (folder.flows / "a.test.yaml").write_text("- {name: a, expect: {output: 'a secret:crm'}}\n")

    suite = load_suite(folder)

    assert [outcome.verdict.value for outcome in run_cases(suite, cases_of(suite))] == ["passed"]


def test_what_is_in_loops_and_branches_is_looked_for(tmp_path: Path) -> None:
    folder = BoxFolder(tmp_path)
    folder.flows.mkdir()
    folder.settings.write_text("")
    (folder.flows / "a.yaml").write_text(
        "flow: a\non: {manual: }\nsteps:\n"
        "  - {id: all, each: '${event.list}', do: sql, with: {run: select 1}, catch: [{do: log, with: {text: oh}}]}\n"
        "  - {if: '${event.list}', then: [{wait: 1s}], else: [{do: log, with: {text: none}}]}\n"
    )
    (folder.flows / "a.test.yaml").write_text("- {name: a, event: {manual: {list: [1, 2]}}, steps: {all: [1, 2]}}\n")
    suite = load_suite(folder)

    found = unreached(suite, list(run_cases(suite, cases_of(suite))))

    assert found == {"flows/a.yaml": ["all!catch.1", "2.else.1"]}
