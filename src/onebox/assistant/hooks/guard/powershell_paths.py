"""Asks the places about what PowerShell calls a path."""

from __future__ import annotations

import os
import re
import time

from onebox.assistant.hooks.guard.patterns import fold, matcher
from onebox.assistant.hooks.guard.powershell_values import Block, FileItem, Listing, Table
from onebox.assistant.hooks.guard.reach import beneath
from onebox.assistant.hooks.guard.shell import Shell
from onebox.assistant.hooks.guard.shell_asking import LONGEST_PATH, is_bulk
from onebox.assistant.hooks.guard.shell_options import ask_deep
from onebox.assistant.hooks.guard.shell_words import ANY, BRACKET, ONE, STAR, Denied, Names, is_reference, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from onebox.assistant.hooks.guard.places import Places
    from onebox.assistant.hooks.guard.powershell_lexer import Syntax
    from onebox.assistant.hooks.guard.powershell_values import Item, Items

PROVIDER = r"(?i)(?:[\w.]+\\)?filesystem::"
DEVICE = r"//[?.]/(?=[A-Za-z]:|UNC/)"
DRIVE = r"([A-Za-z]\w*):(?!:)(.*)"
SHORT_NAME = r"(\w{1,6})~\d$"
# Their paths are no files.
OTHER_DRIVES = {
    "env",
    "variable",
    "function",
    "alias",
    "cert",
    "hklm",
    "hkcu",
    "wsman",
    "http",
    "https",
    "urn",
    "mailto",
}
OF_ITEM = ("fullname", "path", "literalpath", "pspath", "name")


class PathAsker:
    """What is asked is asked of `shell`, which knows the folder, and stops what must not be."""

    def __init__(self, places: Places, cwd: str) -> None:
        self.places = places
        self.shell = Shell(places, cwd)
        self.drives: dict[str, str] = {}

    def passes(self, _condition: Syntax, _path: str) -> bool:
        """Whether a file is let through where a listing is sifted."""
        raise NotImplementedError

    def set_variable(self, _name: str, _items: Items) -> None:
        raise NotImplementedError

    def ask(
        self, item: Item, *, writes: bool = False, removes: bool = False, literal: bool = False, deep: bool = False
    ) -> None:
        """Raises `Denied` when this may not be touched. `literal`: `*` is a letter; `deep`: with all that is in it."""
        if isinstance(item, Listing):
            self.ask_listing(item, writes=writes)
        elif isinstance(item, Table):
            for value in [value for name in OF_ITEM for value in item.given.get(name, [])]:
                self.ask(value, writes=writes, removes=removes, deep=deep)
        elif not isinstance(item, Block):
            before, self.shell.state.dotglob = self.shell.state.dotglob, True
            for path in self.spellings(item):
                word = path if literal else live_path(path)
                if deep:
                    ask_deep(self.shell, word, writes=writes)
                else:
                    self.shell.ask(word, writes=writes, removes=removes)
            self.shell.state.dotglob = before

    def spellings(self, text: str) -> Iterator[str]:
        r"""The path with `/`, without provider, drive and what Windows cuts off a name. `~1` names a file by its first letters."""
        if len(text) > LONGEST_PATH:
            return
        path = re.sub(DEVICE, "", re.sub(PROVIDER, "", text.strip("\r\n"), count=1).replace("\\", "/"))
        drive = re.match(DRIVE, path)
        if drive is not None and not path.lower().startswith("file:"):
            name, rest = drive[1].lower(), drive[2]
            if name in OTHER_DRIVES:
                return
            if name in self.drives:
                path = self.drives[name].rstrip("/") + "/" + rest.lstrip("/")
            elif len(name) > 1 or not rest.startswith("/"):
                path = rest
        # What stands after `::` is another stream of the same file.
        path = path.partition("::")[0] or path
        yield path
        bare = re.sub(r"(?<=[^/. ])[. ]+(?=/|$)", "", path)
        if bare != path:
            yield bare
        short = re.search(SHORT_NAME, path)
        if short is not None:
            yield path[: short.start()] + "." + short[1] + STAR
            yield path[: short.start()] + short[1] + STAR

    def plain_path(self, item: Item) -> str:
        """One path, for questions about what is there."""
        text = item if isinstance(item, str) else ANY
        return next(self.spellings(text), "")

    # ---- listings

    def ask_listing(self, listing: Listing, *, writes: bool) -> None:
        for folder in self.spellings(listing.folder):
            if any(letter in folder for letter in "*?["):
                self.ask(folder, writes=writes)
                continue
            names = Names(folder, names=listing.names, without=listing.without)
            changes = writes and not is_bulk(names)
            for cwd in self.shell.state.cwds:
                self.ask_folder(listing, self.shell.home(plain(folder)), cwd, changes)

    def ask_folder(self, listing: Listing, folder: str, cwd: str, writes: bool) -> None:
        names = None if listing.tops else listing.names
        found = self.places.tree(folder, cwd=cwd, writes=writes, names=names, without=listing.without)
        if found and (listing.kept or listing.tops or not listing.deep):
            found = self.sifted(listing, folder, cwd, writes, found)
        if found:
            self.shell.deny(f"{found}, and this reaches it; leave it out (-Exclude, -Filter) or name what is meant")

    def sifted(self, listing: Listing, folder: str, cwd: str, writes: bool, first: str) -> str | None:
        """The first secret that the conditions let through; what was found without them, where that takes too long."""
        wanted = [matcher(fold(name)) for name in listing.names or ("*",)]
        unwanted = [matcher(fold(name)) for name in listing.without]
        top = os.path.normpath(os.path.join(cwd, folder))
        for path in files_below(top, deep=listing.deep):
            parts = fold(os.path.relpath(path, top)).split("/")
            chosen = parts[0] if listing.tops else parts[-1]
            left_out = parts if listing.tops else parts[-1:]
            if not any(match(chosen) for match in wanted) or any(
                match(part) for match in unwanted for part in left_out
            ):
                continue
            if time.process_time() > self.shell.until:
                return first
            reason = self.places.reason(path, cwd=cwd, writes=writes)
            if reason and all(self.passes(condition, path) for condition in listing.kept):
                return reason
        return None

    def ask_names_of(self, listing: Listing) -> str:
        """What stands for these files in a text: a character that is asked about in their place, if any must not be touched."""
        try:
            # Whoever goes through the whole project does not mean the guard's files in it, which fail closed.
            self.ask_listing(listing, writes=listing.folder not in {".", "./"})
        except Denied:
            pass
        else:
            return ANY
        return self.shell.refer(Names(listing.folder, deep=listing.deep, names=listing.names, without=listing.without))

    # ---- what is written

    def write(self, target: Item, values: Items, *, literal: bool = False, asked: bool = False) -> None:
        """A text goes into a file. `asked`: it was asked already whether it may."""
        drive = re.match(r"(?i)(env|variable):[\\/]?(\w+)$", target) if isinstance(target, str) else None
        if drive is not None:
            self.set_variable("env:" + drive[2].lower() if drive[1].lower() == "env" else drive[2].lower(), values)
            return
        if not asked:
            self.ask(target, writes=True, literal=literal)
        text = "\n".join(value for value in values if isinstance(value, str))
        if isinstance(target, str):
            self.shell.note_written(self.plain_path(target), text)

    def is_template(self, item: Item) -> bool:
        return isinstance(item, str) and bool(item) and self.shell.is_template(self.plain_path(item))

    def is_missing(self, item: Item) -> bool:
        return isinstance(item, str) and bool(item) and self.shell.is_missing(self.plain_path(item))

    def is_folder(self, item: Item) -> bool:
        if not isinstance(item, str) or not item:
            return False
        path = self.shell.home(self.plain_path(item))
        return any(os.path.isdir(os.path.join(cwd, path)) for cwd in self.shell.state.cwds)

    def refused(self, item: Item) -> bool:
        try:
            self.ask(item)
        except Denied:
            return True
        return False


def files_below(folder: str, *, deep: bool) -> Iterator[str]:
    if not deep:
        try:
            yield from (os.path.join(folder, name) for name in sorted(os.listdir(folder)))
        except OSError:
            return
        return
    yield from (path for path, _ in beneath(folder))


def live_path(path: str) -> str:
    """Wildcards as what is live for the shell; a backtick before one makes it a letter."""
    if not any(letter in path for letter in "*?["):
        return path
    marks = {"*": STAR, "?": ONE, "[": BRACKET}
    return re.sub(r"`(.)|([*?\[])", lambda found: found[1] or marks[found[2]], path)


def native_word(text: str, *, bare: bool) -> str:
    r"""A word for a program: `.\x` as `./x`, and what is bare may be a pattern."""
    if text.isascii() and "\\" in text and not re.search(r"""[\s'"(){}|^$+]""", text):
        text = text.replace("\\", "/")
    return live_path(text) if bare else text


def path_property(path: str, name: str) -> str | None:
    """What a file's object says of its path; None when it is no path that it says."""
    if name in {
        "fullname",
        "path",
        "providerpath",
        "pspath",
        "literalpath",
        "target",
        "value",
        "definition",
        "resolvedtarget",
    }:
        return str(path)
    if path and (is_reference(path[0]) or path == ANY):
        return path if name in {"name", "basename", "pschildname"} else None
    whole = path.replace("\\", "/").rstrip("/")
    folder, _, last = whole.rpartition("/")
    stem, dot, extension = last.rpartition(".")
    said = {
        "name": last,
        "pschildname": last,
        "basename": stem if dot else last,
        "extension": dot + extension if dot else "",
        "directoryname": folder or ".",
        "directory": folder or ".",
        "parent": folder or ".",
        "psparentpath": folder or ".",
    }
    return FileItem(said[name]) if name in said else None
