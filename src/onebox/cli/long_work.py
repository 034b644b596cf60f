"""Says that something is still being done, where it takes long."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from onebox.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUIET_SECONDS = 2.0
_EVERY_SECONDS = 10.0


@contextmanager
def long_work(what: str) -> Iterator[None]:
    """Says on stderr what is being done, if that takes long, and again as it goes on."""
    ended = Event()
    began = monotonic()

    def tell() -> None:
        while not ended.wait(_QUIET_SECONDS if monotonic() - began < _QUIET_SECONDS else _EVERY_SECONDS):
            say(f"… {what}: {monotonic() - began:.0f} s")

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
