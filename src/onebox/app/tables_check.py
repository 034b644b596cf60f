"""What is wrong with the files of tables/, and with the statements of flows beside them, found without a database."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from onebox.kernel.document import read_document
from onebox.kernel.encoding import from_json
from onebox.kernel.faults import Fault
from onebox.storage.table_files import choose, faults_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from onebox.flows.plan import Flow
    from onebox.kernel.document import Location
    from onebox.storage.table_files import TableFile


@dataclass(frozen=True, slots=True)
class _Statement:
    """One that a flow's step has for the box's own database, and where."""

    text: str
    file: str
    line: int
    column: int


def check_tables(sources: Mapping[str, str | OSError], flows: Iterable[Flow], *, postgres: bool | None) -> list[Fault]:
    """All faults. What a flow names is known only where there are files, and SQLite takes all that this database gets.
    `postgres`: whether the box keeps its tables there; None: that is not known."""
    texts = {file: text for file, text in sources.items() if isinstance(text, str)}
    faults = [
        Fault(file, 1, 1, f"cannot be read: {(text.strerror or str(text)).lower()}")
        for file, text in sources.items()
        if isinstance(text, OSError)
    ]
    faults += faults_in(texts)
    if texts and not faults and postgres is not None:
        files = choose(texts, postgres=postgres)
        if not postgres or all(file.translated for file in files):  # others are in Postgres' own words
            shared = [replace(file, translated=False) for file in files]
            faults += _tried(shared, [one for flow in flows for one in _statements(flow)], postgres=postgres)
    return faults


def _tried(files: list[TableFile], statements: list[_Statement], *, postgres: bool) -> Iterator[Fault]:
    from onebox.storage.table_trial import TableTrial

    with closing(TableTrial()) as trial:
        stopped = trial.apply(files)
        if stopped is not None:
            if stopped.certain and not postgres:
                yield Fault(stopped.file, stopped.statement.line, stopped.statement.column, stopped.message)
            return
        trial.make([one.text for one in statements])
        for one in statements:
            found = trial.unknown(one.text)
            if found is not None:
                yield Fault(one.file, one.line, one.column, found.message, found.hint)


def _statements(flow: Flow) -> Iterator[_Statement]:
    """As they are written, so that each has its place."""
    if "sql" not in flow.bundle:
        return
    kept = from_json(flow.bundle)
    document = read_document(flow.file, kept["text"])
    for location, given in _sql_steps(document.value, ()):
        key = "run" if "run" in given else "file"
        text = given.get("run") if key == "run" else kept["files"].get(given.get("file"))
        if isinstance(text, str) and not given.get("database"):
            yield _Statement(text, flow.file, *document.place((*location, key)))


def _sql_steps(value: Any, location: Location) -> Iterator[tuple[Location, Mapping[str, Any]]]:
    """Where the arguments of a `sql` step stand, and what they are."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _sql_steps(item, (*location, number))
    elif isinstance(value, dict):
        given = value.get("with")
        if value.get("do") == "sql" and isinstance(given, dict):
            yield (*location, "with"), given
        for key, item in value.items():
            if key != "with":
                yield from _sql_steps(item, (*location, key))
