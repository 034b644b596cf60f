"""All that is wrong with a box is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.app.checking import check_box
from onebox.app.flows import FlowFiles
from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault
from onebox.app.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

FLOW = """\
flow: orders
on:
  webhook: {path: orders}
steps:
  - do: log
    with: {text: "${vars.shop} ${vars.shp} ${secret.crm}"}
"""


def made(path: Path, **files: str) -> BoxFolder:
    folder = BoxFolder(path)
    folder.flows.mkdir()
    folder.settings.write_text(files.pop("box", "vars: {shop: a}\n"))
    for name, text in files.items():
        (folder.flows / f"{name}.yaml").write_text(text)
    return folder


def test_faults_of_settings_secrets_and_flows_together(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    folder = made(tmp_path, box="vars: {shop: a}\nkep: 3d\n", orders=FLOW, other="flow: [")
    (folder.flows / "late.yml").write_text(FLOW)
    Vault(folder, {}).set("crm", "1234")
    folder.key.unlink()

    checked = check_box(folder, {})

    assert "\n".join(map(str, checked.faults)).replace(str(folder), "BOX") == snapshot
    assert checked.flows == []


def test_flows_without_a_fault_are_known_beside_faulty_ones(tmp_path: Path) -> None:
    folder = made(tmp_path, orders=FLOW, good=FLOW.replace("orders", "good").replace("${vars.shp} ${secret.crm}", ""))

    assert [flow.name for flow in check_box(folder, {}).flows] == ["good"]


REACHING = """\
flow: reaching
on: {manual: }
steps:
  - do: send
    with: {via: terminal/mian, to: desk, template: hello.md}
  - do: send
    with: {to: desk, text: hello}
  - do: sql
    with: {database: shpo, run: select 1}
  - do: sql
    with: {database: shop, run: select 1}
  - do: python
    with: {function: sums.total}
  - do: send
    with: {via: "${event.via}", to: desk, text: hello}
"""
BOX = "accounts: {terminal/main: {}, terminal/desk: {}}\ndatabases: {shop: 'sqlite:///shop.db'}\n"


def test_what_the_box_does_not_have_is_found_before_anything_runs(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    folder = made(tmp_path, box=BOX, reaching=REACHING)
    (folder.flows / "hello.md").write_text("Hello")

    assert "\n".join(map(str, check_box(folder, {}).faults)) == snapshot


def test_accounts_are_not_judged_by_settings_that_cannot_be_read(tmp_path: Path) -> None:
    folder = made(tmp_path, box=f"{BOX}kep: 3d\n", reaching=REACHING)
    (folder.flows / "hello.md").write_text("Hello")

    assert [fault.line for fault in check_box(folder, {}).faults] == [3, 13]


def test_a_run_keeps_its_flow_though_the_box_lost_what_it_names(tmp_path: Path) -> None:
    text = (
        REACHING.partition("  - do: sql")[0]
        .replace("mian", "main")
        .replace("    with: {to:", "    with: {via: terminal/main, to:")
    )
    folder = made(tmp_path, box=BOX, reaching=text)
    (folder.flows / "hello.md").write_text("Hello")
    [flow] = FlowFiles(folder, read_settings(folder), {}).read({}).flows
    folder.settings.write_text("accounts: {}\n")

    later = FlowFiles(folder, read_settings(folder), {})

    assert later.read({}).flows == []
    assert later.compile_bundle(flow.bundle).version == flow.version


def test_a_file_that_cannot_be_read_is_a_fault_of_its_own(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    folder = made(tmp_path, good=FLOW.replace("${vars.shp} ${secret.crm}", ""))
    (folder.flows / "folder.yaml").mkdir()
    (folder.flows / "latin.yaml").write_bytes(b"flow: caf\xe9")
    folder.secrets.write_text("crm: [1\n")

    checked = check_box(folder, {})

    assert "\n".join(map(str, checked.faults)) == snapshot
    assert [flow.name for flow in checked.flows] == ["orders"]


def test_flows_that_were_read_and_could_not_be_kept_are_to_be_read_again(tmp_path: Path) -> None:
    folder = made(tmp_path, good=FLOW.replace("${vars.shp} ${secret.crm}", ""))
    files = FlowFiles(folder, read_settings(folder), {})

    files.read({})
    assert files.changed()

    files.came_into_force()
    assert not files.changed()


SALON = """\
currency: EUR
languages: [en]
staff: {olena: {name: Olena, hours: {mon-fri: "09:00-17:00"}}}
services: {cut: {name: Cut, duration: 45m, price: "40.00"}}
"""


def test_the_salon_is_checked_where_there_is_one(tmp_path: Path) -> None:
    folder = made(tmp_path, box="timezone: Europe/Kyiv\n")
    assert check_box(folder, {}).salon is None

    folder.booking.write_text(SALON)
    checked = check_box(folder, {})

    assert checked.faults == []
    assert checked.salon is not None
    assert checked.salon.time_zone == "Europe/Kyiv"


def test_faults_of_the_salon_stand_beside_those_of_the_flows(tmp_path: Path) -> None:
    folder = made(tmp_path, other="flow: other\n")
    folder.booking.write_text(SALON.replace("mon-fri", "mon-fry"))

    assert {fault.file for fault in check_box(folder, {}).faults} == {"flows/other.yaml", "booking.yaml"}


def test_a_salon_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = made(tmp_path)
    folder.booking.mkdir()

    assert str(check_box(folder, {}).faults[0]).startswith("booking.yaml:1:1: cannot be read: is a directory\n")


def test_the_texts_of_a_salon_are_checked(tmp_path: Path) -> None:
    folder = made(tmp_path)
    folder.booking.write_text(SALON + 'texts: {en: {greting: "Hi!", booked: "{ $client }, see you!"}}\n')

    assert list(map(str, check_box(folder, {}).faults)) == [
        "booking.yaml:5:14: there is no text 'greting'\n  hint: did you mean 'greeting'?",
        "booking.yaml:5:38: booked: there is no value $client; there is: service, staff, start",
    ]
