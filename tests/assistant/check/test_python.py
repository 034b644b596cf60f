"""Python: the edited file by its syntax and ruff, the project by mypy."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assistant.check.conftest import Projects

SHOP = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n[tool.mypy]\nstrict = true\nfiles = ["src"]\n',
    "src/prices.py": "def price(name: str) -> int:\n    return len(name)\n",
}
OLD = {**SHOP, "pyproject.toml": '[project]\nrequires-python = ">=3.9"\n'}


def test_says_nothing_of_a_good_file(projects: Projects) -> None:
    assert projects(SHOP).edit("src/prices.py", SHOP["src/prices.py"] + "\n\nPLAIN = 1\n").quiet()


def test_tells_the_faults_of_the_edited_file(projects: Projects) -> None:
    told = projects(SHOP).edit("src/prices.py", "import os\n\n\ndef price() -> int:\n    return cost\n", tool="Edit")

    assert told.code == 2
    assert told.out == ""
    assert told.lines == [
        "src/prices.py:1:8: F401 [*] `os` imported but unused",
        "src/prices.py:5:12: F821 Undefined name `cost`",
    ]


def test_an_import_may_come_before_its_use(projects: Projects) -> None:
    """In two edits, as an assistant makes them; what is still unused at the end is told then, and once."""
    project = projects({**SHOP, "pyproject.toml": "[tool.ruff]\n"})
    imported = "import os\n\n\n" + SHOP["src/prices.py"]
    assert project.replace("src/prices.py", imported).quiet()
    assert project.replace("src/prices.py", imported + "\n\nPLACE = os.sep\n").quiet()
    assert project.stop().quiet()

    assert project.replace("src/prices.py", imported).quiet()
    held = project.stop()
    assert held.code == 2
    assert "src/prices.py:1:8: F401 [*] `os` imported but unused" in held.lines
    assert project.stop(again=True).code == 0


def test_what_was_there_before_an_edit_is_not_told(projects: Projects) -> None:
    old = "".join(f"A{number} = missing{number}\n" for number in range(40))
    project = projects({**SHOP, "pyproject.toml": "[tool.ruff]\n", "src/old.py": old})

    assert project.replace("src/old.py", "B = 1\n" + old).quiet()
    told = project.replace("src/old.py", "B = 1\nC = other\n" + old)
    assert told.lines == ["src/old.py:2:5: F821 Undefined name `other`"]
    assert project.stop().lines == [
        "1 fault in the project at its first check (mend what this turn broke, tell the person of the rest):",
        "src/old.py:2:5: F821 Undefined name `other`",
    ]


def test_tells_of_what_is_no_python(projects: Projects) -> None:
    told = projects(SHOP).edit("src/prices.py", "def price(:\n")

    assert told.code == 2
    assert told.lines[0].startswith("src/prices.py:1:11: invalid-syntax: ")


def test_knows_syntax_without_any_tool(projects: Projects, bare_path: str) -> None:
    project = projects(SHOP, path=bare_path)

    assert project.edit("src/prices.py", "import os\n").quiet()
    assert project.edit("src/prices.py", "x = (\n").lines[0].startswith("src/prices.py:1:5: SyntaxError: ")


def test_leaves_newer_grammar_to_the_projects_python(projects: Projects, bare_path: str) -> None:
    """The machine's Python may be old; here the project's is said to be newer than any."""
    project = projects({"pyproject.toml": '[project]\nrequires-python = ">=3.99"\n'}, path=bare_path)

    assert project.edit("new.py", "grammar of the future\n").quiet()


def test_takes_the_projects_python_as_judge(projects: Projects, bare_path: str) -> None:
    project = projects(SHOP, path=bare_path)
    project.script(".venv/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')

    assert project.edit("src/prices.py", "x = (\n").code == 2
    project.script(".venv/bin/python", "#!/bin/sh\nexit 0\n")
    assert project.edit("src/prices.py", "x = (\n").quiet()


def test_takes_the_ruff_of_the_project(projects: Projects) -> None:
    project = projects(SHOP)
    project.script(".venv/bin/ruff", '#!/bin/sh\necho "src/prices.py:1:1: X1 said by the own ruff"\nexit 1\n')

    assert project.edit("src/prices.py", "x = 1\n").lines == ["src/prices.py:1:1: X1 said by the own ruff"]


def test_keeps_to_what_ruff_excludes(projects: Projects) -> None:
    project = projects({**OLD, "ruff.toml": 'extend-exclude = ["broken"]\n'})

    assert project.edit("broken/sample.py", "def (:\n").quiet()


def test_tells_what_ruff_was_not_asked_for(projects: Projects) -> None:
    """The machine's Python is as new as the oldest that the project must run on, so it may judge."""
    project = projects({**OLD, "ruff.toml": 'lint.select = ["I"]\n'})

    assert project.edit("src/prices.py", "nonlocal cost\n").code == 2


def test_tells_syntax_where_ruff_is_broken(projects: Projects) -> None:
    told = projects({**SHOP, "ruff.toml": "line-length = 'wide'\n"}).edit("src/prices.py", "x = (\n")

    assert told.code == 2
    assert told.lines[0].startswith("src/prices.py:1:5: SyntaxError: ")
    assert told.lines[1].startswith("not checked: ruff ended with 2: ")


def test_reads_notebooks(projects: Projects) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": ["import os"],
    }
    about = {"language_info": {"name": "python"}}
    notebook = json.dumps({"cells": [cell], "metadata": about, "nbformat": 4, "nbformat_minor": 5})
    project = projects(SHOP)
    told = project.edit("look.ipynb", notebook, tool="NotebookEdit")

    assert told.code == 2
    assert told.lines == ["look.ipynb:1:8: cell 1: F401 [*] `os` imported but unused"]
    assert project.edit("look.ipynb", "{", tool="NotebookEdit").lines[0].startswith("look.ipynb:1:2: not JSON: ")


def test_says_when_ruff_itself_is_broken(projects: Projects) -> None:
    told = projects({**SHOP, "ruff.toml": "line-length = 'wide'\n"}).edit("src/prices.py", "x = 1\n")

    assert told.code == 0
    assert told.lines[0].startswith("not checked: ruff ended with 2: ")


@pytest.mark.soak
def test_types_are_checked_at_the_end(projects: Projects) -> None:
    project = projects(SHOP)
    assert project.stop().quiet()

    assert project.edit("src/prices.py", "def price(name: str) -> int:\n    return name\n").quiet()
    told = project.stop()
    assert told.code == 2
    assert told.lines == [
        "1 fault in the project:",
        'src/prices.py:2: error: Incompatible return value type (got "str", expected "int")  [return-value]',
    ]

    project.write({"src/prices.py": SHOP["src/prices.py"]})
    assert project.stop(again=True).quiet()


@pytest.mark.soak
def test_mypy_does_it_where_its_daemon_cannot(projects: Projects) -> None:
    project = projects({**SHOP, "src/prices.py": "def price(name: str) -> int:\n    return name\n"})
    project.script(".venv/bin/dmypy", "#!/bin/sh\necho 'the daemon is broken'\nexit 2\n")

    assert project.stop().lines[1].startswith("src/prices.py:2: error: Incompatible return value type")
