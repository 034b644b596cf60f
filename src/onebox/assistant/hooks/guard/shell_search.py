"""Commands that search: they read whole trees, or list names that other commands then read."""

from __future__ import annotations

import os
import re

from onebox.assistant.hooks.guard.shell_options import Options, ask_deep
from onebox.assistant.hooks.guard.shell_words import ANY, Names, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

GREP_VALUED = (
    "-e --regexp -f --file -m --max-count -A -B -C --after-context --before-context --context -d -D --include "
    "--exclude --exclude-dir --exclude-from --label --binary-files --color --colour"
)
RG_VALUED = (
    "-e --regexp -f --file -g --glob --iglob -t --type -T --type-not -m -A -B -C -M -j --max-depth -d -r --replace "
    "--sort --sortr --pre --ignore-file --max-columns --max-filesize --context --colors --color -E --encoding --type-add"
)
EXECUTES = {"-exec", "-execdir", "-ok", "-okdir"}
WRITES_LIST = {"-fprint", "-fprint0", "-fls", "-fprintf"}
SIMPLE_PATTERN = r"\^?[\w.\\/-]+\$?"


def grep(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    options = Options(words, GREP_VALUED)
    given = options.has("-e", "--regexp", "-f", "--file")
    files = options.rest if given else options.rest[1:]
    for listed in options.values("-f", "--file", "--exclude-from"):
        shell.ask(listed)
    deep = (
        name == "rgrep"
        or options.has("-r", "-R", "--recursive", "--dereference-recursive")
        or "recurse" in options.values("-d")
    )
    without = tuple(plain(value) for value in options.values("--exclude", "--exclude-dir"))
    include = tuple(plain(value) for value in options.values("--include")) or None
    for word in files or (["."] if deep else []):
        if deep:
            ask_deep(shell, word, names=include, without=without)
        else:
            shell.ask(word)
    if files or deep:
        return (
            ANY
            if not options.has("-l", "-L")
            else shell.refer(Names(plain((files or ["."])[0]), names=include, without=(*without, ".env*")))
        )
    if options.has("-v", "--invert-match"):
        return without_lines(shell, plain((options.values("-e", "--regexp") or options.rest[:1] or [""])[0]), stdin)
    pattern = plain((options.values("-e", "--regexp") or options.rest[:1] or [""])[0])
    kept = kept_lines(shell, pattern, stdin)
    text = bare_pattern(pattern)
    return kept + "\n" + text if options.has("-o", "--only-matching") and text and kept else kept


def bare_pattern(pattern: str) -> str | None:
    """A simple pattern as the text that it looks for."""
    return pattern.strip("^$").replace("\\.", ".") if re.fullmatch(SIMPLE_PATTERN, pattern) else None


def kept_lines(shell: Shell, pattern: str, stdin: str) -> str:
    """Lines that may hold the pattern; names that a command has listed are narrowed to those that do."""
    text = bare_pattern(pattern)
    if text is None:
        return stdin
    kept: list[str] = []
    for line in stdin.split("\n"):
        things = [thing for thing in shell.referred(line) if isinstance(thing, Names)]
        if things:
            kept.extend(narrowed(shell, thing, "*" + text.rpartition("/")[2] + "*") for thing in things)
        elif ANY in line or text.lower() in line.lower() or "." in text:
            kept.append(line)
    return "\n".join(kept)


def narrowed(shell: Shell, names: Names, pattern: str) -> str:
    if names.names is not None:
        pattern_text = pattern.strip("*")
        kept = tuple(name for name in names.names if "*" in name or pattern_text in name)
        if not kept:
            return ""
        pattern = pattern if len(kept) == 1 and kept[0].strip("*") == "" else "\0".join(kept)
    return shell.refer(
        Names(
            names.folder,
            deep=names.deep,
            hidden=names.hidden,
            ignored=names.ignored,
            names=tuple(pattern.split("\0")),
            without=names.without,
        )
    )


def without_lines(shell: Shell, pattern: str, stdin: str) -> str:
    text = bare_pattern(pattern)
    if text is None:
        return stdin
    kept: list[str] = []
    for line in stdin.split("\n"):
        things = [thing for thing in shell.referred(line) if isinstance(thing, Names)]
        kept.extend(shell.refer(thing.but(f"*{text}*")) for thing in things)
        if not things and text not in line:
            kept.append(line)
    return "\n".join(kept)


def ripgrep(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`rg` and `ag` leave out what is hidden or ignored, unless told otherwise; `ack` what is hidden."""
    options = Options(words, RG_VALUED)
    patterns_given = options.has("-e", "--regexp", "-f", "--file", "--files", "--type-list")
    files = options.rest if patterns_given else options.rest[1:]
    for listed in options.values("-f", "--file", "--ignore-file"):
        shell.ask(listed)
    for command in options.values("--pre"):
        shell.run_apart(command, "")
    unrestricted = len(options.given.get("-u", [])) + len(options.given.get("--unrestricted", []))
    hidden = options.has("--hidden", "-.") or unrestricted > 1
    ignored = (
        name == "ack"
        or options.has("--no-ignore", "--no-ignore-vcs", "-I" if name == "ag" else "--no-ignore")
        or unrestricted > 0
        or (name == "ag" and options.has("-U", "--skip-vcs-ignores"))
    )
    globs = [plain(value) for value in options.values("-g", "--glob", "--iglob")]
    without = tuple(value[1:] for value in globs if value.startswith("!"))
    wanted = tuple(value.rpartition("/")[2] or value for value in globs if not value.startswith("!")) or None
    naming = options.has("--files")
    follows = options.has("-L", "-f", "--follow") if name == "ag" else options.has("-L", "--follow")
    for word in files or ["."]:
        if naming or (not files and stdin):
            continue
        ask_deep(shell, word, hidden=hidden, ignored=ignored, names=wanted, without=without, follows=follows)
        if wanted and any(value.startswith(".") for value in wanted):
            ask_deep(shell, word, names=wanted, without=without, follows=follows)
    if stdin and not files:
        return kept_lines(shell, plain((options.values("-e") or options.rest[:1] or [""])[0]), stdin)
    return shell.refer(Names(plain((files or ["."])[0]), hidden=hidden, ignored=ignored, names=wanted, without=without))


class Wanted:
    """What the tests of `find` say about the names."""

    def __init__(self, words: list[str]) -> None:
        self.names: list[str] = []
        self.without: list[str] = []
        self.paths = False
        self.not_files = False
        negated = False
        for at, word in enumerate(words):
            value = plain(words[at + 1]) if at + 1 < len(words) else ""
            if word in {"!", "-not"}:
                negated = True
                continue
            if word in {"-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename"}:
                pruned = "-prune" in words[at + 2 : at + 3] or "-prune" in words[at + 2 : at + 4]
                self.note(word, value, negated or pruned)
            elif word == "-type" and not negated and value == "d":
                self.not_files = True
            elif word in {"-regex", "-iregex"} and not negated:
                self.paths = True
            if word not in {"(", ")"}:
                negated = False

    def note(self, word: str, value: str, leaves_out: bool) -> None:
        if leaves_out:
            self.without.append(value)
        elif word in {"-name", "-iname"}:
            self.names.append(value)
        else:
            self.names.append(os.path.basename(value.rstrip("/")) or "*")


def find(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    start = next(
        (at for at, word in enumerate(words) if (word.startswith("-") and len(word) > 2) or word in {"(", "!"}),
        len(words),
    )
    roots = [word for word in words[:start] if not word.startswith("-")] or ["."]
    tests = words[start:]
    wanted = Wanted(tests)
    names = tuple(wanted.names) if wanted.names and not wanted.paths and not acts_on_all(tests) else None
    listed = "\n".join(
        shell.refer(Names(plain(root), names=names, without=tuple(wanted.without))) for root in roots[:20]
    )
    if wanted.not_files:
        listed = "\n".join(name + "/" for name in names or () if "*" not in name) or ANY
    at = 0
    while at < len(tests):
        word = tests[at]
        at += 1
        if word in EXECUTES:
            end = next((i for i in range(at, len(tests)) if tests[i] in {";", "+"}), len(tests))
            shell.command(with_listed(tests[at:end], listed.split("\n")), "")
            at = end + 1
        elif word == "-delete":
            for line in listed.split("\n"):
                shell.ask(line, writes=True)
        elif word in WRITES_LIST and at < len(tests):
            shell.ask(tests[at], writes=True)
    return listed + "\n"


def acts_on_all(tests: list[str]) -> bool:
    """`-name x -o -exec …`: what stands behind `-o` is done to what has another name."""
    named, acts = False, False
    for word in [*tests, "-o"]:
        if word in {"-o", "-or", ","}:
            if acts and not named and ("-o" in tests or "-or" in tests or "," in tests):
                return True
            named, acts = False, False
        named = named or word in {"-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename"}
        acts = acts or word in EXECUTES or word == "-delete"
    return False


def with_listed(words: list[str], lines: list[str]) -> list[str]:
    """`{}` as the names, each an argument of its own."""
    placed: list[str] = []
    for word in words:
        placed += lines if word == "{}" else [word.replace("{}", lines[0])]
    return placed


def find_fast(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`fd`: what follows `-x` or `-X` is run on each name."""
    at = next((i for i, word in enumerate(words) if word in {"-x", "-X", "--exec", "--exec-batch"}), len(words))
    options = Options(words[:at], "-e --extension -t --type -d --max-depth -E --exclude -g -c -S --base-directory")
    hidden = options.has("-H", "--hidden", "-u", "--unrestricted")
    ignored = options.has("-I", "--no-ignore", "-u", "--unrestricted")
    pattern = plain(options.rest[0]) if options.rest else ""
    folder = plain(options.rest[1]) if len(options.rest) > 1 else "."
    extensions = tuple("*." + value for value in options.values("-e", "--extension"))
    text = bare_pattern(pattern)
    names = extensions or ((pattern,) if options.has("-g", "--glob") else (f"*{text}*",) if text else None)
    listed = shell.refer(
        Names(folder, hidden=hidden, ignored=ignored, names=names, without=tuple(options.values("-E", "--exclude")))
    )
    command = [word for word in words[at + 1 :] if word != ";"]
    if command:
        placed = [word.replace("{}", listed) for word in command]
        return shell.command(placed if placed != command else [*command, listed], "")
    return listed + "\n"


SEARCHERS: dict[str, Callable[[Shell, str, list[str], str], str]] = {
    "grep": grep,
    "ggrep": grep,
    "egrep": grep,
    "fgrep": grep,
    "rgrep": grep,
    "rg": ripgrep,
    "ag": ripgrep,
    "ack": ripgrep,
    "ugrep": grep,
    "find": find,
    "gfind": find,
    "fd": find_fast,
    "fdfind": find_fast,
}
