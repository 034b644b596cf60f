"""Several modules become one file that any Python from 3.9 on runs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.assistant.guard.alone import Installed

from onebox.assistant.bundle import NotOneFile, guard_script, put_together

_OURS = "onebox.assistant.hooks.mine"


def together(folder: Path, **modules: str) -> str:
    """The modules, by their names, as one file."""
    files = []
    for name, text in modules.items():
        files.append(folder / f"{name}.py")
        files[-1].write_text(text)
    return put_together(files, about="What it does.", what="the hook", code_if_too_old=2)


def test_modules_stand_in_their_order_with_their_imports_in_front(tmp_path: Path) -> None:
    made = together(
        tmp_path,
        first='"""Doubles."""\n\nfrom __future__ import annotations\n\nimport os\n\n\ndef twice(n: int) -> int:\n    return n * 2\n',
        second=(
            '"""Runs."""\n\nfrom __future__ import annotations\n\nimport os\nimport sys\nfrom json import dumps\n\n'
            f"from {_OURS}.first import twice\n\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Any\n\n\n"
            "def main(what: Any = 4) -> int:\n    print(dumps(twice(what)), os.sep)\n    return 0\n\n\n"
            'if __name__ == "__main__":\n    sys.exit(main())\n'
        ),
    )
    names = [node.names[0].name for node in ast.parse(made).body if isinstance(node, ast.Import | ast.ImportFrom)]
    script = tmp_path / "made.py"
    script.write_text(made)
    ended = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, check=True)

    assert names == ["annotations", "sys", "os", "dumps"]
    assert made.index("# Doubles.") < made.index("# Runs.")
    assert "onebox.assistant" not in made
    assert "typing" not in made
    assert ended.stdout == f"8 {os.sep}\n"


def test_a_name_that_two_modules_define_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotOneFile) as refused:
        together(tmp_path, a="def f(): ...\nLIMIT = 1\n", b="class f: ...\n", c="LIMIT: int = 2\n")

    assert str(refused.value) == "in one file these names would stand twice: `LIMIT` (a.py, c.py); `f` (a.py, b.py)"


def test_an_import_by_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotOneFile) as refused:
        together(tmp_path, a="def f(): ...\n", b=f"def g():\n    from {_OURS}.a import f as h\n    h()\n")

    assert str(refused.value) == "b.py:2: in one file nothing can be imported by another name"


@pytest.mark.parametrize(
    "text", ["", ".env\n", "# ours\n*.key\n!a.key", "\"'\\\n\u2028.env\n{}{0}%s\n", 'BAKED_LIST = ""\n']
)
def test_the_guards_file_holds_the_list(text: str) -> None:
    before, _, rest = guard_script(text).partition("\nBAKED_LIST = (\n")
    literal, _, after = rest.partition("\n)\n")

    assert ast.literal_eval(f"({literal})") == text
    assert (before + after).count("BAKED_LIST = ") == 0


def test_a_python_that_is_too_old_is_told_so_and_blocks(tmp_path: Path) -> None:
    old = [*Path.home().glob(".pyenv/versions/3.8.*/bin/python3")]
    guard = Installed(tmp_path)
    for python in old:
        ended = subprocess.run(
            [python, "-I", "-S", "-B", guard.script], input="{}", capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith("protect secrets: this needs Python 3.9 or newer, and `python3` is 3.8.")
    assert ast.parse(guard.script.read_text(), feature_version=(3, 7)).body
