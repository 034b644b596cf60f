"""The commands, beside a box that does not run."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import onebox
from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.cli.exits import Exit
from onebox.cli.main import main


@pytest.fixture
def box(tmp_path: Path) -> str:
    assert main(["init", str(tmp_path / "box")]) == Exit.ok
    return str(tmp_path / "box")


class Said:
    """What a command printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(list(arguments))
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run


def test_the_version_is_data(said: Any) -> None:
    asked = said("--version")

    assert (asked.code, asked.out) == (Exit.ok, f"onebox {onebox.__version__}\n")


def test_help_lists_every_command(said: Any) -> None:
    from onebox.cli.main import COMMANDS

    listed = said("--help").out.split("Commands:")[1]

    assert [line.split()[0] for line in listed.strip().splitlines()] == list(COMMANDS)


def test_a_wrong_command_names_the_nearest(said: Any) -> None:
    wrong = said("chekc")

    assert wrong.code == Exit.usage
    assert "Did you mean 'check'" in wrong.err


def test_a_new_box_has_no_faults(box: str, said: Any) -> None:
    checked = said("check", "--box", box)

    assert (checked.code, checked.out, checked.err) == (Exit.ok, "", "all is well: 1 flow\n")


def test_a_salon_is_counted_and_its_faults_are_told(box: str, said: Any) -> None:
    booking = Path(box, "booking.yaml")
    booking.write_text(
        'currency: EUR\nlanguages: [en]\nstaff: {ana: {name: Ana, hours: {mon: "09:00-17:00"}}}\n'
        "services: {cut: {name: Cut, duration: 45m, price: 40}}\n"
    )
    assert said("check", "--box", box).err == "all is well: 1 flow, 1 salon\n"

    booking.write_text(booking.read_text().replace("45m", "9h"))
    checked = said("check", "--box", box)
    booking.unlink()

    assert (checked.code, checked.err) == (Exit.fault, "1 fault in 1 file\n")
    assert checked.out.startswith("booking.yaml:4:12: nobody can do it: it takes 9h without a pause")


def test_a_new_box_says_what_to_do_next(tmp_path: Path, said: Any) -> None:
    made = said("init", str(tmp_path / "salon"))

    assert made.out == ""
    assert f"onebox run --box {tmp_path / 'salon'}" in made.err
    assert "curl " in made.err


def test_templates_are_listed(said: Any) -> None:
    assert re.search(r"^hello +one flow", said("init", "--list").out, re.MULTILINE)


def test_a_full_folder_is_refused(box: str, said: Any) -> None:
    again = said("init", box)

    assert again.code == Exit.fault
    assert "is not empty" in again.err
    assert "hint: " in again.err


def test_faults_are_data_and_their_number_is_talk(box: str, said: Any) -> None:
    Path(box, "flows", "bad.yaml").write_text("flow: bad\non: {manual: }\nsteps:\n  - do: sned\n")

    checked, listed = said("check", "--box", box), said("check", "--box", box, "--json")

    assert checked.code == listed.code == Exit.fault
    assert checked.out.startswith("flows/bad.yaml:4:9: there is no step kind 'sned'\n  hint: did you mean 'send'?")
    assert checked.err == "1 fault in 1 file\n"
    assert [(fault["file"], fault["line"], fault["column"]) for fault in listed.json] == [("flows/bad.yaml", 4, 9)]


@pytest.mark.parametrize(
    "command", [["check"], ["flows"], ["runs", "list"], ["emit", "x"], ["migrate"], ["run"], ["secrets", "list"]]
)
def test_where_there_is_no_box_it_is_said(command: list[str], tmp_path: Path, said: Any) -> None:
    refused = said(*command, "--box", str(tmp_path / "none"))

    assert refused.code == Exit.no_box
    assert f"hint: make one: onebox init {tmp_path / 'none'}" in refused.err
    assert refused.out == ""


@pytest.mark.parametrize("command", [["flows"], ["runs", "list"], ["emit", "x"], ["migrate"], ["run"]])
def test_broken_settings_are_told(command: list[str], box: str, said: Any) -> None:
    Path(box, "box.yaml").write_text("prot: 1\n")

    refused = said(*command, "--box", box)

    assert refused.code == Exit.no_box
    assert "box.yaml:1:1: 'prot' is not known here" in refused.err


@pytest.mark.parametrize("command", [["flows"], ["runs", "list"], ["run"]])
def test_secrets_that_cannot_be_read_are_told(command: list[str], box: str, said: Any) -> None:
    Vault(BoxFolder(Path(box)), {}).set("crm", "1234")
    Path(box, ".onebox", "key").unlink()

    refused = said(*command, "--box", box)

    assert refused.code == Exit.no_box
    assert "the key that they were encrypted with is not here" in refused.err


def test_lists_of_a_box_that_never_ran_are_empty(box: str, said: Any) -> None:
    assert said("runs", "list", "--box", box, "--json").json == []
    assert said("runs", "list", "--box", box).err == "no runs\n"
    listed = said("flows", "--box", box, "--json").json
    assert [(flow["flow"], flow["triggers"], flow["runs"]) for flow in listed] == [
        ("hello", [{"kind": "webhook", "topic": "webhook.hello"}], {})
    ]


def test_tables_are_made_once(box: str, said: Any) -> None:
    assert "at version" in said("migrate", "--box", box).err
    assert said("migrate", "--box", box).code == Exit.ok


def test_a_newer_database_is_refused(box: str, said: Any) -> None:
    import sqlite3

    said("migrate", "--box", box)
    with sqlite3.connect(Path(box, ".onebox", "box.db")) as database:
        database.execute("update schema_version set version_num = '9999'")
    database.close()

    refused = said("runs", "list", "--box", box)

    assert refused.code == Exit.wrong_version
    assert "is at version 9999" in refused.err


def test_an_event_waits_for_the_box(box: str, said: Any) -> None:
    filed = said("emit", "hello", "--data", '{"body": {"name": "Ana"}}', "--wait", "--timeout", "0", "--box", box)

    assert filed.code == Exit.no_answer
    assert "it takes this when it runs" in filed.err


@pytest.mark.parametrize(
    ("data", "wrong"),
    [("[1", "invalid JSON"), ("[1]", "expected a JSON object"), ("@/no/such/file", "cannot be read")],
)
def test_data_that_is_none_is_refused(data: str, wrong: str, box: str, said: Any) -> None:
    refused = said("emit", "hello", "--data", data, "--box", box)

    assert refused.code == Exit.usage
    assert wrong in refused.err


def test_a_run_that_is_not_there_is_told(box: str, said: Any) -> None:
    refused = said("runs", "show", "nothing", "--box", box)

    assert refused.code == Exit.fault
    assert "there is no run 'nothing'" in refused.err


def test_retry_wants_runs_or_all_that_failed(box: str, said: Any) -> None:
    assert said("runs", "retry", "--box", box).code == Exit.usage
    assert said("runs", "retry", "--failed", "--box", box).err == "no run failed\n"


@pytest.mark.parametrize("which", ["flow", "box", "test", "booking"])
def test_schemas_are_json_schemas(which: str, said: Any) -> None:
    assert said("schema", which).json["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_what_is_not_there_is_refused_before_the_box_is_asked(box: str, said: Any) -> None:
    asked = said("emit", "helo", "--box", box)
    assert asked.code == Exit.fault
    assert "there is no flow 'helo'; did you mean 'hello'?" in asked.err

    for command in ("retry", "replay", "cancel"):
        asked = said("runs", command, "nothing", "--box", box)
        assert asked.code == Exit.fault
        assert "there is no run 'nothing'" in asked.err


def test_tables_of_a_newer_release_are_left_as_they_are(box: str, said: Any) -> None:
    assert said("migrate", "--box", box).code == Exit.ok
    with closing(sqlite3.connect(BoxFolder(Path(box)).database)) as shell, shell:
        shell.execute("update schema_version set version_num = '9999'")

    for command in (["migrate"], ["run", "--port", "0"], ["runs", "list"]):
        asked = said(*command, "--box", box)
        assert asked.code == Exit.wrong_version
        assert "is at version 9999" in asked.err
        assert "install that one, or restore a backup" in asked.err


def test_a_file_of_the_box_that_cannot_be_read_is_named(box: str, said: Any) -> None:
    secrets = BoxFolder(Path(box)).secrets
    secrets.mkdir()

    asked = said("runs", "list", "--box", box)

    assert (asked.code, asked.err) == (Exit.no_box, f"onebox: {secrets}: is a directory\n")
