"""Files beside a flow: long texts and SQL. They are read when the flow is loaded, and belong to its version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from onebox.flows.definition.reader import Reader
    from onebox.kernel.document import Location


@dataclass(slots=True)
class Companions:
    """Reads files beside a flow. `read` (by names relative to the flow's own folder) and `listed` are the box's."""

    folder: str
    read: Callable[[str], str | None]
    listed: Callable[[], Iterable[str]]
    used: dict[str, str] = field(default_factory=dict)
    """what was read, by the name in the flow file"""

    def text(self, name: str, location: Location, reader: Reader) -> str | None:
        """The file's text, or None and a fault."""
        if name in self.used:
            return self.used[name]
        if not _is_beside(name):
            reader.fault(location, f"{name!r} is not beside the flow", "name a file of the flow's own folder")
            return None
        text = self.read(self.folder + name)
        if text is None:
            reader.fault(location, f"there is no file {name!r} beside the flow", suggestion(name, self._names()))
            return None
        self.used[name] = text
        return text

    def _names(self) -> list[str]:
        size = len(self.folder)
        files = [name[size:] for name in self.listed() if name.startswith(self.folder)]
        return [name for name in files if not name.endswith((".yaml", ".yml"))]


def folder_of(file: str) -> str:
    """
    >>> folder_of("flows/sales/order.yaml"), folder_of("order.yaml")
    ('flows/sales/', '')
    """
    head, slash, _name = file.rpartition("/")
    return head + slash


def _is_beside(name: str) -> bool:
    parts = name.split("/")
    return bool(name) and "\\" not in name and "\0" not in name and not any(part in ("", ".", "..") for part in parts)
