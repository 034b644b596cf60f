"""All that is wrong with a box is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.app.checking import check_box
from onebox.app.folder import BoxFolder
from onebox.app.secrets import Vault

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
