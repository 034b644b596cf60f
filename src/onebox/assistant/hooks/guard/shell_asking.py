"""Asks the places about the words of a command, whatever shape a path has in them."""

from __future__ import annotations

import fnmatch
import os
import re
import time

from onebox.assistant.hooks.guard.shell_words import (
    ANY,
    BRACKET,
    FIRST_REFERENCE,
    LAST_REFERENCE,
    ONE,
    STAR,
    Beyond,
    Denied,
    Names,
    Pipe,
    is_reference,
    plain,
)
from onebox.assistant.hooks.guard.shell_written import kept_text
from onebox.assistant.hooks.guard.tokens import token_reason, without_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.places import Places

LONGEST_PATH = 4096
LONGEST_SOURCE = 2000
MOST_PIECES = 12
# Of the processor, for what is asked; the disk may take longer.
SECONDS = 0.3
MOST_FILES = 20000
ADDRESS = r"(?!fileb?:)[A-Za-z][A-Za-z0-9+.-]{1,20}://"
KIND = r"\*\.(?!json$|txt$)\w{1,12}"
DELIMITER = re.compile(r"[=@:,]")
AS_GLOB = {ord(ANY): "*", ord(STAR): "*", ord(ONE): "?", ord(BRACKET): "[", ord("*"): "[*]", ord("?"): "[?]"}
PRINTS_ENVIRONMENT = {"env", "printenv", "export", "set", "declare", "config", "typeset"}
RUNS_CODE = {"-c", "-e", "-p", "-pe", "-lc", "--eval", "--print"}
UNWALKED = {".git", "node_modules", "site-packages"}


class State:
    """What is known while a command runs. `cwds`: each folder that it may be in; `absent`: paths known not to be;
    `aliases`: variables that are other names of variables (`declare -n`); `outputs`: where descriptors lead to (`exec 3> x`);
    `mounts`: folders of another place and those of this one that they show."""

    __slots__ = (
        "absent",
        "aliases",
        "arguments",
        "arrays",
        "cwds",
        "dotglob",
        "elsewhere",
        "functions",
        "mounts",
        "outputs",
        "variables",
    )

    def __init__(self, cwd: str) -> None:
        self.variables: dict[str, tuple[str, ...]] = {}
        self.arrays: dict[str, list[str]] = {}
        self.functions: dict[str, object] = {}
        self.arguments: list[str] = []
        self.cwds: tuple[str, ...] = (cwd,)
        self.absent: frozenset[str] = frozenset()
        self.aliases: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.elsewhere = False
        self.mounts: tuple[tuple[str, str], ...] = ()
        self.dotglob = False

    def copy(self) -> State:
        other = State(self.cwds[0])
        other.variables = dict(self.variables)
        other.arrays = dict(self.arrays)
        other.functions = dict(self.functions)
        other.arguments = self.arguments
        other.cwds = self.cwds
        other.absent = self.absent
        other.aliases = dict(self.aliases)
        other.outputs = dict(self.outputs)
        other.elsewhere = self.elsewhere
        other.mounts = self.mounts
        other.dotglob = self.dotglob
        return other

    def join(self, other: State) -> None:
        """What holds when it is not known which of the two came about."""
        for name, values in other.variables.items():
            mine = self.variables.get(name)
            if mine is None:
                self.variables[name] = values
            elif mine != values:
                self.variables[name] = (mine + tuple(value for value in values if value not in mine))[:64]
        self.aliases.update(other.aliases)
        self.outputs.update(other.outputs)
        for name, array in other.arrays.items():
            self.arrays[name] = (self.arrays.get(name, []) + array)[:2000]
        for name, function in other.functions.items():
            self.functions.setdefault(name, function)
        self.cwds = (self.cwds + tuple(cwd for cwd in other.cwds if cwd not in self.cwds))[:4]
        self.dotglob = self.dotglob or other.dotglob


class Asker:
    """`ask…` raise `Denied` when a word names what is guarded."""

    def __init__(self, places: Places, cwd: str) -> None:
        self.places = places
        self.state = State(cwd)
        self.source = ""
        self.asked = 0
        self.until = time.process_time() + SECONDS
        self.references: list[Names | Pipe] = []
        self.answers: dict[tuple[str, str, bool, bool], str | None] = {}

    def in_time(self) -> None:
        if time.process_time() > self.until:
            raise Beyond("too long")

    def deny(self, reason: str) -> None:
        source = without_tokens(" ".join(self.source.split())[:LONGEST_SOURCE])
        # In `s/x/TOKEN/` what stands around it looks like a part of it.
        source = "/".join(map(without_tokens, source.split("/")))
        shown = source if len(source) <= 80 else source[:77] + "…"
        raise Denied(f"`{plain(shown)}`: {reason}" if shown else reason)

    # ---- names that commands have listed

    def refer(self, thing: Names | Pipe) -> str:
        """A character that stands for it in a text."""
        if FIRST_REFERENCE + len(self.references) >= LAST_REFERENCE:
            raise Beyond("too many names")
        self.references.append(thing)
        return chr(FIRST_REFERENCE + len(self.references) - 1)

    def referred(self, word: str) -> list[Names | Pipe]:
        if word.isascii():
            return []
        known = len(self.references)
        return [
            self.references[ord(character) - FIRST_REFERENCE]
            for character in word
            if is_reference(character) and ord(character) - FIRST_REFERENCE < known
        ]

    def ask_names(self, names: Names, *, writes: bool = False) -> None:
        if self.state.elsewhere:
            self.ask_mounted(names, writes=writes)
            return
        for cwd in self.state.cwds:
            folder = os.path.join(cwd, self.home(names.folder))
            if names.deep:
                self.ask_tree(names, cwd, writes)
                continue
            for name in names.names or ("*",):
                found = self.places.glob(
                    os.path.join(glob_of(folder), name), cwd=cwd, writes=writes, dotglob=names.hidden
                )
                if found:
                    self.deny(found)

    def ask_mounted(self, names: Names, *, writes: bool) -> None:
        """What a container shows of the folders that it was given."""
        wanted = "" if names.folder.strip("./") == "" and names.folder[:1] != "/" else names.folder.rstrip("/") + "/"
        for there, here in self.state.mounts:
            below = wanted[len(there) :] if wanted.startswith(there) else "" if there.startswith(wanted) else None
            if below is None:
                continue
            shown = Names(os.path.join(here, below), hidden=names.hidden, ignored=names.ignored, names=names.names)
            shown.without, shown.follows = names.without, names.follows
            for cwd in self.state.cwds:
                self.ask_tree(shown, cwd, writes)

    def ask_tree(self, names: Names, cwd: str, writes: bool) -> None:
        writes = writes and not is_bulk(names)
        found = self.places.tree(
            self.home(names.folder),
            cwd=cwd,
            writes=writes,
            hidden=names.hidden,
            ignored=names.ignored,
            names=names.names,
            changed=names.changed,
            follows=names.follows,
        )
        if not found and names.names and self.above_home(names, cwd):
            # Too much lies there for all of it to be looked at.
            literal = [name for name in names.names if not any(letter in name for letter in "*?[")]
            said = [self.places.reason(f"{self.places.home}/{name}", cwd=cwd) for name in literal]
            found = next(filter(None, said), None)
        if found and names.without:
            found = self.walk(names, cwd, writes)
        if found:
            self.deny(f"{found}, and this reaches it")

    def above_home(self, names: Names, cwd: str) -> bool:
        top = os.path.normpath(os.path.join(cwd, self.home(names.folder))).rstrip("/")
        return (self.places.home + "/").startswith(top + "/")

    def walk(self, names: Names, cwd: str, writes: bool) -> str | None:
        """As `places.tree`, without the names that the command leaves out."""
        top = os.path.join(cwd, self.home(names.folder))
        left_out = [pattern.strip("/").replace("/**", "/*") for pattern in names.without]
        seen = 0
        for folder, folders, files in os.walk(top):
            below = os.path.relpath(folder, top)
            folders[:] = [
                name
                for name in folders
                if name not in UNWALKED and not is_left_out(os.path.normpath(os.path.join(below, name)), left_out)
            ]
            above = self.places.may_guard(folder)
            for name in files:
                seen += 1
                if not above and not self.places.may_guard(name):
                    continue
                path = os.path.normpath(os.path.join(below, name))
                if is_left_out(path, left_out) or (not names.hidden and hides(path)):
                    continue
                if names.names is not None and not any(fnmatch.fnmatch(name, wanted) for wanted in names.names):
                    continue
                reason = self.places.reason(os.path.join(folder, name), cwd=cwd, writes=writes)
                if reason and self.is_taken(names, os.path.join(folder, name), cwd):
                    return reason
            if seen > MOST_FILES:
                return None
        return None

    def is_taken(self, names: Names, path: str, cwd: str) -> bool:
        """Whether a command that leaves alone what git ignores, or knows as it is, takes this."""
        if not names.ignored and not self.places.tracked(path, cwd=cwd):
            return False
        return not names.changed or not self.places.unchanged(path, cwd=cwd)

    # ---- one path

    def refusal(self, word: str) -> str:
        """Why this may not be read; empty when it may."""
        try:
            self.ask(word)
        except Denied as denied:
            return str(denied)
        return ""

    def ask(self, word: str, *, writes: bool = False, removes: bool = False) -> None:
        """`removes`: the place is removed or moved, so that what it holds counts too."""
        self.asked += 1
        if self.asked & 63 == 1:
            self.in_time()
        if word.startswith("fileb://"):
            word = "file" + word[5:]
        if not word or len(word) > LONGEST_PATH or is_address(word):
            return
        if not word.isascii():
            things = self.referred(word)
            for thing in things:
                if isinstance(thing, Names):
                    self.ask_names(thing, writes=writes)
            if things:
                return
        for cwd in self.state.cwds:
            reason = self.reason(word, cwd, writes, removes)
            if reason:
                self.deny(reason)

    def ask_program(self, target: str) -> None:
        """What is put in the place of a program that runs the guard."""
        for cwd in self.state.cwds:
            reason = self.places.runs_guard(self.home(target), cwd=cwd)
            if reason:
                self.deny(reason)

    def ask_unpacked(self, folder: str) -> None:
        """Where something unknown is put in, it may have the name of what guards."""
        self.ask(os.path.join(folder, "settings.json"), writes=True)

    def reason(self, word: str, cwd: str, writes: bool, removes: bool) -> str | None:
        if self.state.elsewhere:
            return self.reason_elsewhere(word, writes, removes)
        key = (word, cwd, writes, removes)
        if key not in self.answers:
            self.in_time()
            if is_live(word):
                self.answers[key] = self.reason_of_pattern(word, cwd, writes, removes)
            else:
                self.answers[key] = self.places.reason(self.home(word), cwd=cwd, writes=writes, removes=removes)
        return self.answers[key]

    def home(self, word: str) -> str:
        if word == "~" or word.startswith("~/"):
            return self.places.home + word[1:]
        return word

    def reason_of_pattern(self, word: str, cwd: str, writes: bool, removes: bool) -> str | None:
        """An unknown part counts as `*`; a name of which nothing is known counts as none, its folder as itself."""
        head, _, tail = word.rpartition("/")
        known = tail.replace(ANY, "").strip(".")
        if ANY in tail and not known and not (tail.startswith(".") and tail.strip(ANY) == "."):
            if head.strip(ANY + "/."):
                return self.reason(head, cwd, False, False)
            return None
        hidden = self.state.dotglob or tail.startswith(ANY)
        return self.places.glob(glob_of(self.home(word)), cwd=cwd, writes=writes, removes=removes, dotglob=hidden)

    def reason_elsewhere(self, word: str, writes: bool, removes: bool) -> str | None:
        """On another machine or in a container a path is known by its names alone."""
        pieces = [piece for piece in word.split("/") if piece not in {"", ".", "..", "~"}][-MOST_PIECES:]
        project = self.places.project
        for start in range(len(pieces)):
            path = "/".join(pieces[start:])
            if path.strip(ANY + "/"):
                reason = (
                    self.places.glob(glob_of(path), cwd=project, writes=writes)
                    if is_live(path)
                    else self.places.reason(path, cwd=project, writes=writes, removes=removes)
                )
                if reason:
                    return reason
        return None

    # ---- the shapes that an argument gives to a path

    def ask_shapes(self, word: str, *, writes: bool = False) -> None:
        """`--file=X`, `-fX`, `if=X`, `@X`, `name=@X`, `HEAD:X`, `host:X`, `a,b`."""
        for shape in shapes(word):
            self.ask(shape, writes=writes)

    def ask_outputs(self, words: list[str]) -> None:
        """`-o X`, `--output=X` of a command that else only reads."""
        for at, word in enumerate(words):
            if word in {"-o", "--output"}:
                self.ask("".join(words[at + 1 : at + 2]), writes=True)
            elif word.startswith(("-o", "--output=")):
                self.ask(word[2:] if word[1] == "o" else word[9:], writes=True)

    # ---- what is loaded

    def refuse_printing(self, loaded: list[str], words: list[str]) -> None:
        """A secret that a program loads may not be printed by what it runs."""
        secret = next(filter(None, map(self.refusal, loaded)), "")
        for word in words if secret else ():
            if os.path.basename(word) in PRINTS_ENVIRONMENT or word in RUNS_CODE:
                raise Denied(f"{secret}, and `{plain(word)}` could print what is loaded from it")

    # ---- what is written

    def ask_written(self, path: str, text: str) -> None:
        """A text goes into a file: does it hold a live token, and does git track the file?"""
        if not text or text == ANY or self.state.elsewhere:
            return
        names = [thing for thing in self.referred(path) if isinstance(thing, Names)]
        for place in [os.path.join(name.folder, "a file") for name in names] or [plain(path).replace(ANY, "?")]:
            for cwd in self.state.cwds:
                reason = token_reason(plain(text), self.home(place), self.places, cwd)
                if reason:
                    self.deny(reason)

    def ask_edited(self, words: list[str], text: str) -> None:
        """The files among these words are changed, and this is what goes into them."""
        text = kept_text(plain(text))
        for word in words:
            if not re.search(r"\s", word) and any(os.path.isfile(os.path.join(cwd, word)) for cwd in self.state.cwds):
                self.ask_written(word, text)


def is_address(word: str) -> bool:
    """`https://x/y`; with `..` in it, it may lead from a folder called `https:` to anywhere."""
    return "://" in word and "/.." not in word and re.match(ADDRESS, word) is not None


def is_bulk(names: Names) -> bool:
    """All of one kind, such as `*.py`: whoever changes these does not mean the hooks among them, which fail closed."""
    return (
        names.folder in {".", "./"}
        and bool(names.names)
        and all(re.fullmatch(KIND, name) for name in names.names or ())
    )


def is_live(word: str) -> bool:
    return not word.isascii() and any(mark in word for mark in (ANY, STAR, ONE, BRACKET))


def glob_of(word: str) -> str:
    """As a pattern of a shell, what was quoted in brackets."""
    if BRACKET not in word:
        word = word.replace("[", "[[]")
    return re.sub(r"(?:\*\*/)+", "**/", word.translate(AS_GLOB))


def hides(path: str) -> bool:
    return path.startswith(".") or "/." in path


def is_left_out(path: str, patterns: list[str]) -> bool:
    name = os.path.basename(path)
    for pattern in patterns:
        bare = pattern[2:] if pattern.startswith(("./", "*/")) else pattern
        if fnmatch.fnmatch(name, bare) or fnmatch.fnmatch(path, bare) or fnmatch.fnmatch("./" + path, pattern):
            return True
        if bare.endswith("/*") and fnmatch.fnmatch(path, bare[:-2]):
            return True
    return False


def shapes(word: str) -> list[str]:
    if is_address(word):
        return []
    if len(word) > LONGEST_PATH:
        return [piece for piece in re.split(r"[=@:,\s]", word) if piece][:LONGEST_PATH]
    found = [] if word.startswith("-") else [word]
    if word.startswith("-") and not word.startswith("--") and len(word) > 2:
        found.append(word[2:])
    if " " in word or "\n" in word:
        # A sentence; what is after `--file=` may still be a path.
        after = word.partition("=")[2]
        return found + ([after] if after else [])
    starts = [delimiter.start() for delimiter in DELIMITER.finditer(word)][:MOST_PIECES]
    for start, end in zip([-1, *starts], [*starts, len(word)]):
        if end < len(word) and word[end] != "=":
            # What stands before `=` is a key, and no path.
            found.append(word[start + 1 : end])
        if start >= 0:
            found.append(word[start + 1 :])
    return [shape for shape in found if shape]
