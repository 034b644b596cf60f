"""Calls of .NET from PowerShell: those that open files, and those that put a name together."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.powershell_values import (
    MOST_ITEMS,
    Block,
    FileItem,
    TemplateText,
    as_texts,
    number_of,
    replaced_by,
    split_up,
)
from onebox.assistant.hooks.guard.shell_words import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from onebox.assistant.hooks.guard.powershell_evaluation import Evaluator
    from onebox.assistant.hooks.guard.powershell_values import Item, Items

# Types that take words, and open nothing.
WORDS_ONLY = (
    r"(?i)^(?:system\.)?(?:string|char|int\d*|long|double|bool|math|convert|datetime|timespan|guid|regex|console|uri|version|array"
    r"|environment|text\..*|security\.cryptography\..*|globalization\..*|net\.(?!webclient).*|collections\..*|random|web\..*"
    r"|management\.automation\.(?!scriptblock).*|diagnostics\.stopwatch|gc|threading\..*|object|psobject|pscustomobject|hashtable)"
    r"(?:\[.*)?$"
)
NAMES_ONLY = {
    "exists",
    "getattributes",
    "getlastwritetime",
    "getcreationtime",
    "getfiles",
    "getdirectories",
    "enumeratefiles",
}
OPENS = {
    "opentext",
    "openread",
    "open",
    "openwrite",
    "copyto",
    "moveto",
    "delete",
    "appendtext",
    "createtext",
    "create",
    "replace",
}
CHANGES = {"moveto", "delete", "openwrite", "appendtext", "createtext", "create"}
RUNS_TEXT = {"invokescript", "addscript", "expandstring"}
OF_BLOCKS = {"foreach", "where", "invoke", "invokereturnasis", "invokewithcontext", "getnewclosure"}
OF_TEXT = {
    "contains", "startswith", "endswith", "indexof", "lastindexof", "equals", "compareto", "split", "add", "addrange", "append",
    "appendline", "appendformat", "containskey", "containsvalue", "match", "matches", "ismatch", "gettype", "gethashcode", "tostring",
    "item", "get_item", "set_item", "adddays", "addhours", "addminutes", "format", "count", "writeline",
}  # fmt: skip


def static_call(shell: Evaluator, kind: str, name: str, values: list[Items]) -> Items:
    """`[IO.File]::ReadAllText('.env')`"""
    bare = kind.lower().rpartition(".")[2]
    known = STATICS.get((bare, name))
    if known is not None:
        return known(shell, values)
    if name == "new":
        return made_of(shell, kind, values)
    if re.match(WORDS_ONLY, kind):
        return [ANY]
    if bare in {"file", "directory", "fileinfo", "directoryinfo"}:
        return of_file(shell, name, values)
    for items in values:
        run_or_ask(shell, items)
    return [ANY]


def of_file(shell: Evaluator, name: str, values: list[Items]) -> Items:
    if name in NAMES_ONLY or name.startswith("get"):
        return [FileItem(text) for text in as_texts(values[0])] if values and "Attributes" not in name else [ANY]
    writes = not name.startswith(("read", "open"))
    for item in values[0] if values else []:
        missing = name == "copy" and len(values) > 1 and shell.is_template(item)
        if name.startswith(("writeall", "appendall", "create")) and len(values) > 1:
            shell.write(item, values[1], literal=True)
        else:
            shell.ask(item, writes=writes and name != "copy", removes=name in {"move", "delete"}, literal=True)
        for target in values[1] if name in {"copy", "move", "replace"} and len(values) > 1 else []:
            if not (missing and shell.is_missing(target)):
                shell.ask(target, writes=True, literal=True)
    return [ANY]


def made_of(shell: Evaluator, kind: str, values: list[Items]) -> Items:
    """`New-Object`, `[Kind]::new(…)`: what is opened by being made."""
    bare = kind.lower().rpartition(".")[2]
    if bare in {"fileinfo", "directoryinfo"} and values:
        return [FileItem(text) for text in as_texts(values[0])]
    if bare == "string" and values:
        return ["".join(as_texts(values[0]))]
    if not re.match(WORDS_ONLY, kind):
        for items in values:
            for item in items:
                shell.ask(item, writes=bare in {"streamwriter", "filestream"}, literal=True)
    return values[0] if bare.startswith(("psobject", "pscustomobject", "list", "arraylist")) and values else [ANY]


def run_or_ask(shell: Evaluator, items: Items) -> None:
    for item in items:
        if isinstance(item, Block):
            shell.run_block(item, None)
        else:
            shell.ask(item, writes=True)


def method_call(shell: Evaluator, target: Items, name: str, values: list[Items]) -> Items:
    """`$text.Replace('x', '')`, `$file.OpenText()`, `$client.UploadFile(…)`"""
    if name in OF_BLOCKS:
        return of_blocks(shell, target, name, values)
    made = METHODS.get(name)
    if made is not None and all(isinstance(item, str) and not isinstance(item, TemplateText) for item in target):
        return [made(text, [as_texts(value) for value in values]) for text in as_texts(target)]
    given = [item for value in values for item in value]
    known = of_text(target, name, given)
    if known is not None:
        return known
    if name in OPENS:
        for item in target:
            shell.ask(item, writes=name in CHANGES, removes=name in CHANGES)
    if name in RUNS_TEXT:
        return [item for text in as_texts(given) for item in shell.run_text(text)]
    if name not in OF_TEXT:
        run_or_ask(shell, given)
    return target if name == "tostring" else [ANY]


def of_text(target: Items, name: str, given: Items) -> Items | None:
    """What methods make that put names together."""
    if name == "tochararray":
        return [*"".join(as_texts(target))][:MOST_ITEMS]
    if name == "split":
        return split_up(target, [re.escape(text) for text in as_texts(given)])
    if name == "replace":
        return replaced_by(target, [re.escape(text) for text in as_texts(given[:1])] + given[1:])
    if name in {"getstring", "getbytes"}:
        return decoded_bytes(target, given)
    return None


def of_blocks(shell: Evaluator, target: Items, name: str, values: list[Items]) -> Items:
    blocks = [item for item in target if isinstance(item, Block)]
    if blocks:
        return [item for block in blocks for item in shell.run_block(block, None, arguments=values)]
    found: Items = []
    for item in [item for value in values for item in value]:
        if isinstance(item, Block):
            found += shell.for_each(item, target)
        elif name == "foreach":
            found += method_call(shell, target, as_texts([item])[0].lower(), values[1:])
        elif name.startswith("invoke"):
            run_or_ask(shell, [item])
    return target if name == "where" else found


def decoded_bytes(target: Items, given: Items) -> Items:
    """`[Text.Encoding]::Unicode.GetString(…)`; bytes are kept as letters of their number."""
    wide = "unicode" in as_texts(target)[:1]
    letters = [
        chr(number_of(text) or 0) if (number_of(text) or 256) < 256 and len(text) > 1 else text
        for text in as_texts(given)
    ]
    text = "".join(letters)
    return [text.replace("\0", "") if wide or "\0" in text else text] if ANY not in text else [ANY]


def from_base64(_shell: Evaluator, values: list[Items]) -> Items:
    import base64

    try:
        return [base64.b64decode(text).decode("latin-1") for text in as_texts(values[0])]
    except (ValueError, IndexError):
        return [ANY]


def combined(_shell: Evaluator, values: list[Items]) -> Items:
    return ["/".join(text for value in values for text in as_texts(value))]


def put_together(_shell: Evaluator, values: list[Items]) -> Items:
    return ["".join(text for value in values for text in as_texts(value))]


def put_between(_shell: Evaluator, values: list[Items]) -> Items:
    between = as_texts(values[0])[0] if values and values[0] else ""
    return [between.join(text for value in values[1:] for text in as_texts(value))]


def format_text(_shell: Evaluator, values: list[Items]) -> Items:
    from onebox.assistant.hooks.guard.powershell_values import formatted_text

    return formatted_text(values[0], [item for value in values[1:] for item in value]) if values else [ANY]


def first_value(_shell: Evaluator, values: list[Items]) -> Items:
    return values[0] if values else [ANY]


def reversed_array(_shell: Evaluator, values: list[Items]) -> Items:
    if values:
        values[0].reverse()
    return []


def from_environment(shell: Evaluator, values: list[Items]) -> Items:
    return [item for text in as_texts(values[0] if values else []) for item in shell.variable("env:" + text.lower())]


def home_folder(shell: Evaluator, _values: list[Items]) -> Items:
    return [shell.places.home]


def run_created(shell: Evaluator, values: list[Items]) -> Items:
    return [Block(block) for text in as_texts(values[0] if values else []) for block in shell.read_block(text)]


def unescaped(_shell: Evaluator, values: list[Items]) -> Items:
    pattern = r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))"
    texts = as_texts(values[0] if values else [])
    return [re.sub(pattern, lambda found: chr(int(found[1] or found[2], 16)), text) for text in texts]


def start_program(shell: Evaluator, values: list[Items]) -> Items:
    words = [text for value in values[1:] for text in as_texts(value)]
    for name in as_texts(values[0]) if values else []:
        shell.run_command_line(name, words)
    return [ANY]


STATICS: dict[tuple[str, str], Callable[[Evaluator, list[Items]], Items]] = {
    ("path", "combine"): combined,
    ("path", "join"): combined,
    ("path", "getfullpath"): first_value,
    ("path", "getfilename"): first_value,
    ("path", "changeextension"): first_value,
    ("path", "gettemppath"): lambda _shell, _values: [ANY],
    ("path", "getdirectoryname"): first_value,
    ("path", "getextension"): first_value,
    ("path", "getfilenamewithoutextension"): first_value,
    ("convert", "frombase64string"): from_base64,
    ("convert", "tochar"): lambda _shell, values: [chr(number_of(text) or 0) for text in as_texts(values[0])],
    ("string", "join"): put_between,
    ("string", "concat"): put_together,
    ("string", "format"): format_text,
    ("array", "reverse"): reversed_array,
    ("environment", "getenvironmentvariable"): from_environment,
    ("environment", "getfolderpath"): home_folder,
    ("environment", "expandenvironmentvariables"): first_value,
    ("regex", "unescape"): unescaped,
    ("regex", "replace"): lambda _shell, values: replaced_by(
        values[0], [item for value in values[1:] for item in value]
    ),
    ("scriptblock", "create"): run_created,
    ("process", "start"): start_program,
    ("uri", "unescapedatastring"): first_value,
}


def piece(text: str, given: list[list[str]]) -> str:
    numbers = [number_of(value[0]) or 0 for value in given if value]
    start = numbers[0] if numbers else 0
    return text[start : start + numbers[1]] if len(numbers) > 1 else text[start:]


def without_piece(text: str, given: list[list[str]]) -> str:
    numbers = [number_of(value[0]) or 0 for value in given if value]
    start = numbers[0] if numbers else 0
    return text[:start] + (text[start + numbers[1] :] if len(numbers) > 1 else "")


def inserted(text: str, given: list[list[str]]) -> str:
    at = number_of(given[0][0]) or 0 if given and given[0] else 0
    return text[:at] + (given[1][0] if len(given) > 1 and given[1] else "") + text[at:]


def swapped(text: str, given: list[list[str]]) -> str:
    old = given[0][0] if given and given[0] else ""
    return text.replace(old, given[1][0] if len(given) > 1 and given[1] else "") if old else text


METHODS: dict[str, Callable[[str, list[list[str]]], Item]] = {
    "tolower": lambda text, _: text.lower(),
    "toupper": lambda text, _: text.upper(),
    "tolowerinvariant": lambda text, _: text.lower(),
    "toupperinvariant": lambda text, _: text.upper(),
    "trim": lambda text, given: text.strip("".join(given[0]) if given else None),
    "trimstart": lambda text, given: text.lstrip("".join(given[0]) if given else None),
    "trimend": lambda text, given: text.rstrip("".join(given[0]) if given else None),
    "padleft": lambda text, given: text.rjust(
        min(number_of(given[0][0]) or 0, 99), given[1][0][:1] if given[1:] else " "
    ),
    "padright": lambda text, given: text.ljust(
        min(number_of(given[0][0]) or 0, 99), given[1][0][:1] if given[1:] else " "
    ),
    "replace": swapped,
    "insert": inserted,
    "remove": without_piece,
    "substring": piece,
}
