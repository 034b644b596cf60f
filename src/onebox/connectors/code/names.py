"""Whether a function of `code/` exists, told without running any of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from onebox.connectors.code.connector import split_function
from onebox.kernel.nearest import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path


def missing_function(folder: Path, function: str) -> str | None:
    """What is wrong with a name such as `totals.total`; None if nothing is, or if only running it would tell.

    Raises StepFailed where it is no name of a function.
    """
    module, name = split_function(function)
    file = _file(folder, module)
    if file is None:
        return f"there is no module {module!r} in code/{did_you_mean(module, _modules(folder))}"
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return (
            f"code/{file.relative_to(folder)}{f':{line}' if line else ''} is no Python: {getattr(error, 'msg', error)}"
        )
    names = _names(tree)
    if "*" in names or "__getattr__" in names or name in names:
        return None
    return f"{module!r} has no function {name!r}{did_you_mean(name, names)}"


def _file(folder: Path, module: str) -> Path | None:
    path = folder.joinpath(*module.split("."))
    found = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    return found[0] if found else None


def _modules(folder: Path) -> list[str]:
    files = [file.relative_to(folder).with_suffix("") for file in sorted(folder.rglob("*.py"))]
    return [".".join(file.parts).removesuffix(".__init__") for file in files]


def _names(tree: ast.Module) -> set[str]:
    """What a module defines, wherever it stands outside functions and classes."""
    names: set[str] = set()
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        else:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            waiting.extend(ast.iter_child_nodes(node))
    return names
