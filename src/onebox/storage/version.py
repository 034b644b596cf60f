"""Which shape the tables have. Reading it needs no Alembic, and fails loudly."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Sequence

CURRENT = "0005"
"""what this release reads and writes"""


class WrongVersion(OneboxError):
    """The tables are not of the shape that this release needs."""

    code: ClassVar[str] = "wrong_version"

    def __init__(self, where: str, found: str | None, box: str) -> None:
        if found is not None and found > CURRENT:
            hint = "it was opened by a newer release: install that one, or restore a backup"
        else:
            hint = f"run: onebox migrate --box {box}"
        state = "has no tables yet" if found is None else f"is at version {found}"
        super().__init__(f"the database {where} {state}; this release needs version {CURRENT}", hint=hint)
        self.found = found
        self.expected = CURRENT


class CannotOpen(OneboxError):
    """The database cannot be reached, or is none."""

    code: ClassVar[str] = "cannot_open"

    def __init__(self, where: str, said: str) -> None:
        hint = "is the address right, does it run, is there room on its disk, and may this user read and write it?"
        super().__init__(f"the database {where} cannot be opened: {said}", hint=hint)


def refuse_newer(found: str | None, *, where: str, box: str) -> None:
    """There is no way back from a newer release's tables. Raises WrongVersion."""
    if found is not None and found > CURRENT:
        raise WrongVersion(where, found, box)


def check_version(rows: Sequence[tuple[str, ...]] | None, *, where: str, box: str) -> None:
    """`rows`: what the version table holds, None if there is none. Raises WrongVersion."""
    found = rows[0][0] if rows else None
    if found != CURRENT:
        raise WrongVersion(where, found, box)
