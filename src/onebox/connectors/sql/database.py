"""The port of a named database, and how its URL is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import quote

from onebox.kernel.errors import OneboxError
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onebox.connectors.sql.statement import Statement

_SECRET = re.compile(r"\$\{\s*secret\.([A-Za-z_]\w*)\s*\}")


class DatabaseMisconfigured(OneboxError):
    """The URL of a named database is of no use."""

    code: ClassVar[str] = "database_misconfigured"


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows as mappings, and how many the statement touched or gave."""

    rows: list[dict[str, Any]]
    count: int


class Connection(Protocol):
    """One connection, used by one thread at a time."""

    def run(self, statement: Statement, values: Mapping[str, Any], *, limit: int, seconds: float | None) -> Answer:
        """Runs one statement in a transaction of its own; reads at most `limit` rows. Raises StepFailed."""
        ...

    def interrupt(self) -> None:
        """Stops what runs now. Called from another thread."""
        ...

    @property
    def usable(self) -> bool:
        """Whether it can be used again."""
        ...

    def close(self) -> None:
        """Closes it."""
        ...


def fill_secrets(name: str, url: str, secrets: Mapping[str, str]) -> str:
    """The URL with `${secret.NAME}` replaced, each escaped as a URL wants it. Raises DatabaseMisconfigured."""

    def value(found: re.Match[str]) -> str:
        secret = secrets.get(found[1])
        if secret is None:
            message = f"databases.{name}: this box has no secret {found[1]!r}{did_you_mean(found[1], secrets)}"
            raise DatabaseMisconfigured(message)
        return quote(secret, safe="")

    return _SECRET.sub(value, url)


def sqlite_path(name: str, url: str, folder: Path) -> Path:
    """`sqlite:///crm.db` lies in the box's folder, `sqlite:////srv/crm.db` anywhere. Raises DatabaseMisconfigured."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path:
        message = f"databases.{name}: {url!r} names no file"
        raise DatabaseMisconfigured(
            message, hint="write sqlite:///crm.db (in the box's folder) or sqlite:////srv/crm.db"
        )
    return folder / path
