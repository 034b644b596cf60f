"""git: it reads what is committed, takes files in, and puts files back."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.shell_files import ask_patch
from onebox.assistant.hooks.guard.shell_options import Options, ask_deep
from onebox.assistant.hooks.guard.shell_words import ANY, BRACKET, ONE, STAR, Names, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

GLOBAL_VALUED = "-C -c --git-dir --work-tree --namespace --exec-path --config-env"
NAMING = set(
    "status ls-files ls-tree check-ignore check-attr rev-parse rev-list branch remote tag fetch pull push clone init "
    "describe shortlog reflog symbolic-ref name-rev merge-base for-each-ref show-ref config worktree notes gc fsck "
    "filter-repo prune count-objects update-index var help version cherry-pick revert merge bundle lfs maintenance "
    "sparse-checkout".split()
)
PUTS_BACK = {"checkout", "restore", "stash", "reset", "switch", "rm", "mv", "read-tree", "checkout-index"}
PRINTS_NAMES = ("--stat", "--name-only", "--name-status", "--numstat", "--shortstat", "--quiet", "--summary")
MESSAGE = "-m --message -F --file -C -c --author --date --fixup --squash -t --template --trailer -S"
RUNS_FROM_CONFIG = ("pager", "editor", "sshcommand", "external", "textconv", "fsmonitor", "cmd", "helper", "hookspath",
    "clean", "smudge", "process", "driver", "askpass", "program", "command",
)  # fmt: skip
READ_FROM_CONFIG = ("template", "path")


def git(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    options = Options(words, GLOBAL_VALUED, stop=True)
    before = shell.state.cwds
    for folder in options.values("-C", "--work-tree"):
        shell.state.cwds = tuple(
            os.path.normpath(os.path.join(cwd, shell.home(plain(folder)))) for cwd in shell.state.cwds
        )
    for setting in options.values("-c"):
        ask_setting(shell, setting)
    try:
        return subcommand(shell, options.rest, stdin) if options.rest else ANY
    finally:
        shell.state.cwds = before


def ask_setting(shell: Shell, setting: str) -> None:
    """`-c alias.x='!cat .env'`, `-c core.pager='cat .env'`."""
    key, _, value = setting.partition("=")
    if value.startswith("!"):
        shell.run_apart(value[1:], "")
    elif key.lower().rpartition(".")[2] in RUNS_FROM_CONFIG:
        shell.run_apart(value, "")
    elif key.lower().rpartition(".")[2] in READ_FROM_CONFIG:
        shell.ask(value)


def subcommand(shell: Shell, words: list[str], stdin: str) -> str:
    name, rest = words[0], words[1:]
    handler = SUBCOMMANDS.get(name)
    if handler is not None:
        return handler(shell, name, rest, stdin)
    if name in NAMING:
        return naming_command(shell, name, rest)
    if name in PUTS_BACK:
        return put_back(shell, name, rest)
    for word in rest:
        ask_revision(shell, word)
    return ANY


def pathspec(word: str) -> str:
    """Git takes patterns of paths itself, also quoted ones."""
    if word.startswith(":(") and ")" in word:
        word = word.partition(")")[2]
    elif word.startswith((":/", ":!", ":^")):
        word = word[2:]
    return word.replace("*", STAR).replace("?", ONE).replace("[", BRACKET)


def leaves_out(word: str) -> bool:
    return word.startswith((":!", ":^")) or (word.startswith(":(") and "exclude" in word.partition(")")[0])


def ask_revision(shell: Shell, word: str, *, writes: bool = False) -> None:
    """`HEAD:.env`, `.env`, `stash@{0}:.env`, `--output=.env`."""
    if leaves_out(word):
        return
    if word.startswith("-"):
        shell.ask_shapes(word, writes=True)
        return
    shell.ask(pathspec(word), writes=writes)
    if ":" in word and "://" not in word:
        shell.ask(pathspec(word.partition(":")[2].lstrip(":")), writes=writes)


def naming_command(shell: Shell, name: str, words: list[str]) -> str:
    ask_its_files(shell, name, words)
    if name == "check-ignore":
        return "\n".join(word for word in words if not word.startswith("-")) + "\n"
    if name == "status" and any(word.startswith("--ignored") for word in words):
        return shell.refer(Names(".")) + "\n"
    if name == "rev-parse" and words == ["--show-toplevel"]:
        return top_of(shell.state.cwds[0]) + "\n"
    return listed_files(shell, words) if name == "ls-files" else ANY


def top_of(folder: str) -> str:
    """The repository's folder, so that what takes it whole is known to."""
    top = folder
    while not os.path.exists(os.path.join(top, ".git")):
        above = os.path.dirname(top)
        if above == top:
            return ANY
        top = above
    return top


def ask_its_files(shell: Shell, name: str, words: list[str]) -> None:
    """What a command that else only names would read: a setting's program, a note's text, what is added or bundled."""
    if name == "config":
        if len(words) > 1:
            ask_setting(shell, f"{words[-2]}={words[-1]}")
        for file in Options(words, "-f --file").values("-f", "--file"):
            shell.ask(file, writes=True)
    if name == "sparse-checkout" and words[:1] == ["set"] and not any(".claude" in word for word in words):
        shell.ask(".claude/settings.json", writes=True)
    if name == "bundle" or (name == "update-index" and "--add" in words):
        for word in words:
            ask_revision(shell, word, writes=name == "bundle")
    if name in {"notes", "tag"}:
        options = Options(words, "-F --file -m --message")
        for file in options.values("-F", "--file"):
            shell.ask(file)
        for message in options.values("-m", "--message"):
            shell.ask_written(".git-message", message)


def listed_files(shell: Shell, words: list[str]) -> str:
    """`git ls-files`: what git keeps, or with `-o` what it does not."""
    options = Options(words, "-x --exclude -X --exclude-from")
    ignored = options.has("-i", "--ignored") or (
        options.has("-o", "--others") and not options.has("--exclude-standard")
    )
    told = [plain(word) for word in words if not word.startswith("-") and not leaves_out(word)]
    lines = [] if told else [shell.refer(Names(".", ignored=ignored))]
    for word in told:
        folder, name = os.path.split(word)
        if "*" in name:
            lines.append(shell.refer(Names(folder or ".", ignored=ignored, names=(name,))))
        else:
            lines += [word, shell.refer(Names(word, ignored=ignored))]
    return "\n".join(lines) + "\n"


def show(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    """`show`, `diff`, `log -p`: they print what is in files, unless only names are asked for."""
    named_only = any(word.startswith(PRINTS_NAMES) for word in words)
    patch = name != "log" or any(
        word in {"-p", "-u", "--patch", "-c", "--cc"} or word.startswith(("-L", "-G", "-U", "--word-diff"))
        for word in words
    )
    options = Options(
        words, "-S -G -n -L --author --committer --grep --since --until --format --pretty --date --output"
    )
    for place in options.values("-L"):
        shell.ask(place.rpartition(":")[2])
    for file in options.values("--output"):
        shell.ask(file, writes=True)
    for word in options.rest if patch and not named_only else ():
        ask_revision(shell, word)
    return ANY


def add(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    options = Options(words, "--chmod --pathspec-from-file")
    forced = options.has("-f", "--force")
    whole = options.has("-A", "--all")
    if options.has("-n", "--dry-run", "-u", "--update"):
        return ANY
    without = tuple(pathspec(word).replace(STAR, "*") for word in options.rest if leaves_out(word))
    paths = [pathspec(word) for word in options.rest if not leaves_out(word)]
    for word in options.rest:
        if any(mark in word for mark in "*?[") and not leaves_out(word):
            # In quotes: git looks for it in the whole tree, and a star stands for dots too.
            folder, name = os.path.split(plain(pathspec(word)))
            literal = folder and not any(mark in folder for mark in "*?[")
            found = Names(folder if literal else ".", ignored=forced, names=(name,), changed=not forced, follows=False)
            shell.ask_names(found)
    for path in paths or (["."] if whole else []):
        ask_deep(shell, path, ignored=forced, without=without, changed=not forced)
    if options.has("--pathspec-from-file"):
        for line in stdin.split("\n"):
            shell.ask(line)
    return ANY


def commit(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    options = Options(words, MESSAGE)
    for file in options.values("-F", "--file", "-t", "--template"):
        shell.ask(file)
    for message in options.values("-m", "--message"):
        shell.ask_written(".git-message", message)
    for word in options.rest:
        shell.ask(pathspec(word))
    return ANY


def put_back(shell: Shell, name: str, words: list[str]) -> str:
    """What takes files away or puts older ones in their place."""
    if name == "rm" and "--cached" in words:
        return ANY
    if name == "stash":
        return stash(shell, words)
    options = Options(words, "-b -B -c -C -s --source --orphan --pathspec-from-file")
    if name == "reset" and not options.has("--hard"):
        return ANY
    for word in options.rest:
        if not leaves_out(word):
            path = pathspec(word)
            shell.ask(path, writes=True, removes=path.strip("./") != "")
    return ANY


def stash(shell: Shell, words: list[str]) -> str:
    options = Options(words, "-m --message")
    if options.rest[:1] in (["list"], ["drop"], ["clear"], ["branch"]):
        return ANY
    if options.rest[:1] == ["show"]:
        return show(shell, "show", words[1:], "")
    if options.rest[:1] not in (["apply"], ["pop"], ["create"], ["store"]):
        if options.has("-a", "--all"):
            ask_deep(shell, ".", writes=True)
        elif options.has("-u", "--include-untracked"):
            ask_deep_tracked(shell)
    paths = options.rest[1:] if options.rest[:1] in (["push"], ["save"], ["apply"], ["pop"]) else options.rest
    for word in paths:
        shell.ask(pathspec(word), writes=True, removes=word.strip("./") != "")
    return ANY


def ask_deep_tracked(shell: Shell) -> None:
    shell.ask_names(Names(".", ignored=False, changed=True, follows=False), writes=False)


def objects(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`cat-file --batch`, `hash-object --stdin-paths`: what comes in names what is read."""
    for word in words:
        ask_revision(shell, word)
    for line in stdin.split("\n") if any(word.startswith(("--batch", "--stdin-paths")) for word in words) else ():
        ask_revision(shell, line)
    return ANY


def clean(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    options = Options(words, "-e --exclude")
    if options.has("-n", "--dry-run") or not options.has("-f", "--force"):
        return shell.refer(Names(".", ignored=options.has("-x", "-X"))) + "\n"
    without = tuple(plain(value) for value in options.values("-e", "--exclude"))
    ignored = options.has("-x", "-X")
    for word in options.rest or ["."]:
        shell.ask(pathspec(word), writes=True, removes=word.strip("./") != "")
        shell.ask_names(Names(plain(word), ignored=ignored, without=without, follows=False))
    return ANY


def search(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`git grep` reads what is tracked."""
    options = Options(words, "-e -f -m -A -B -C --max-depth --threads")
    files = options.rest if options.has("-e", "-f") else options.rest[1:]
    for listed in options.values("-f"):
        shell.ask(listed)
    for word in files:
        ask_revision(shell, word)
    for word in words:
        if word.startswith(("-O", "--open-files-in-pager=")):
            shell.run_apart(word[2:] if word[1] == "O" else word.partition("=")[2], "")
    if options.has("--no-index", "--untracked"):
        ask_deep(shell, ".", ignored=options.has("--no-exclude-standard") or options.has("--no-index"))
    return shell.refer(Names(".", hidden=False, ignored=False)) + "\n" if options.has("-l", "--name-only") else ANY


def apply(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    for word in words:
        ask_revision(shell, word)
    if not any(word in {"--check", "--stat", "--numstat"} for word in words):
        ask_patch(shell, stdin)
    return ANY


def run_each(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`submodule foreach`, `bisect run`, `rebase --exec`, `filter-branch --tree-filter`."""
    if name == "submodule" and "add" in words:
        for word in words:
            shell.ask(word)
    options = Options(words, "-x --exec --tree-filter --index-filter --msg-filter --env-filter --onto")
    for command in options.values("-x", "--exec", "--tree-filter", "--index-filter", "--msg-filter", "--env-filter"):
        shell.run_apart(command, stdin)
    if name in {"submodule", "bisect"} and any(word in {"foreach", "run"} for word in words):
        at = next(at for at, word in enumerate(words) if word in {"foreach", "run"})
        told = [word for word in words[at + 1 :] if word not in {"--recursive", "-q"}]
        if name == "submodule" and len(told) == 1:
            shell.run_apart(told[0], stdin)
        elif told:
            shell.command(told, stdin)
    return ANY


def archive(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    options = Options(words, "-o --output --format --prefix --remote")
    for file in options.values("-o", "--output"):
        shell.ask(file, writes=True)
    for word in options.rest:
        ask_revision(shell, word)
    return ANY


SUBCOMMANDS: dict[str, Callable[[Shell, str, list[str], str], str]] = {
    "show": show,
    "diff": show,
    "log": show,
    "whatchanged": show,
    "add": add,
    "stage": add,
    "commit": commit,
    "clean": clean,
    "cat-file": objects,
    "hash-object": objects,
    "grep": search,
    "apply": apply,
    "am": apply,
    "submodule": run_each,
    "bisect": run_each,
    "rebase": run_each,
    "filter-branch": run_each,
    "archive": archive,
}
GIT_COMMANDS: dict[str, Callable[[Shell, str, list[str], str], str]] = {"git": git, "hub": git}
