"""What all long tests need: boxes that end with their test, and something for them to call."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.postgres import postgres_cluster, postgres_url
from tests.support.process import BoxProcess
from tests.support.stub import Stub

__all__ = ["postgres_cluster", "postgres_url"]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    MakeBox = Callable[..., BoxProcess]
    Say = Callable[[str], None]

_TIMEOUT = 300
_MEASURE = {f"test_{name}.py" for name in ("backlog", "hostile", "large_log", "runaway", "start", "stop")}
"""whose bounds are times and memory"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that lies here is marked, so that nothing long gets among the quick tests by mistake."""
    for item in items:
        if "tests/soak/" in item.path.as_posix():
            item.add_marker(pytest.mark.soak)
            item.add_marker(pytest.mark.timeout(_TIMEOUT))
            if item.path.name in _MEASURE:
                item.add_marker(pytest.mark.alone)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tells what a test counted, also when it passes."""

    def said(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {text}\n")

    return said


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server that counts and remembers."""
    async with Stub() as running:
        yield running


@pytest.fixture
async def make_box(tmp_path: Path) -> AsyncIterator[MakeBox]:
    """Makes boxes, by BoxProcess's arguments; whatever is left of them afterwards is killed."""
    made: list[BoxProcess] = []

    def make(name: str = "box", **arguments: object) -> BoxProcess:
        box = BoxProcess(tmp_path / name, **arguments)  # type: ignore[arg-type]
        made.append(box)
        return box

    yield make
    for box in made:
        await box.clean_up()
