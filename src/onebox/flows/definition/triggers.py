"""Compiles `on`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onebox.flows.plan import Trigger
from onebox.kernel.faults import Fault
from onebox.kernel.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from onebox.flows.definition.companions import Companions
    from onebox.flows.definition.reader import Reader
    from onebox.flows.kinds import Catalogue, TriggerKind
    from onebox.kernel.document import Location

Claim = tuple[str, "Location"]


def compile_triggers(
    raw: Any,
    flow: str,
    reader: Reader,
    catalogue: Catalogue,
    secrets: Collection[str] | None,
    companions: Companions,
) -> tuple[list[Trigger], list[Claim]]:
    """All triggers of a flow, and what they claim for themselves. `secrets`: the box's, by name; None: not known."""
    if not isinstance(raw, dict):
        return [], []  # the file's model has said so
    if not raw:
        by_hand = "a flow that is started by hand alone has `on: {manual: }`"
        reader.fault(("on",), "nothing starts this flow", by_hand)
    triggers: list[Trigger] = []
    claims: list[Claim] = []
    for name, settings in raw.items():
        kind = catalogue.triggers.get(name)
        if kind is None:
            hint = suggestion(name, catalogue.triggers)
            reader.fault(("on", name), f"there is no trigger kind {name!r}", hint, key=True)
            continue
        for location, one in _several(settings, ("on", name)):
            trigger = _compile(kind, one, location, flow, reader, companions)
            if trigger is not None:
                triggers.append(trigger)
                claims.extend((claim, location) for claim in kind.conflicts(trigger.settings))
                _check_secrets(kind.secrets(trigger.settings), secrets, location, reader)
    return triggers, claims


def event_names(raw: Any, catalogue: Catalogue) -> frozenset[str] | None:
    """The names that `event` may have under these triggers; None if it may have any."""
    names: set[str] = set()
    for name in raw if isinstance(raw, dict) else ():
        kind = catalogue.triggers.get(name)
        if kind is None or kind.names is None:
            return None
        names.update(kind.names)
    return frozenset(names) if names else None


def _several(settings: Any, location: Location) -> list[tuple[Location, Any]]:
    if isinstance(settings, list):
        return [((*location, number), one) for number, one in enumerate(settings)]
    return [(location, settings)]


def _compile(
    kind: TriggerKind, raw: Any, location: Location, flow: str, reader: Reader, companions: Companions
) -> Trigger | None:
    settings = reader.model(kind.settings, {} if raw is None else raw, location, kind.name)
    if settings is None:
        return None
    if reader.names_checked and (found := kind.fault(settings)):
        reader.fault((*location, found[0]), f"{found[0]}: {found[1]}")
    where = getattr(settings, "where", {})
    files = _files(kind, settings, location, reader, companions)
    return Trigger(kind.name, settings, kind.topic(flow, settings), reader.place(location), where, files)


def _files(
    kind: TriggerKind, settings: Any, location: Location, reader: Reader, companions: Companions
) -> dict[str, str]:
    """The texts of the files that the settings name."""
    files: dict[str, str] = {}
    for key, name in kind.files(settings).items():
        text = companions.text(name, (*location, key), reader)
        if text is not None:
            files[name] = text
    for name, line, message, hint in kind.file_faults(settings, files):
        reader.faults.append(Fault(companions.folder + name, line, 1, message, hint))
    return files


def _check_secrets(needed: Iterable[str], known: Collection[str] | None, location: Location, reader: Reader) -> None:
    for name in needed:
        if known is not None and name not in known:
            hint = suggestion(name, known) or f"onebox secrets set {name}"
            reader.fault(location, f"there is no secret {name!r}", hint)
