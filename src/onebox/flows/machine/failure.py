"""How a failure looks inside a run: what `error` is in a `catch`, and what a run that failed keeps."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onebox.flows.plan import Retry

Failure = dict[str, Any]
"""`code`, `message`, `step` (the path), `passing` (trying again may help), perhaps `retry_after` (seconds)."""


def failure(code: str, message: str, *, passing: bool = False) -> Failure:
    """A failure whose step is not known yet."""
    return {"code": code, "message": message, "passing": passing}


def failure_of(error: OneboxError) -> Failure:
    """The failure that an anticipated error is."""
    return failure(error.code, error.message)


class Fails(OneboxError):
    """Raised within a frame: the frame fails with this failure."""

    code = "failed"

    def __init__(self, code: str, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.failure = failure(code, message, passing=passing)


def fails_at(error: OneboxError, path: str) -> Fails:
    """The error of a step that was computed in place, with that step's path."""
    failed = error.failure if isinstance(error, Fails) else failure_of(error)
    fails = Fails(failed["code"], failed["message"])
    fails.failure = {"step": path, **failed}
    return fails


def retry_delay(retry: Retry, *, attempt: int, seed: str, asked: float | None = None) -> timedelta:
    """How long to wait after failed attempt `attempt` (1, 2, …); never less than what the other side `asked` for.

    The jitter comes from a hash of `seed`, so that a replay computes the same instant.

    >>> from onebox.flows.plan import Retry
    >>> plain = Retry(times=3, wait=timedelta(seconds=2), grow=2, jitter=0)
    >>> [retry_delay(plain, attempt=n, seed="").total_seconds() for n in (1, 2, 3)]
    [2.0, 4.0, 8.0]
    """
    # Over 64 doublings everything is `most`: the bound keeps the power within a float.
    grown = retry.wait.total_seconds() * retry.grow ** min(attempt - 1, 64)
    capped = min(grown, retry.most.total_seconds())
    spread = int.from_bytes(hashlib.blake2b(f"{seed}#{attempt}".encode(), digest_size=4).digest(), "big") / 2**32
    delay = capped * (1 + retry.jitter * (2 * spread - 1))
    return timedelta(seconds=max(delay, asked or 0.0))


def told(answer: Mapping[str, Any], path: str) -> Failure:
    """The failure that a journal entry tells of, with its step; a failed child's own step is of another run."""
    return {**answer, "step": path}
