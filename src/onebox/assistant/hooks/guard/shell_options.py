"""Tells a command's options from its arguments, and which folders a word reaches."""

from __future__ import annotations

import fnmatch
import os

from onebox.assistant.hooks.guard.shell_asking import glob_of, is_live
from onebox.assistant.hooks.guard.shell_words import ANY, Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.shell import Shell

MOST_ON_DISK = 100


class Options:
    """`given`: each option, as `-x` or `--name`, with its values; `rest`: what is no option."""

    def __init__(self, words: list[str], valued: str = "", *, stop: bool = False) -> None:
        """`valued`: the options that take the next word (`-o --output`); `stop`: the first argument ends them."""
        self.given: dict[str, list[str]] = {}
        self.rest: list[str] = []
        self.has_value = set(valued.split())
        self.after = len(words)
        at = 0
        while at < len(words):
            word = words[at]
            at += 1
            if word == "--":
                self.after = min(self.after, at)
                self.rest += words[at:]
                break
            if len(word) < 2 or word[0] != "-":
                if stop:
                    self.after = at - 1
                    self.rest += words[at - 1 :]
                    break
                self.rest.append(word)
            elif word.startswith("--"):
                at = self.long(words, at)
            else:
                at = self.short(words, at)

    def long(self, words: list[str], at: int) -> int:
        name, equals, value = words[at - 1].partition("=")
        if not equals and name in self.has_value and at < len(words):
            value = words[at]
            at += 1
        self.given.setdefault(name, []).append(value)
        return at

    def short(self, words: list[str], at: int) -> int:
        word = words[at - 1]
        if word in self.has_value and at < len(words):
            self.given.setdefault(word, []).append(words[at])
            return at + 1
        for position in range(1, len(word)):
            name = "-" + word[position]
            if name in self.has_value:
                value = word[position + 1 :]
                if not value and at < len(words):
                    value = words[at]
                    at += 1
                self.given.setdefault(name, []).append(value)
                return at
            self.given.setdefault(name, []).append("")
        self.given.setdefault(word, [])
        return at

    def has(self, *names: str) -> bool:
        return any(name in self.given for name in names)

    def values(self, *names: str) -> list[str]:
        return [value for name in names for value in self.given.get(name, []) if value]

    def all_values(self) -> list[str]:
        return [value for values in self.given.values() for value in values if value]


def ask_deep(
    shell: Shell,
    word: str,
    *,
    writes: bool = False,
    names: tuple[str, ...] | None = None,
    without: tuple[str, ...] = (),
    hidden: bool = True,
    ignored: bool = True,
    changed: bool = False,
    follows: bool = True,
) -> None:
    """A command takes this and, where it is a folder, all that is in it. Who moves or removes a link does not follow it."""
    follows = follows and not writes
    shell.ask(word, writes=writes, removes=writes)
    if shell.state.elsewhere:
        shell.ask_names(
            Names(word, hidden=hidden, ignored=ignored, names=names, without=without, follows=follows), writes=writes
        )
        return
    for path in reached_paths(shell, word):
        if any(os.path.isdir(os.path.join(cwd, shell.home(path))) for cwd in shell.state.cwds):
            found = Names(path, hidden=hidden, ignored=ignored, names=names, without=without, changed=changed)
            found.follows = follows
            shell.ask_names(found, writes=writes)


def reached_paths(shell: Shell, word: str) -> list[str]:
    """The word itself, or what its pattern matches; hidden names only for a pattern that begins with a dot."""
    if shell.referred(word):
        return []
    if not is_live(word):
        return [word]
    if any(not piece.strip(ANY) for piece in word.strip("/").split("/")):
        return []
    found = ["/" if word.startswith("/") else ""]
    for piece in glob_of(word).strip("/").split("/"):
        found = [os.path.join(base, name) for base in found for name in matching_names(shell, base, piece)]
        found = found[:MOST_ON_DISK]
    return found


def matching_names(shell: Shell, base: str, piece: str) -> list[str]:
    if not any(character in piece for character in "*?["):
        return [piece]
    names = []
    for cwd in shell.state.cwds:
        folder = os.path.join(cwd, shell.home(base))
        if os.access(folder, os.R_OK) and os.path.isdir(folder):
            names += os.listdir(folder)
    shown = piece.startswith(".") or shell.state.dotglob
    return [name for name in names if fnmatch.fnmatch(name, piece) and (shown or not name.startswith("."))]
