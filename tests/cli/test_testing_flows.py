"""`onebox test`, on a box that does not run."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from tests.cli.test_commands import said  # the fixtures

from onebox.app.starting import make_box
from onebox.cli.exits import Exit

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

__all__ = ["said"]


@pytest.fixture
def box(tmp_path: Path) -> str:
    """A box with one flow that has no tests."""
    make_box(tmp_path / "box", ["hello"])
    (tmp_path / "box/flows/hello.test.yaml").unlink()
    return str(tmp_path / "box")


GREET = """\
flow: greet
on: {webhook: {path: greet}}
steps:
  - id: name
    do: http.get
    with: {url: "https://names.example/${event.body.id}"}
  - if: ${name.body == 'Chen'}
    then:
      - id: noted
        do: sql
        with: {run: select 1}
  - do: send
    with: {via: terminal/main, to: desk, text: "Hello, ${name.body}!"}
"""
TESTS = """\
# How greetings go.
- name: Ana is greeted
  event: {webhook: {body: {id: 7}}}
  steps: {name: {body: Ana}}
  expect: {sends: [{to: desk, text: "Hello, Ana!"}]}
- name: Bilal is greeted
  event: {webhook: {body: {id: 8}}}
  steps: {name: {body: Bilal}}
  expect:
    sends: [{text: Hi}]  # soon
- name: nobody
  event: {webhook: {body: {id: 9}}}
"""


@pytest.fixture
def greet(box: str) -> Path:
    Path(box, "flows", "greet.yaml").write_text(GREET)
    tests = Path(box, "flows", "greet.test.yaml")
    tests.write_text(TESTS)
    return tests


def without_seconds(text: str) -> str:
    return text.rpartition(" in ")[0]


def test_what_differs_is_data_and_the_sum_is_talk(greet: Path, said: Any, snapshot: SnapshotAssertion) -> None:
    ran = said("test", "--box", str(greet.parents[1]))

    assert ran.code == Exit.fault
    assert ran.out == snapshot
    assert without_seconds(ran.err) == "no tests: hello\n1 passed, 2 failed"


def test_all_that_pass_are_only_counted(greet: Path, said: Any) -> None:
    ran = said("test", "-k", "ana is", "--box", str(greet.parents[1]))

    assert (ran.code, ran.out) == (Exit.ok, "")
    assert without_seconds(ran.err) == "no tests: hello\n1 passed"


@pytest.mark.parametrize("name", ["greet", "flows/greet.yaml", "greet.test.yaml", "{}"])
def test_flows_and_files_are_chosen(name: str, greet: Path, said: Any) -> None:
    folder = greet.parents[1]
    (folder / "flows" / "other.test.yaml").write_text("- {nam: a}\n")

    ran = said("test", name.format(greet), "--json", "--box", str(folder))

    assert [case["verdict"] for case in ran.json["cases"]] == ["passed", "differs", "failed"]
    assert ran.json["faults"] == ran.json["untested"] == []


def test_a_name_that_is_no_test_is_refused(greet: Path, said: Any) -> None:
    ran = said("test", "gret", "--box", str(greet.parents[1]))

    assert ran.code == Exit.fault
    assert "there is no flow and no test file 'gret'; did you mean 'greet'?" in ran.err


def test_words_that_no_case_has_are_told(greet: Path, said: Any) -> None:
    ran = said("test", "-k", "Chen", "--box", str(greet.parents[1]))

    assert ran.code == Exit.fault
    assert "no case has 'Chen' in its name" in ran.err


def test_what_was_seen_is_written_into_what_differs(greet: Path, said: Any) -> None:
    folder = str(greet.parents[1])

    ran = said("test", "--update", "--box", folder)

    assert greet.read_text() == TESTS.replace("text: Hi", 'text: "Hello, Bilal!"')
    assert ran.out.startswith("updated  flows/greet.test.yaml:6:3: Bilal is greeted\n")
    assert without_seconds(ran.err) == "no tests: hello\n1 passed, 1 updated, 1 failed"
    assert ran.code == Exit.fault
    assert without_seconds(said("test", "-k", "greeted", "--box", folder).err).endswith("2 passed")


def test_an_update_that_leaves_nothing_wrong_ends_well(greet: Path, said: Any) -> None:
    assert said("test", "--update", "-k", "greeted", "--box", str(greet.parents[1])).code == Exit.ok


def test_faults_are_told_and_fail(greet: Path, said: Any) -> None:
    folder = greet.parents[1]
    (folder / "flows" / "hello.test.yaml").write_text("- {name: a, evnt: {}}\n- {name: b}\n")
    (folder / "flows" / "lost.test.yaml").write_text("- {name: a}\n")
    greet.with_name("greet.yaml").write_text(GREET.replace("do: send", "do: sned"))

    ran = said("test", "--box", str(folder))
    checked = said("check", "--box", str(folder))

    told = [line for line in ran.out.splitlines() if line.startswith("flows/")]
    assert told == [
        "flows/greet.yaml:12:9: there is no step kind 'sned'",
        "flows/hello.test.yaml:1:13: 'evnt' is not known here",
        "flows/lost.test.yaml:1:1: there is no flow flows/lost.yaml that it could test",
    ]
    assert "the flow has faults: onebox check tells those of flows/greet.yaml" in ran.out
    assert ran.code == checked.code == Exit.fault
    assert [line for line in checked.out.splitlines() if line.startswith("flows/")] == told


def test_steps_that_no_case_came_to_are_named(greet: Path, said: Any) -> None:
    ran = said("test", "greet", "--reached", "--box", str(greet.parents[1]))

    assert "flows/greet.yaml: steps never reached: noted\n" in ran.err


def test_processes_come_to_the_same(greet: Path, said: Any) -> None:
    many = "".join(TESTS.replace("- name: ", f"- name: {number} ") for number in range(30))
    greet.write_text(many)
    folder = str(greet.parents[1])

    alone, shared = (said("test", "--jobs", jobs, "--box", folder) for jobs in ("1", "3"))

    assert (shared.code, shared.out) == (alone.code, alone.out)
    assert without_seconds(alone.err).endswith("30 passed, 60 failed")


def test_build_servers_get_xml(greet: Path, said: Any, tmp_path: Path) -> None:
    greet.write_text(TESTS.replace("text: Hi", r'text: "\u0001 <&]]>"'))
    file = tmp_path / "results.xml"

    said("test", "--junit", str(file), "--box", str(greet.parents[1]))

    [suite] = ET.parse(file).getroot()
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("flows/greet.test.yaml", "3", "2")
    assert [case.get("name") for case in suite] == ["Ana is greeted", "Bilal is greeted", "nobody"]
    failures = [case.find("failure") for case in suite]
    assert [failure is not None and failure.get("type") for failure in failures] == [False, "differs", "failed"]
    assert failures[1] is not None
    assert "<&]]>" in str(failures[1].text)


def onebox_on_a_terminal(*arguments: str) -> str:
    """What a person sees of a command."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "onebox", *arguments], stdout=theirs, stderr=subprocess.DEVNULL, close_fds=True
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        process.wait()
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 10_000)
    except OSError:  # the other end is closed
        return b""


def test_a_diff_is_in_colours_where_a_person_looks_on(greet: Path, said: Any) -> None:
    folder = str(greet.parents[1])

    shown = onebox_on_a_terminal("test", "--box", folder)

    assert "\x1b[31m-  - text: Hi\x1b[0m" in shown
    assert "\x1b[32m+  - text: Hello, Bilal!\x1b[0m" in shown
    assert "\x1b" not in said("test", "--box", folder).out


def test_a_box_without_tests_is_told_so(box: str, said: Any) -> None:
    ran = said("test", "--box", box)

    assert ran.code == Exit.ok
    assert without_seconds(ran.err) == "no tests: hello\n0 passed"
