"""The command line, in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from onebox.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    """What a command ended with, and printed."""

    code: int
    out: str
    err: str


class Kit(Protocol):
    def __call__(self, folder: Path, *arguments: str) -> Said: ...


@pytest.fixture
def kit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Kit:
    """`onebox kit …` in a folder."""

    def run(folder: Path, *arguments: str) -> Said:
        capsys.readouterr()
        monkeypatch.chdir(folder)
        code = main(["kit", *arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run
