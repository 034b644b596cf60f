"""All that is wrong with a box, found without running it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.app.secrets import SecretsUnreadable, Vault
from onebox.app.settings import BoxSettings, check_settings, salvaged_vars, settings_text
from onebox.app.tables_check import check_tables
from onebox.flows.testing.cases import Setting
from onebox.kernel.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder
    from onebox.flows.plan import Flow


@dataclass(frozen=True)
class Checked:
    """The flows without a fault, and all faults: of the settings, the secrets, the tables, the flows, their tests."""

    flows: list[Flow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def check_box(folder: BoxFolder, environ: Mapping[str, str]) -> Checked:
    """Checks all of it. Faulty settings or secrets do not keep the flows from being checked."""
    from onebox.app.flows import FlowFiles
    from onebox.app.testing import read_tests

    text, faults = settings_text(folder), _strays(folder)
    secrets = _secrets(folder, environ, faults)
    settings, wrong = check_settings(text, secrets)
    guessed = BoxSettings(vars=salvaged_vars(text))
    files = FlowFiles(folder, settings or guessed, secrets, sound=settings is not None, to_check=True)
    loaded = files.read({})
    postgres = None if settings is None else settings.storage != "sqlite"
    faults += check_tables(folder.table_sources(), loaded.flows, postgres=postgres)
    setting = Setting(files.kinds.triggers, (settings or guessed).vars, secrets)
    tests = read_tests(folder, loaded.flows, setting)
    return Checked(loaded.flows, [*wrong, *faults, *loaded.faults, *tests.faults])


def _secrets(folder: BoxFolder, environ: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    vault = Vault(folder, environ)
    try:
        return vault.read()
    except SecretsUnreadable as error:
        faults += error.faults or [Fault(folder.secrets.name, 1, 1, error.message, error.hint)]
    try:
        return dict.fromkeys(vault.names(), "")
    except SecretsUnreadable:
        return {}


def _strays(folder: BoxFolder) -> list[Fault]:
    return [
        Fault(name, 1, 1, "is not read: a flow's file ends in .yaml", f"rename it to {name.removesuffix('.yml')}.yaml")
        for name in folder.strays()
    ]
