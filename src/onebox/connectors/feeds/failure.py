"""Why a poll came to nothing."""

from __future__ import annotations

from typing import ClassVar

from onebox.kernel.errors import OneboxError


class FeedFailed(OneboxError):
    """A feed could not be read. `status`: what its server answered, if that was it; `retry_after`: seconds that it asks
    to be left alone."""

    code: ClassVar[str] = "feed_failed"

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
