"""Loads all flows of a box, and tells all that is wrong with any of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from onebox.flows.check import Names
from onebox.flows.definition.companions import Companions, folder_of
from onebox.flows.definition.flow import Compiled, Setting, compile_flow
from onebox.kernel.encoding import from_json
from onebox.kernel.errors import OneboxError
from onebox.kernel.faults import Fault
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from onebox.flows.kinds import Catalogue
    from onebox.flows.plan import Flow, Place


class BundleInvalid(OneboxError):
    """The kept text of a flow cannot be compiled any more; the message has its faults."""

    code: ClassVar[str] = "bundle_invalid"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The flows without a fault, in order of their files, and all faults in order of their places."""

    flows: list[Flow]
    faults: list[Fault] = field(default_factory=list)


class FlowLoader:
    """Compiles flow files. Reads nothing by itself: `read_file(name)` gives the text of a file beside the flows (None
    if there is none), `list_files()` names them; both by names as in `files`."""

    def __init__(
        self,
        catalogue: Catalogue,
        names: Names | None = None,
        read_file: Callable[[str], str | None] = lambda _name: None,
        list_files: Callable[[], Iterable[str]] = tuple,
        *,
        timezone: str = "UTC",
    ) -> None:
        self._setting = Setting(catalogue, names or Names(), timezone)
        self._read_file = read_file
        self._list_files = list_files

    def load(self, files: Mapping[str, str]) -> Loaded:
        """All flows and all faults of all files. Never raises for what stands in them."""
        all_compiled = [self._compile(file, text) for file, text in sorted(files.items())]
        _same_names(all_compiled)
        _conflicts(all_compiled)
        _unknown_flows(all_compiled, self._setting.names.flows)
        flows = [compiled.flow for compiled in all_compiled if compiled.flow is not None and not compiled.faults]
        faults = sorted({fault for compiled in all_compiled for fault in compiled.faults}, key=_order)
        return Loaded(flows, faults)

    def compile_bundle(self, bundle: str) -> Flow:
        """The flow that a bundle was made of; its names are not checked again, as the box may have changed since.

        Raises BundleInvalid, EncodingError.
        """
        kept = from_json(bundle)
        files: dict[str, str] = kept["files"]
        companions = Companions("", files.get, files.keys)
        setting = Setting(self._setting.catalogue, self._setting.names, self._setting.timezone, names_checked=False)
        compiled = compile_flow(kept["file"], kept["text"], setting, companions)
        if compiled.flow is None:
            message = "\n".join(str(fault) for fault in sorted(compiled.faults, key=_order))
            hint = "a step or trigger kind that it uses may have gone; cancel its runs, or bring the kind back"
            raise BundleInvalid(message, hint=hint)
        return compiled.flow

    def _compile(self, file: str, text: str) -> Compiled:
        companions = Companions(folder_of(file), self._read_file, self._list_files)
        return compile_flow(file, text, self._setting, companions)


def _order(fault: Fault) -> tuple[str, int, int, str]:
    return fault.file, fault.line, fault.column, fault.message


def _fault(compiled: Compiled, place: Place, message: str, hint: str | None) -> None:
    compiled.faults.append(Fault(compiled.file, place.line, place.column, message, hint))


def _where(compiled: Compiled, place: Place) -> str:
    return f"{compiled.file}:{place.line}:{place.column}"


def _same_names(all_compiled: list[Compiled]) -> None:
    first: dict[str, Compiled] = {}
    for compiled in all_compiled:
        if compiled.name is None:
            continue
        other = first.setdefault(compiled.name, compiled)
        if other is not compiled:
            message = f"there is a flow {compiled.name!r} already, in {_where(other, other.name_place)}"
            _fault(compiled, compiled.name_place, message, "rename one of them")


def _conflicts(all_compiled: list[Compiled]) -> None:
    first: dict[str, tuple[Compiled, Place]] = {}
    for compiled in all_compiled:
        for claim, place in compiled.claims:
            other, elsewhere = first.setdefault(claim, (compiled, place))
            if other is not compiled or elsewhere != place:
                message = f"{claim} is taken by flow {other.name!r}, in {_where(other, elsewhere)}"
                _fault(compiled, place, message, "only one flow can have it")


def _unknown_flows(all_compiled: list[Compiled], others: Iterable[str]) -> None:
    known = {compiled.name for compiled in all_compiled if compiled.name is not None} | set(others)
    for compiled in all_compiled:
        for name, place in compiled.started:
            if name not in known:
                _fault(compiled, place, f"there is no flow {name!r}", suggestion(name, known))
