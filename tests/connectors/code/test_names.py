from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onebox.connectors.code.names import missing_function

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
from shop import discount as cheaper
import os.path
if True:
    def total(amount): return amount
double = lambda amount: amount * 2
async def later(): pass
def outer():
    def inner(): pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "totals.py").write_text(MODULE)
    (tmp_path / "torn.py").write_text("x = 1\ndef total(:\n")
    (tmp_path / "open.py").write_text("from totals import *\n")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "__init__.py").write_text("def all(): pass\n")
    (tmp_path / "reports" / "daily.py").write_text("def make(): pass\n")
    return tmp_path


@pytest.mark.parametrize(
    "function",
    [
        "totals.total",
        "totals:double",
        "totals.later",
        "totals.cheaper",
        "open.anything",
        "reports.all",
        "reports.daily:make",
    ],
)
def test_what_is_there_is_found(folder: Path, function: str) -> None:
    assert missing_function(folder, function) is None


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("total.total", "there is no module 'total' in code/; did you mean 'totals'?"),
        ("totals.totl", "'totals' has no function 'totl'; did you mean 'total'?"),
        ("totals.inner", "'totals' has no function 'inner'"),
        ("reports.dayly.make", "there is no module 'reports.dayly' in code/; did you mean 'reports.daily'?"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, function: str, message: str) -> None:
    assert missing_function(folder, function) == message


def test_a_file_that_does_not_parse_is_named(folder: Path) -> None:
    message = missing_function(folder, "torn.total")
    assert message is not None
    assert message.startswith("code/torn.py:2 is no Python: ")


def test_without_a_folder_there_is_no_module(tmp_path: Path) -> None:
    assert missing_function(tmp_path / "code", "totals.total") == "there is no module 'totals' in code/"
