"""The texts of a Python program, as far as they can be worked out without running it."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_words import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

ONLY_NAMING = {"exists", "isfile", "isdir", "is_file", "is_dir", "lexists", "print", "basename", "dirname"}
PICKS_NAMES = r"listdir|scandir|walk|iterdir|glob"
PRINTS = {"print", "write"}
# What they make of their arguments is a path of these; of none, it is the folder.
OF_PATHS = {"Path", "PurePath", "PosixPath", "abspath", "realpath", "normpath", "expanduser", "fspath", "str"}
LONGEST = 4000


def python_texts(code: str) -> list[str] | None:
    """None when it is not Python."""
    import ast

    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    known: dict[str, str] = {}
    found: list[str] = []
    named = set()
    lists = re.search(PICKS_NAMES, code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = worked_out(node.value, known)
            if value is not None:
                known[node.targets[0].id] = value
        if isinstance(node, ast.Call) and last_name(node.func) in ONLY_NAMING:
            named |= {id(argument) for argument in node.args if isinstance(argument, ast.Constant)}
        if isinstance(node, ast.Call) and last_name(node.func) == "replace" and not lists:
            # What is looked for in a text; of what a folder lists it would pick a name.
            named |= {id(argument) for argument in node.args[:1] if isinstance(argument, ast.Constant)}
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Constant, ast.BinOp, ast.Call, ast.JoinedStr, ast.Subscript))
            and id(node) not in named
        ):
            value = worked_out(node, known)
            if value:
                found.append(value)
    return found


def python_prints(code: str) -> str:
    """What a program prints, as far as it can be worked out."""
    import ast

    if len(code) > LONGEST:
        return ""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and last_name(node.func) in PRINTS]
    return "\n".join(worked_out(argument, {}) or ANY for call in calls[:20] for argument in call.args[:20])


def last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def worked_out(node: ast.expr, known: dict[str, str], depth: int = 0) -> str | None:
    """The text of an expression, with `ANY` for what is not known; None where it is no text at all."""
    import ast

    if depth > 12:
        return None
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bytes):
            return node.value.decode("utf-8", "replace")[:LONGEST]
        return node.value[:LONGEST] if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.JoinedStr):
        return "".join(worked_out(value, known, depth + 1) or ANY for value in node.values)
    if isinstance(node, ast.FormattedValue):
        return worked_out(node.value, known, depth + 1) or ANY
    if isinstance(node, ast.BinOp):
        return operated(node, known, depth)
    if isinstance(node, ast.Subscript):
        return sliced(node, known, depth)
    return called(node, known, depth) if isinstance(node, ast.Call) else None


def operated(node: ast.BinOp, known: dict[str, str], depth: int) -> str | None:
    import ast

    left = worked_out(node.left, known, depth + 1)
    if isinstance(node.op, ast.Mod) and left is not None:
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        for value in values:
            left = left.replace("%s", worked_out(value, known, depth + 1) or ANY, 1)
        return left
    right = worked_out(node.right, known, depth + 1)
    if left is None and right is None:
        return None
    if isinstance(node.op, ast.Add):
        return ((left or ANY) + (right or ANY))[:LONGEST]
    if isinstance(node.op, ast.Div):
        return f"{left or ANY}/{right or ANY}"[:LONGEST]
    return None


def sliced(node: ast.Subscript, known: dict[str, str], depth: int) -> str | None:
    """`'vne.'[::-1]`, `'x.env'[1:]`, `'uvw'[1]`."""
    import ast

    if last_name(node.value) == "environ" and getattr(node.slice, "value", "") == "HOME":
        return "~"
    text = worked_out(node.value, known, depth + 1)
    if not text or ANY in text:
        return None
    if isinstance(node.slice, ast.Slice):
        ends = [index_of(end) for end in (node.slice.lower, node.slice.upper, node.slice.step)]
        return None if ends[2] == 0 else text[slice(*ends)]
    at = index_of(node.slice)
    return text[at] if at is not None and -len(text) <= at < len(text) else None


def index_of(node: ast.expr | None) -> int | None:
    import ast

    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = index_of(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def called(node: ast.Call, known: dict[str, str], depth: int) -> str | None:
    import ast

    name = last_name(node.func)
    texts = [worked_out(argument, known, depth + 1) for argument in node.args]
    if name == "chr" and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, int):
        return chr(node.args[0].value) if 0 < node.args[0].value < 0xD800 else None
    if name in {"bytes", "bytearray"} and node.args and isinstance(node.args[0], (ast.List, ast.Tuple)):
        numbers = [getattr(element, "value", None) for element in node.args[0].elts]
        return "".join(chr(number) if isinstance(number, int) and 0 < number < 0xD800 else ANY for number in numbers)
    if name in {"b64decode", "fromhex", "unhexlify", "decode"}:
        return decoded(name, texts, node, known, depth)
    if name == "home" and not node.args:
        return "~"
    if name in OF_PATHS:
        return "/".join(text or ANY for text in texts) if texts else "."
    if name == "reversed" and len(texts) == 1 and texts[0]:
        return texts[0][::-1]
    if name == "join" and len(texts) > 1:
        return "/".join(text or ANY for text in texts)
    owner = worked_out(node.func.value, known, depth + 1) if isinstance(node.func, ast.Attribute) else None
    return None if owner is None else method_of(owner, name, node, texts, known, depth)


def method_of(
    owner: str, name: str, node: ast.Call, texts: list[str | None], known: dict[str, str], depth: int
) -> str | None:
    """What a method of a known text gives."""
    if name == "join" and len(node.args) == 1:
        elements = getattr(node.args[0], "elts", None)
        if elements is not None:
            return owner.join(worked_out(element, known, depth + 1) or ANY for element in elements)[:LONGEST]
        return owner.join(texts[0])[:LONGEST] if texts[0] else None
    if name == "format":
        for at, text in enumerate(texts):
            owner = owner.replace("{}", text or ANY, 1).replace(f"{{{at}}}", text or ANY)
        for keyword in node.keywords:
            owner = owner.replace(f"{{{keyword.arg}}}", worked_out(keyword.value, known, depth + 1) or ANY)
        return owner
    if name == "replace" and len(texts) == 2 and texts[0] and texts[1] is not None:
        return owner.replace(texts[0], texts[1])[:LONGEST]
    if name in {"strip", "lstrip", "rstrip"}:
        return owner.strip(*[text for text in texts[:1] if text])
    if name == "joinpath":
        return "/".join([owner, *(text or ANY for text in texts)])
    return owner if name in {"lower", "encode", "resolve", "absolute", "expanduser"} else None


def decoded(name: str, texts: list[str | None], node: ast.Call, known: dict[str, str], depth: int) -> str | None:
    import ast
    import base64

    if name == "decode":
        return worked_out(node.func.value, known, depth + 1) if isinstance(node.func, ast.Attribute) else None
    if not texts or not texts[0]:
        return None
    try:
        raw = base64.b64decode(texts[0]) if name == "b64decode" else bytes.fromhex(texts[0])
    except ValueError:
        return None
    return raw.decode("utf-8", "replace")
