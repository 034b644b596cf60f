"""All that is wrong with a box, found without running it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.app.folder import BOOKING
from onebox.app.secrets import SecretsUnreadable, Vault
from onebox.app.settings import BoxSettings, check_settings, salvaged_vars, settings_text
from onebox.app.tables_check import check_tables
from onebox.flows.testing.cases import Setting
from onebox.kernel.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder
    from onebox.booking.salon import Salon
    from onebox.flows.plan import Flow


@dataclass(frozen=True)
class Checked:
    """The flows without a fault, the salon if there is one, and all faults: of the settings, the secrets, the tables,
    the flows, their tests, the salon."""

    flows: list[Flow] = field(default_factory=list)
    salon: Salon | None = None
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
    salon, unsound = _salon(folder, (settings or guessed).timezone)
    return Checked(loaded.flows, salon, [*wrong, *faults, *loaded.faults, *tests.faults, *unsound])


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


def _salon(folder: BoxFolder, time_zone: str) -> tuple[Salon | None, list[Fault]]:
    if not folder.booking.exists():
        return None, []
    from onebox.app.flows import unreadable
    from onebox.app.shipped_texts import shipped_texts
    from onebox.booking.reading import read_salon
    from onebox.booking.saying.checking import check_texts

    try:
        text = folder.text_of(BOOKING)
    except OSError as error:
        return None, unreadable({BOOKING: error})
    salon, faults = read_salon(BOOKING, text, time_zone)
    return salon, faults if salon is None else check_texts(BOOKING, text, salon, shipped_texts())


def _strays(folder: BoxFolder) -> list[Fault]:
    return [
        Fault(name, 1, 1, "is not read: its name must end in .yaml", f"rename it to {name.removesuffix('.yml')}.yaml")
        for name in folder.strays()
    ]
