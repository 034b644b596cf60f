"""Commands of the shell itself: what changes variables, folders, arguments, and what only prints."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.shell_options import Options
from onebox.assistant.hooks.guard.shell_quotes import unescape
from onebox.assistant.hooks.guard.shell_words import ANY, STAR, Beyond, Names, Pipe, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

MOST_TURNS = 2000


def echo(_shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    escapes = False
    while words and words[0] in {"-n", "-e", "-E", "-ne", "-en"}:
        escapes = escapes or "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    return (unescape(text) if escapes else text) + "\n"


def printf(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    variable = words[1] if words[:1] == ["-v"] and len(words) > 1 else ""
    words = words[2:] if variable else words
    if words[:1] == ["--"]:
        words = words[1:]
    text = formatted(words) if words else ""
    if variable:
        shell.set_variable(variable, [text])
        return ""
    return text


def formatted(words: list[str]) -> str:
    """`printf`'s format with its arguments, used again while there are some left."""
    form = unescape(words[0])
    arguments = words[1:]
    pieces = []
    turns = 0
    while turns < MOST_TURNS:
        turns += 1
        at = 0
        used = False
        while at < len(form):
            cut = form.find("%", at)
            if cut < 0 or cut + 1 >= len(form):
                pieces.append(form[at:])
                break
            pieces.append(form[at:cut])
            at = cut + 1
            while at < len(form) and form[at] in "-+ #0123456789.*":
                at += 1
            kind = form[at : at + 1]
            at += 1
            if kind == "%":
                pieces.append("%")
                continue
            used = True
            value = arguments.pop(0) if arguments else ""
            pieces.append(converted(value, kind))
        if not arguments or not used:
            break
    else:
        raise Beyond("too many arguments")
    return "".join(pieces)


def converted(value: str, kind: str) -> str:
    if kind == "b":
        return unescape(value)
    if kind == "c":
        return value[:1]
    return format(int(value), kind) if kind in {"o", "x", "X"} and value.isdigit() and len(value) < 10 else value


def change_folder(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    """The folder moves along; where it does not exist, both are possible."""
    targets = [word for word in words if not word.startswith("-") or word == "-"]
    if name == "popd" or targets == ["-"]:
        previous = shell.state.variables.get("OLDPWD", ())
        shell.state.cwds = tuple(dict.fromkeys((*previous, *shell.state.cwds)))[:4]
        return ""
    move_to(shell, targets[0] if targets else shell.places.home)
    return ""


def where_it_is(shell: Shell, _name: str, _words: list[str], _stdin: str) -> str:
    return ANY if shell.state.elsewhere else shell.state.cwds[0] + "\n"


def move_to(shell: Shell, target: str) -> None:
    if not plain(target).isascii() and ANY in target:
        return
    there = []
    for cwd in shell.state.cwds:
        path = os.path.normpath(os.path.join(cwd, shell.home(plain(target))))
        there.append(path)
        if not os.path.isdir(path):
            there.append(cwd)
    shell.state.variables["OLDPWD"] = shell.state.cwds
    shell.state.absent = frozenset()
    shell.state.cwds = tuple(dict.fromkeys(there))[:4]


def declare(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    another_name = any(word.startswith("-") and "n" in word for word in words)
    array = ""
    for word in words:
        name, equals, value = word.partition("=")
        if array and (not equals or not name.isidentifier()):
            shell.set_array(array, [word], adds=True)
        elif equals and another_name:
            shell.state.aliases[name] = value
        elif equals and not name.startswith("-"):
            # Of `a=(x y)` the words come one by one.
            array = "" if value else name
            shell.set_array(name, [])
            shell.set_variable(name.rstrip("+"), [value])
    return ""


def read_variable(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`read a b`: each gets what may come in; of several lines, any."""
    options = Options(words, "-d -i -n -N -p -t -u -a")
    for name in options.values("-a"):
        shell.set_array(name, shell.separated(stdin))
        shell.state.variables.pop(name, None)
        return ""
    names = [name for name in options.rest if name] or ["REPLY"]
    lines = [line.strip() for line in stdin.split("\n") if line.strip()] or ([ANY] if not stdin else [""])
    if len(names) > 1:
        fields = [field for line in lines for field in shell.separated(line)]
        for name in names:
            shell.state.variables[name] = tuple(dict.fromkeys(fields[:64]))
    else:
        shell.state.variables[names[0]] = tuple(dict.fromkeys(lines))[:8]
        if len(lines) > 8:
            shell.state.variables.pop(names[0])
            shell.state.arrays[names[0]] = lines[:2000]
    return ""


def read_array(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    names = Options(words, "-d -n -O -s -u -C -c").rest or ["MAPFILE"]
    shell.state.arrays[names[-1]] = [line for line in stdin.split("\n") if line][:2000]
    shell.state.variables.pop(names[-1], None)
    return ""


def set_arguments(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    if "--" in words:
        shell.state.arguments = words[words.index("--") + 1 :]
    elif words and not words[0].startswith(("-", "+")):
        shell.state.arguments = words
    return ""


def shift(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    count = int(words[0]) if words and words[0].isdigit() else 1
    shell.state.arguments = shell.state.arguments[count:]
    return ""


def shell_option(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    if ("dotglob" in words and "-s" in words) or any(word.lower().replace("_", "") == "globdots" for word in words):
        shell.state.dotglob = True
    return ""


def evaluate(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    return shell.run_text(" ".join(words), stdin)


def source_file(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    for word in words[:1]:
        for thing in shell.referred(word):
            if isinstance(thing, Pipe):
                return shell.run_text(thing.text, "")
        if shell.was_written(word):
            return shell.run_text(shell.was_written(word), "")
        shell.ask(word)
    shell.state.arguments = words[1:] or shell.state.arguments
    return ANY


def trap(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    words = [word for word in words if not word.startswith("-")]
    if len(words) > 1:
        shell.run_apart(words[0], "")
    return ""


def alias(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    for word in words:
        name, equals, value = word.partition("=")
        if equals and not name.startswith("-"):
            shell.state.functions[name] = value
    return ""


def remember(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`hash -p /bin/cat stat`: stat is cat from now on."""
    if words[:1] == ["-p"] and len(words) > 2:
        shell.state.functions[words[2]] = words[1]
    return ""


def load_module(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    if "zsh/mapfile" in words:
        shell.deny("zsh/mapfile reads whatever file a variable's key names; read it with a command")
    return ""


def list_folder(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    """`ls` names; what it names is remembered, for a command that reads it."""
    options = "".join(word for word in words if word.startswith("-"))
    hidden = "a" in options.lower() or "--all" in words
    deep = "R" in options or name in {"tree", "du"}
    for word in words:
        if word.startswith("--files0-from="):
            shell.ask(word.partition("=")[2])
    if name == "du" and not hidden:
        return ANY
    listed = [word for word in words if not word.startswith("-")]
    if not listed:
        return shell.refer(Names(".", deep=deep, hidden=hidden)) + "\n"
    itself = "d" in options.replace("--directory", "d")
    told = []
    for word in listed[:50]:
        told.append(word)
        if not itself and not shell.referred(word):
            told.append(shell.refer(Names(plain(word), deep=deep, hidden=hidden)))
    return "\n".join(told) + "\n"


def complete_names(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`compgen -f .e`, `compgen -G '.e*'`: names of files that begin so."""
    options = Options(words, "-G -A -W -P -S -X -F -C")
    given = options.values("-G") + [word + STAR for word in options.rest]
    return "\n".join(given or [shell.refer(Names(".", deep=False))]) + "\n"


SHELL_BUILTINS: dict[str, Callable[[Shell, str, list[str], str], str]] = {
    "echo": echo,
    "print": echo,
    "printf": printf,
    "cd": change_folder,
    "chdir": change_folder,
    "pushd": change_folder,
    "pwd": where_it_is,
    "popd": change_folder,
    "export": declare,
    "declare": declare,
    "typeset": declare,
    "local": declare,
    "readonly": declare,
    "read": read_variable,
    "mapfile": read_array,
    "readarray": read_array,
    "set": set_arguments,
    "shift": shift,
    "shopt": shell_option,
    "setopt": shell_option,
    "eval": evaluate,
    "source": source_file,
    ".": source_file,
    "trap": trap,
    "alias": alias,
    "compgen": complete_names,
    "hash": remember,
    "zmodload": load_module,
    "ls": list_folder,
    "tree": list_folder,
    "du": list_folder,
    "dir": list_folder,
    "exa": list_folder,
    "eza": list_folder,
}
