"""What all scenarios share: the stub, fresh contenders, and where results go."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bench.contenders import Contender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.stub import Stub

    from bench.results import Results


C = TypeVar("C", bound=Contender)
Make = Callable[[Path, str], C]
"""Makes a contender in a folder; the text is the stub's URL."""


@dataclass(slots=True)
class Session:
    """One run of the benchmark. `rounds`: how often each measurement is made; `seconds`: how long load lasts."""

    results: Results
    stub: Stub
    folder: Path
    rounds: int
    seconds: float
    own_generator: bool
    say: Callable[[str], None]

    @asynccontextmanager
    async def started(self, make: Make[C], *, ready: bool = True) -> AsyncIterator[C]:
        """A contender in an empty folder, started; ended afterwards, and nothing of it is left."""
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as folder:
            contender = make(Path(folder), self.stub.url)
            await self.stub.forget()
            try:
                await contender.start(ready=ready)
                yield contender
            finally:
                await contender.stop()
