"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "onebox.app.plain_settings",
    "onebox.cli.diff_words",
    *(
        f"onebox.flows.difference.{name}"
        for name in ("amounts", "leaves", "lines", "secrets", "statements", "steps", "tree", "values")
    ),
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))

    assert results.attempted > 0
    assert results.failed == 0
