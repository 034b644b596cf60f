"""The flow files of a box: read, compiled, and read again when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.app.catalogue import catalogue
from onebox.flows.definition import FlowLoader, Loaded, Names
from onebox.kernel.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder, Fingerprint
    from onebox.app.settings import BoxSettings
    from onebox.flows.plan import Flow


class FlowFiles:
    """Reads the flows of a box, with its variables, its secrets' names and its time zone.

    `sound`: the settings are the box's own, so that a name which they do not have is wrong. `to_check`: so is a secret
    that a step names and nobody has set yet; a box that runs tells of it when the step is done."""

    def __init__(
        self,
        folder: BoxFolder,
        settings: BoxSettings,
        secrets: Mapping[str, str],
        *,
        sound: bool = True,
        to_check: bool = False,
    ) -> None:
        self._folder = folder
        self._read: Fingerprint = ()
        self._in_force: Fingerprint = ()
        self.kinds = catalogue(
            folder.code,
            accounts=settings.outlets if sound else None,
            databases=settings.databases if sound else None,
            secrets=secrets if to_check else None,
        )
        self._loader = FlowLoader(
            self.kinds,
            Names(vars=settings.vars, secrets=secrets),
            folder.companion,
            folder.companions,
            timezone=settings.timezone,
        )

    def changed(self) -> bool:
        """Whether a file changed since what is in force was read."""
        return self._folder.fingerprint() != self._in_force

    def came_into_force(self) -> None:
        """What was read last is what the box runs now. Until this is said, it is to be read again."""
        self._in_force = self._read

    def read(self, running: Mapping[str, Flow]) -> Loaded:
        """All flows as their files say, and all faults. A file that is broken stands for the flow of it that is
        `running`: the last good version goes on."""
        self._read = self._folder.fingerprint()
        sources = self._folder.flow_sources()
        loaded = self._loader.load({file: text for file, text in sources.items() if isinstance(text, str)})
        good = {flow.file for flow in loaded.flows}
        names = {flow.name for flow in loaded.flows}
        kept = [
            flow
            for flow in running.values()
            if flow.file in sources and flow.file not in good and flow.name not in names
        ]
        return Loaded([*loaded.flows, *kept], [*unreadable(sources), *loaded.faults])

    def compile_bundle(self, bundle: str) -> Flow:
        """A version that is kept with its runs."""
        return self._loader.compile_bundle(bundle)


def unreadable(sources: Mapping[str, str | OSError]) -> list[Fault]:
    """The files among sources that cannot be read."""
    hint = "the user that runs the box must be able to read it"
    return [
        Fault(file, 1, 1, f"cannot be read: {(error.strerror or str(error)).lower()}", hint)
        for file, error in sources.items()
        if isinstance(error, OSError)
    ]
