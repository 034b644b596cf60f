"""What can be wrong with an expression: as it is written, or with the values that it meets."""

from __future__ import annotations

from typing import ClassVar

from onebox.kernel.errors import OneboxError


class ExpressionInvalid(OneboxError):
    """An expression that cannot be compiled. `offset` is where in its text the trouble is, from 0."""

    code: ClassVar[str] = "expression_invalid"

    def __init__(self, message: str, *, offset: int = 0, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.offset = offset


class ExpressionFailed(OneboxError):
    """An expression that has no value under the names it was given. `source` is as its author wrote it."""

    code: ClassVar[str] = "expression_failed"

    def __init__(self, source: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{source}: {reason}" if source else reason, hint=hint)
        self.source = source
        self.reason = reason
