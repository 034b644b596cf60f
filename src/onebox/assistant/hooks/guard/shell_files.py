"""Commands that copy, move, pack, remove and change files."""

from __future__ import annotations

import os
import re

from onebox.assistant.hooks.guard.shell_code import ask_code, literals
from onebox.assistant.hooks.guard.shell_options import Options, ask_deep
from onebox.assistant.hooks.guard.shell_text import changed_lines
from onebox.assistant.hooks.guard.shell_words import ANY, plain
from onebox.assistant.hooks.guard.shell_written import kept_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

SED_FILE = r"(?:^|[;}{\d$/,|#\s])[rRwW]\s+([^;\n}]{1,300})"
SED_RUNS = r"(?:^|[;}\d$/])e\s+([^\n]{1,300})"
# `--checkpoint-action=exec=CMD`; its other values run nothing.
RUN_BY_TAR = (
    "-I", "--use-compress-program", "--checkpoint-action", "--to-command", "-F", "--info-script",
    "--new-volume-script", "--rsh-command",
)  # fmt: skip
PATCHED = r"(?m)^(?:\+\+\+|---|rename to|rename from|\*\*\* (?:Add|Update|Delete) File:)\s+(?:[ab]/)?(\S+)"


def copy_files(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    """`cp`, `mv`, `install`, `ln`: a template may make a missing secrets file, nothing else may."""
    options = Options(words, "-t --target-directory -S --suffix -m --mode -o -g")
    to_folder = options.values("-t", "--target-directory")
    sources, targets = (options.rest, to_folder) if to_folder else (options.rest[:-1], options.rest[-1:])
    if len(options.rest) == 1 and not to_folder:
        sources, targets = options.rest, []
    moves = name == "mv"
    deep = moves or options.has("-r", "-R", "-a", "--recursive", "--archive", "-d")
    for source in sources:
        reason = next(
            filter(None, (shell.places.holds_guard(shell.home(source), cwd=cwd) for cwd in shell.state.cwds)), ""
        )
        if moves and reason:
            shell.deny(reason)
        if deep:
            ask_deep(shell, source, writes=moves)
        else:
            shell.ask(source, writes=name == "ln")
    for target in targets:
        pass_on(shell, sources, target)
        shell.ask_program(target)
        if not may_make(shell, name, options, sources, target):
            shell.ask(target, writes=True)
        for source in sources:
            inside = os.path.join(target, os.path.basename(source.rstrip("/")))
            if any(os.path.isdir(os.path.join(cwd, shell.home(plain(target)))) for cwd in shell.state.cwds):
                shell.ask(inside, writes=True, removes=not options.has("-n"))
                shell.ask_program(inside)
    return ""


def pass_on(shell: Shell, sources: list[str], target: str) -> None:
    """What was written into a file a moment ago is in its copy too."""
    for source in sources:
        text = shell.text_of(source, "")
        if text:
            inside = os.path.join(target, os.path.basename(source))
            folder = any(os.path.isdir(os.path.join(cwd, shell.home(plain(target)))) for cwd in shell.state.cwds)
            shell.note_written(inside if folder else target, text)


def may_make(shell: Shell, name: str, options: Options, sources: list[str], target: str) -> bool:
    if name not in {"cp", "mv", "install"} or len(sources) != 1 or not shell.is_template(sources[0]):
        return False
    return (name == "cp" and options.has("-n", "--no-clobber", "--update=none")) or shell.is_missing(target)


def remove_files(shell: Shell, name: str, words: list[str], _stdin: str) -> str:
    options = Options(words)
    for word in options.rest:
        if options.has("-r", "-R", "--recursive") or name != "rm":
            ask_deep(shell, word, writes=True)
        else:
            shell.ask(word, writes=True, removes=True)
    return ""


def tee(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    for word in Options(words).rest:
        shell.ask_program(word)
        shell.ask(word, writes=True)
        shell.note_written(word, stdin)
    return stdin


def pack(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`tar`: the folder moves with `-C`, `--exclude` leaves out."""
    without: list[str] = []
    if words and not words[0].startswith("-") and name.endswith("tar"):
        words = ["-" + words[0], *words[1:]]
    valued = "-f --file -T --files-from -X --exclude-from -C --directory --exclude -I --use-compress-program -g"
    valued += " --checkpoint-action --to-command -F --info-script --new-volume-script --rsh-command"
    options = Options(words, valued)
    without += [plain(pattern) for pattern in options.values("--exclude")]
    if options.has("--exclude-vcs-ignores"):
        without += [".env", ".env.*"]
    for archive in options.values("-f", "--file"):
        shell.ask_shapes(archive, writes=options.has("-c", "--create", "-r", "-u"))
    for listed in options.values("-T", "--files-from", "-X", "--exclude-from"):
        for line in shell.text_of(listed, stdin).split("\n"):
            ask_deep(shell, line)
        shell.ask(listed)
    for command in options.values(*RUN_BY_TAR):
        shell.run_apart(command.partition("exec=")[2] if command.startswith("exec=") else command, "")
    reads_archive = options.has("-x", "-t", "--extract", "--list", "--get")
    before = shell.state.cwds
    for folder in options.values("-C", "--directory"):
        shell.state.cwds = tuple(os.path.normpath(os.path.join(cwd, shell.home(plain(folder)))) for cwd in before)
        pack_words(shell, options.rest, tuple(without), reads_archive)
    shell.state.cwds = before
    if not options.has("-C", "--directory"):
        pack_words(shell, options.rest, tuple(without), reads_archive)
    return ANY


def pack_words(shell: Shell, words: list[str], without: tuple[str, ...], reads_archive: bool) -> None:
    if reads_archive:
        shell.ask_unpacked("")
    for word in words:
        if reads_archive:
            shell.ask(word, writes=True)
        else:
            ask_deep(shell, word, without=without)


def unzip(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    for folder in Options(words, "-d -x -P").values("-d") or [""]:
        shell.ask_unpacked(folder)
    for word in words:
        shell.ask_shapes(word, writes=True)
    return ANY


def zip_files(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`zip -r out.zip . -x '*.env*'`; `7z a`, `jar cf`, `rar a` take folders whole."""
    without: list[str] = []
    for option in ("-x", "--exclude"):
        while option in words:
            at = words.index(option)
            end = next((i for i in range(at + 1, len(words)) if words[i].startswith("-")), len(words))
            without += [plain(word) for word in words[at + 1 : end]]
            words = words[:at] + words[end:]
    without += [plain(word[2:].lstrip("r!")) for word in words if word.startswith("-x") and len(word) > 2]
    options = Options(words)
    deep = name != "zip" or options.has("-r", "-R", "--recurse-paths")
    for word in options.rest + [line for line in stdin.split("\n") if options.has("-@") and line]:
        if deep and word not in options.rest[:1]:
            ask_deep(shell, word, without=tuple(without))
        else:
            shell.ask_shapes(word)
    for word in options.rest[:1]:
        shell.ask(word, writes=True)
    return ANY


def synchronise(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`rsync` and `scp`: what stands before a colon is another machine."""
    valued = (
        "-e --rsh --exclude --exclude-from --include --include-from --files-from --filter -f -i -P -l -o -F -c -S -J"
    )
    options = Options(
        words,
        valued
        if name != "rsync"
        else valued.replace(" -P", "").replace(" -i", "").replace(" -c", "").replace(" -S", ""),
    )
    without = tuple(plain(pattern) for pattern in options.values("--exclude"))
    only = tuple(plain(pattern) for pattern in options.values("--include")) if "*" in without else None
    without = () if only else without
    proxies = [value.partition("=")[2] for value in options.values("-o") if value.lower().startswith("proxycommand")]
    for command in options.values("-e", "--rsh", "-S") + proxies:
        shell.run_apart(command, "")
    for listed in options.values("--files-from", "--exclude-from", "--include-from"):
        shell.ask(listed)
    for listed in options.values("--files-from"):
        for line in shell.text_of(listed, stdin).split("\n"):
            ask_deep(shell, line)
    deep = options.has("-r", "-a", "-R", "--recursive", "--archive")
    for position, word in enumerate(options.rest):
        last = position == len(options.rest) - 1 and position > 0
        local = ":" not in word or word.startswith(("/", "./"))
        if not local:
            before, shell.state.elsewhere = shell.state.elsewhere, True
            shell.ask(word.partition(":")[2])
            shell.state.elsewhere = before
        elif last:
            shell.ask(word, writes=True, removes=options.has("--delete"))
            for source in options.rest[:-1] if deep else ():
                if any(
                    os.path.isdir(os.path.join(cwd, shell.home(plain(source)), ".claude")) for cwd in shell.state.cwds
                ):
                    inside = "" if source.endswith("/") else os.path.basename(source)
                    shell.ask_unpacked(os.path.join(word, inside, ".claude"))
        elif deep:
            ask_deep(shell, word, without=without, names=only, writes=options.has("--remove-source-files"))
        else:
            shell.ask(word)
    return ANY


def edit_stream(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`sed`: its script can read, write and run."""
    options = Options([word if not word.startswith("-i") else "-i" for word in words], "-e --expression -f --file -l")
    scripts = options.values("-e", "--expression")
    files = options.rest
    if not scripts and not options.has("-f", "--file"):
        scripts, files = files[:1], files[1:]
    in_place = options.has("-i", "--in-place")
    for listed in options.values("-f", "--file"):
        shell.ask(listed)
        scripts += filter(None, [shell.text_of(listed, stdin)])
    for script in scripts:
        text = plain(script)
        for named in re.finditer(SED_FILE, text):
            shell.ask(named.group(1).strip(), writes=True)
        for command in re.finditer(SED_RUNS, text):
            shell.run_apart(command.group(1), "")
        if text.endswith("/e"):
            shell.run_apart(text.split("/")[-2], "")
    for word in files:
        shell.ask(word, writes=in_place)
        if in_place:
            shell.ask_written(word, kept_text(plain("\n".join(scripts))))
    return ANY if files else changed_lines(scripts, stdin)


def awk(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """Its program can read with getline, write with `>`, and run commands."""
    options = Options(words, "-F -v -f --file --assign --field-separator -i --include -l", stop=True)
    program, files = (options.rest[:1], options.rest[1:]) if not options.has("-f", "--file") else ([], options.rest)
    for listed in options.values("-f", "--file", "-i"):
        shell.ask(listed)
        program = [*program, shell.text_of(listed, stdin)]
    for text in map(plain, program):
        if re.search(r"getline|>|\||system|ARGV|@include|@load", text):
            ask_code(shell, "awk", text.replace("|", " | exec "))
            for value in options.values("-v", "--assign"):
                shell.ask_shapes(value, writes=True)
    for word in files:
        shell.ask_shapes(word)
        if "inplace" in options.values("-i", "--include"):
            shell.ask(word, writes=True)
            shell.ask_written(word, kept_text(plain("\n".join([*program, *options.values("-v", "--assign")]))))
    if not files and program and "BEGIN" in program[0]:
        return "\n".join([*literals(plain(program[0])), stdin])
    return ANY if files else stdin


def copy_blocks(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    for word in words:
        key, _, value = word.partition("=")
        if key in {"if", "of"}:
            shell.ask(value, writes=key == "of")
            if key == "of":
                shell.ask_written(value, stdin)
    return stdin or ANY


def compare(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`diff -r` prints what is in two trees."""
    options = Options(words, "-x --exclude -I -U -C -W --label -X")
    without = tuple(plain(value) for value in options.values("-x", "--exclude"))
    deep = options.has("-r", "--recursive") and not options.has("-q", "--brief")
    for word in options.rest:
        if deep:
            ask_deep(shell, word, without=without)
        else:
            shell.ask_shapes(word)
    return ANY


def apply_patch(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    for word in words:
        shell.ask_shapes(word, writes=True)
    ask_patch(shell, stdin)
    return ""


def ask_patch(shell: Shell, text: str) -> None:
    """The files that a patch changes."""
    text = text[:200_000]
    places = list(re.finditer(PATCHED, text))
    for at, named in enumerate(places):
        if named.group(1) == "/dev/null":
            continue
        shell.ask(named.group(1), writes=True)
        until = places[at + 1].start() if at + 1 < len(places) else len(text)
        added = [line[1:] for line in text[named.end() : until].split("\n") if line.startswith("+")]
        shell.ask_written(named.group(1), "\n".join(added))


def pack_listed(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`cpio`: what comes in are names."""
    for word in [*words, *stdin.split("\n")]:
        shell.ask(word, writes=True)
    return ANY


FILE_COMMANDS: dict[str, Callable[[Shell, str, list[str], str], str]] = {
    "cp": copy_files,
    "gcp": copy_files,
    "mv": copy_files,
    "ln": copy_files,
    "install": copy_files,
    "rm": remove_files,
    "unlink": remove_files,
    "mount": remove_files,
    "rmdir": remove_files,
    "shred": remove_files,
    "srm": remove_files,
    "trash": remove_files,
    "rimraf": remove_files,
    "del-cli": remove_files,
    "tee": tee,
    "sponge": tee,
    "tar": pack,
    "gtar": pack,
    "bsdtar": pack,
    "zip": zip_files,
    "unzip": unzip,
    "7z": zip_files,
    "7za": zip_files,
    "jar": zip_files,
    "rar": zip_files,
    "rsync": synchronise,
    "scp": synchronise,
    "sed": edit_stream,
    "gsed": edit_stream,
    "awk": awk,
    "gawk": awk,
    "mawk": awk,
    "nawk": awk,
    "dd": copy_blocks,
    "diff": compare,
    "colordiff": compare,
    "cpio": pack_listed,
    "pax": pack_listed,
    "patch": apply_patch,
    "apply_patch": apply_patch,
}
