"""Puts the modules of a hook together into one file that a repository keeps and that needs nothing but Python."""

from __future__ import annotations

import ast
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOOKS = Path(__file__).with_name("hooks")
_OURS = "onebox.assistant.hooks."
_OLDEST = (3, 9)
_TOO_OLD = """\
import sys

# What runs this may have said where its bytecode is kept; that of the standard library is kept elsewhere.
sys.pycache_prefix = None
if sys.version_info < (3, 9):
    sys.stderr.write("{what}: this needs Python 3.9 or newer, and `python3` is " + sys.version.split()[0] + ".\\n")
    sys.exit({code})
"""


class NotOneFile(Exception):
    """Modules of a hook that cannot become one file: two use a name, or one imports in a way that is not followed."""


def guard_script(secrets: str) -> str:
    """The text of `protect_secrets.py`. `secrets`: the list that it goes by where the project has none."""
    baked = "".join(f"    {line!r}\n" for line in secrets.splitlines(keepends=True)) or '    ""\n'
    script = one_file("guard", what="protect secrets", code_if_too_old=2)
    before, found, after = script.partition('BAKED_LIST = ""\n')
    if not found:
        raise NotOneFile('hooks/guard/main.py: there is no line `BAKED_LIST = ""` for the list to stand in')
    return f"{before}BAKED_LIST = (\n{baked})\n{after}"


def check_script() -> str:
    """The text of `check_after_edit.py`."""
    return one_file("check", what="check after edit", code_if_too_old=0)


@lru_cache  # what takes a sixth of a second is the same for each list, and asked for several times by who examines a kit
def one_file(hook: str, *, what: str, code_if_too_old: int) -> str:
    """All modules of `hooks/<hook>`, in the order of its `ORDER`."""
    files = [_HOOKS / hook / f"{name}.py" for name in import_module(f"{_OURS}{hook}.order").ORDER]
    about = import_module(_OURS + hook).__doc__ or ""
    return put_together(files, about=about, what=what, code_if_too_old=code_if_too_old)


def put_together(files: Sequence[Path], *, about: str, what: str, code_if_too_old: int) -> str:
    """The modules in these files one after the other, what they import of the standard library in front.
    Raises NotOneFile."""
    modules = [_Module(file) for file in files]
    _no_name_twice(modules)
    plain = sorted({name for module in modules for name in module.plain_imports} - {"sys"})
    named: dict[str, set[str]] = {}
    for module in modules:
        for source, names in module.named_imports.items():
            named.setdefault(source, set()).update(names)
    imports = [f"import {name}" for name in plain]
    imports += [f"from {source} import {', '.join(sorted(names))}" for source, names in sorted(named.items())]
    head = [
        "#!/usr/bin/env python3",
        f'"""{about}',
        "",
        "Written by `onebox kit init`, which also writes it anew; what is changed here by hand is lost then.",
        'It needs the standard library alone."""',
        "",
        "from __future__ import annotations",
        "",
        _TOO_OLD.format(what=what, code=code_if_too_old),
        *imports,
        "",
    ]
    return "\n".join(head) + "\n" + "\n\n".join(module.body for module in modules)


class _Module:
    """One module, taken apart."""

    def __init__(self, path: Path) -> None:
        self.file = path.name
        source = path.read_text("utf-8")
        tree = ast.parse(source, str(path), feature_version=_OLDEST)
        self.plain_imports: set[str] = set()
        self.named_imports: dict[str, set[str]] = {}
        self.defined = {name for node in tree.body for name in _defines(node)}
        self._lines: list[str | None] = list(source.splitlines())
        for node in tree.body:
            if self._hoisted(node) or _for_types_only(node):
                self._drop(node)
        for ours in (each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)):
            if (ours.module or "").startswith(_OURS):
                if any(alias.asname for alias in ours.names):
                    raise NotOneFile(f"{path.name}:{ours.lineno}: in one file nothing can be imported by another name")
                self._drop(ours)
        about = ast.get_docstring(tree) or ""
        if about:
            self._drop(tree.body[0])
        said = "\n".join(f"# {line}".rstrip() for line in about.splitlines())
        text = "\n".join(line for line in self._lines if line is not None).strip("\n")
        self.body = f"# ---- {path.stem}\n{said}\n\n\n{text}\n"

    def _hoisted(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Import):
            self.plain_imports |= {f"{name.name} as {name.asname}" if name.asname else name.name for name in node.names}
            return True
        if not isinstance(node, ast.ImportFrom):
            return False
        if not (node.module or "").startswith((_OURS, "__future__")):
            names = {f"{name.name} as {name.asname}" if name.asname else name.name for name in node.names}
            self.named_imports.setdefault(node.module or "", set()).update(names)
        return True

    def _drop(self, node: ast.stmt) -> None:
        for number in range(node.lineno - 1, node.end_lineno or node.lineno):
            self._lines[number] = None


def _for_types_only(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return bool({"TYPE_CHECKING", "__all__"} & set(_defines(node)))


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _no_name_twice(modules: list[_Module]) -> None:
    owners: dict[str, list[str]] = {}
    for module in modules:
        for name in module.defined - {"TYPE_CHECKING", "__all__"}:
            owners.setdefault(name, []).append(module.file)
    twice = [f"`{name}` ({', '.join(files)})" for name, files in sorted(owners.items()) if len(files) > 1]
    if twice:
        raise NotOneFile(f"in one file these names would stand twice: {'; '.join(twice)}")
