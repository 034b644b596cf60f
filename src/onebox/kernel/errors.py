"""The base of every anticipated failure."""

from __future__ import annotations

from typing import ClassVar


class OneboxError(Exception):
    """An anticipated failure: a stable code for machines, a sentence for people, a hint what to do next.

    Subclasses live in the module that raises them. The message holds the real values and the place.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message
