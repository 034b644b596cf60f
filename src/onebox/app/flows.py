"""The flow files of a box: read, compiled, and read again when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onebox.app.catalogue import catalogue
from onebox.flows.definition import FlowLoader, Loaded, Names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.app.folder import BoxFolder, Fingerprint
    from onebox.app.settings import BoxSettings
    from onebox.flows.plan import Flow


class FlowFiles:
    """Reads the flows of a box, with its variables, its secrets' names and its time zone."""

    def __init__(self, folder: BoxFolder, settings: BoxSettings, secrets: Mapping[str, str]) -> None:
        self._folder = folder
        self._seen: Fingerprint = ()
        self._loader = FlowLoader(
            catalogue(folder.code),
            Names(vars=settings.vars, secrets=secrets),
            folder.companion,
            folder.companions,
            timezone=settings.timezone,
        )

    def changed(self) -> bool:
        """Whether a file changed since `read`."""
        return self._folder.fingerprint() != self._seen

    def read(self, running: Mapping[str, Flow]) -> Loaded:
        """All flows as their files say, and all faults. A file that is broken stands for the flow of it that is
        `running`: the last good version goes on."""
        self._seen = self._folder.fingerprint()
        sources = self._folder.flow_sources()
        loaded = self._loader.load(sources)
        good = {flow.file for flow in loaded.flows}
        names = {flow.name for flow in loaded.flows}
        kept = [
            flow
            for flow in running.values()
            if flow.file in sources and flow.file not in good and flow.name not in names
        ]
        return Loaded([*loaded.flows, *kept], loaded.faults)

    def compile_bundle(self, bundle: str) -> Flow:
        """A version that is kept with its runs."""
        return self._loader.compile_bundle(bundle)
