"""Commands that run other commands, here or elsewhere, and those that run programs given as text."""

from __future__ import annotations

import os
import re

from onebox.assistant.hooks.guard.shell_code import LISTS, READS, ask_code, literals
from onebox.assistant.hooks.guard.shell_options import Options, ask_deep
from onebox.assistant.hooks.guard.shell_python import python_prints
from onebox.assistant.hooks.guard.shell_services import serve_folder
from onebox.assistant.hooks.guard.shell_words import ANY, Beyond, Names, Pipe, plain
from onebox.assistant.hooks.guard.shell_written import kept_text, paths_written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

# name: how many arguments come before the command | its options that take a value. `+word`: that word first.
WRAPPERS = """
command: 0
builtin: 0
exec: 0 -a
nohup: 0
setsid: 0
sudo: 0 -u -g -h -p -C -r -t -T -U -D -R --user --group --chdir
doas: 0 -u -C
time: 0 -f -o --format --output
gtime: 0 -f -o
timeout: 1 -s -k --signal --kill-after
gtimeout: 1 -s -k
nice: 0 -n --adjustment
ionice: 0 -c -n -p --class --classdata
chrt: 1
taskset: 1
stdbuf: 0 -i -o -e --input --output --error
unbuffer: 0
chronic: 0
caffeinate: 0 -t -w
strace: 0 -o -e -p -s -P
ltrace: 0 -o -e
perf: 1 -o -e
valgrind: 0
xvfb-run: 0 -s -n -e
proot: 0
fakeroot: 0
catchsegv: 0
busybox: 0
toybox: 0
chroot: 1
flock: 1 -w -E --timeout
entr: 0
watch: 0 -n --interval
hyperfine: 0 -w -m -M -r -n --warmup --runs
npx: 0 -p --package -c --call
bunx: 0
pnpx: 0
uvx: 0 --from --with -p --python
pipx: 1 --spec
tsx: 0
ts-node: 0
coverage: 1
winpty: 0
rtk: 0
direnv: 2
mise: 1
asdf: 1
rbenv: 1
pyenv: 1
bundle: 1
conda: 1 -n -p --name
op: 1
doppler: 1
infisical: 1
aws-vault: 2
chamber: 2
"""
# `npm exec X`, `uv run X`: only with this word does the rest run.
RUN_WORDS = {
    "npm": {"exec", "x"}, "pnpm": {"exec", "dlx"}, "yarn": {"exec", "dlx"}, "uv": {"run"}, "poetry": {"run"},
    "pipenv": {"run"}, "pdm": {"run"}, "hatch": {"run"}, "rye": {"run"}, "dotenv": {"run"}, "dotenvx": {"run"}, "dotenv-cli": set(),
    "env-cmd": set(), "op": {"run"},
    "pixi": {"run"}, "nix": {"run", "shell", "develop"},
}  # fmt: skip
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
SERVERS = ("http.server", "pyftpdlib", "uploadserver")
MOST_INCOMING = 2000
MOST_PRINTED = 20
PRINTS_TEXT = r"\b(?:print|puts|echo|say)\b|console\.log"
DOTENVS = {"dotenv", "dotenvx", "dotenv-cli"}
RUN_VALUED = (
    "--env-file -f --file -e --with --with-requirements --python -p --package --group --extra --directory --project "
    "-C --filter -w --workspace --prefix -c --call --env -n"
)
ENVIRONMENT_FILES = ("--env-file", "-f", "--file", "-e", "--env", "--env-file-if-exists", "-p", "--project")
SHELLS = {"sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "rbash", "mksh"}
SHELLS_OF_WINDOWS = ("pwsh", "powershell", "cmd", "pwsh.exe", "powershell.exe", "cmd.exe")
LANGUAGES = {
    "python": "-c", "python2": "-c", "python3": "-c", "pypy": "-c", "pypy3": "-c", "ipython": "-c",
    "node": "-e --eval -p --print -pe", "nodejs": "-e --eval -p --print", "deno": "-e", "bun": "-e --eval -p --print",
    "tsx": "-e --eval -p", "perl": "-e -E", "ruby": "-e", "php": "-r -R -B -E", "lua": "-e", "Rscript": "-e",
    "osascript": "-e", "julia": "-e -E", "groovy": "-e", "elixir": "-e --eval", "swift": "-e", "jshell": "",
    "tclsh": "", "irb": "", "R": "-e", "ghc": "-e", "raku": "-e", "erl": "-eval",
}  # fmt: skip


def wrap(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`sudo -u x CMD`, `timeout 5 CMD`, `npx CMD`."""
    count, _, valued = wrappers()[name].partition(" ")
    options = Options(words, valued, stop=True)
    if name in {"command", "builtin"} and options.has("-v", "-V"):
        return ANY
    for value in options.all_values():
        shell.ask(value, writes=True)
    folders = options.values("-D", "--chdir")
    rest = options.rest
    if name == "npx":
        together_apart(shell, options.values("-c", "--call"), stdin)
    while rest and "=" in rest[0] and name in {"sudo", "doas"}:
        key, _, value = rest[0].partition("=")
        shell.set_variable(key, [value])
        rest = rest[1:]
    for word in rest[: int(count)]:
        shell.ask_shapes(word)
    rest = rest[int(count) :]
    rest = rest[1:] if rest[:1] == ["--"] else rest
    if name == "flock" and rest[:1] in (["-c"], ["--command"]):
        return together_apart(shell, rest[1:], stdin)
    if (name in {"watch", "entr", "hyperfine"} and len(rest) == 1) or name == "hyperfine":
        return together_apart(shell, rest, stdin)
    if name in {"sudo", "doas"} and not rest and options.has("-s", "-i"):
        return shell.run_apart(stdin, "") if stdin else ANY
    return in_folders(shell, folders, rest, stdin)


def together_apart(shell: Shell, commands: list[str], stdin: str) -> str:
    for command in commands:
        shell.run_apart(command, stdin)
    return ANY


def in_folders(shell: Shell, folders: list[str], words: list[str], stdin: str) -> str:
    before = shell.state.cwds
    for folder in folders:
        shell.state.cwds = tuple(os.path.normpath(os.path.join(cwd, shell.home(plain(folder)))) for cwd in before)
    try:
        return shell.command(words, stdin) if words else ANY
    finally:
        shell.state.cwds = before


def wrappers() -> dict[str, str]:
    return {line.partition(": ")[0]: line.partition(": ")[2] for line in WRAPPERS.strip().split("\n")}


def environment(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    options = Options(words, "-u --unset -C --chdir -S --split-string", stop=True)
    rest = options.rest
    before = shell.state.copy()
    while rest and "=" in rest[0]:
        key, _, value = rest[0].partition("=")
        shell.set_variable(key, [value])
        rest = rest[1:]
    for text in options.values("-S", "--split-string"):
        rest = [*text.split(), *rest]
    output = in_folders(shell, options.values("-C", "--chdir"), rest, stdin)
    shell.state.variables = before.variables
    return output


def run_shell(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`bash -lc '…' a b`, `bash script`, `bash <<EOF`."""
    at = 0
    while at < len(words) and words[at].startswith(("-", "+")) and len(words[at]) > 1:
        option = words[at]
        at += 1
        if option.startswith("--"):
            at += asked_start_file(shell, option, words[at : at + 1])
            continue
        if "c" in option:
            rest = words[at:]
            while rest and rest[0].startswith("-") and len(rest[0]) > 1:
                rest = rest[1:]
            return shell.run_apart(rest[0], stdin, arguments=rest[2:], itself=rest[1:2]) if rest else ANY
        if option in {"-o", "-O", "+o", "+O"}:
            shell.state.dotglob = shell.state.dotglob or words[at : at + 1] == ["dotglob"]
            at += 1
        if "s" in option:
            return shell.run_apart(stdin, "", arguments=words[at:])
    if at >= len(words) or words[at] in {"-", "/dev/stdin"}:
        return shell.run_apart(stdin, "") if stdin.strip(ANY + "\n") else ANY
    for thing in shell.referred(words[at]):
        if isinstance(thing, Pipe):
            return shell.run_apart(thing.text, "")
    if shell.was_written(words[at]):
        return shell.run_apart(shell.was_written(words[at]), stdin, arguments=words[at + 1 :])
    shell.ask(words[at])
    for word in words[at + 1 :]:
        shell.ask_shapes(word, writes=True)
    return ANY


def asked_start_file(shell: Shell, option: str, told: list[str]) -> int:
    if option not in {"--rcfile", "--init-file"}:
        return 0
    for file in told:
        shell.ask(file)
    return len(told)


def check_or_run(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`sh -n script`: it is read, and nothing of it is run."""
    if words[:1] != ["-n"]:
        return run_shell(shell, name, words, stdin)
    for word in words[1:]:
        shell.ask(word)
    return ANY


def run_shell_of_windows(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`pwsh -c '…'`, `cmd.exe /c …`"""
    from onebox.assistant.hooks.guard.powershell import run_in_powershell

    return run_in_powershell(shell, [name.lower().removesuffix(".exe"), *words], stdin)


def run_language(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`python -c CODE`, `node -e CODE`, `perl -ne CODE file`, and code that comes in."""
    flags = LANGUAGES.get(name, "-c").split()
    language = "python" if "py" in name else name
    if name == "php" and words[:1] in (["-l"], ["--syntax-check"]):
        # It says which line is no PHP, and shows none.
        return ANY
    given = False
    programs: list[str] = []
    printed: list[str] = []
    rest: list[str] = []
    at = 0
    if name in {"deno", "bun"} and words[:1] in (["eval"], ["run"]):
        words = ["-e", *words[1:]] if words[0] == "eval" else words[1:]
    while at < len(words):
        word = words[at]
        at += 1
        code: str | None = None
        if word in flags or is_cluster(word, flags):
            code = words[at] if at < len(words) else ""
            at += 1
        elif word.startswith(("--eval=", "--print=")):
            code = word.partition("=")[2]
        elif any(word.startswith(flag) and len(flag) == 2 and not word.startswith("--") for flag in flags):
            code = word[2:]
        if code is not None:
            given = True
            ask_program(shell, language, code, stdin)
            programs.append(code)
            printed += [python_prints(plain(code))] if language == "python" else printed_texts(code)
        else:
            rest.append(word)
    loads_and_runs(shell, rest, given)
    files = [word for word in rest if not word.startswith("-")]
    if language in {"python", "php", "ruby"} and serves(shell, language, words):
        return ANY
    if stdin and stdin != ANY and not given and (not files or "-" in words):
        ask_program(shell, language, stdin, "")
    ask_script(shell, language, rest, given)
    if any(word.startswith("-") and "i" in word and not word.startswith("--") for word in words):
        shell.ask_edited(files, "\n".join(programs))
    if any(re.search(LISTS, program) and not re.search(READS, program) for program in programs):
        printed.append(shell.refer(Names(".", deep=False)))
    return "\n".join(filter(None, printed)) or ANY


def serves(shell: Shell, language: str, words: list[str]) -> bool:
    """`python -m http.server`, `php -S localhost:8000`; `python -m tarfile -c x.tar .`."""
    if language == "php":
        options = Options(words, "-S -t -c -d -f")
        if options.has("-S"):
            serve_folder(shell, (options.values("-t") or ["."])[0], runs_php=True)
        return False
    if language == "ruby":
        if "-run" in words and any("httpd" in word for word in words):
            told = [word for word in words if not word.startswith("-") and "httpd" not in word]
            serve_folder(shell, (told or ["."])[0])
        return False
    module = words[words.index("-m") + 1 : words.index("-m") + 2] if "-m" in words else []
    if module == ["dotenv"]:
        run_loader(shell, "dotenv", words[words.index("-m") + 2 :], "")
    if module and module[0] in SERVERS:
        options = Options(words, "-m -d --directory -b --bind")
        serve_folder(shell, (options.values("-d", "--directory") or ["."])[0])
    elif module in (["tarfile"], ["zipfile"]) and ("-c" in words or "--create" in words):
        for word in words[words.index("-m") + 3 :]:
            ask_deep(shell, word)
    return bool(module) and module[0] in SERVERS


def is_cluster(word: str, flags: list[str]) -> bool:
    """`-ne`, `-pe`, `-lane`: a cluster of short options of which the last takes the code."""
    return bool(re.fullmatch(r"-[a-zA-Z0]{2,6}", word)) and "-" + word[-1] in flags


def ask_program(shell: Shell, language: str, code: str, stdin: str) -> None:
    ask_code(shell, language, plain(code))
    if language == "tclsh":
        # Its words stand bare: `[open .env]`.
        ask_code(shell, language, re.sub(r"[\[\]{}*]", " ", plain(code)), words_too=True)
    if re.search(r"environ|getenv|ENV\b|\.env\.", code):
        for name in list(shell.state.variables):
            for value in shell.state.variables[name] if re.search(rf"\b{re.escape(name)}\b", code) else ():
                shell.ask(value)
    for line in stdin.split("\n"):
        # What comes in may be names of files that the program opens.
        if line and not re.search(r"\s", line) and re.search(r"open\(|read_text|Sync\(|slurp|<>|File\b", code):
            shell.ask(line)
    for path in paths_written(code):
        shell.ask_written(path, kept_text(plain(code)))


def printed_texts(code: str) -> list[str]:
    return literals(plain(code))[:MOST_PRINTED] if re.search(PRINTS_TEXT, code) else []


def loads_and_runs(shell: Shell, words: list[str], given: bool) -> None:
    """`node --env-file=.env app.js` is fine; with code that could print it, it is not."""
    for at, word in enumerate(words):
        if word.startswith("pycache_prefix="):
            shell.ask(word.partition("=")[2], writes=True)
        if word.startswith("--env-file"):
            value = word.partition("=")[2] or (words[at + 1] if at + 1 < len(words) else "")
            if given:
                shell.ask(value)
        if word.endswith(("dotenv/config", "dotenvx/config")) and given:
            shell.ask(".env")


def ask_script(shell: Shell, language: str, words: list[str], given: bool) -> None:
    """The script is read; what it is given may be read and written."""
    first = not given
    skip = False
    for word in words:
        if skip:
            skip = False
            continue
        if word.startswith("--env-file"):
            skip = "=" not in word
        elif first and not word.startswith("-"):
            first = False
            shell.ask(word)
            if shell.was_written(word):
                ask_program(shell, language, shell.was_written(word), "")
            for thing in shell.referred(word):
                if isinstance(thing, Pipe):
                    ask_program(shell, language, thing.text, "")
        else:
            shell.ask_shapes(word, writes=True)


def run_many(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`xargs` and `parallel`: what comes in are the arguments."""
    if ":::" in words:
        stdin = "\n".join(words[words.index(":::") + 1 :])
        words = words[: words.index(":::")]
    if "::::" in words:
        for file in words[words.index("::::") + 1 :]:
            shell.ask(file)
            stdin = shell.text_of(file, stdin)
        words = words[: words.index("::::")]
    valued = "-I -i -n -P -L -l -s -d -E -a --arg-file --max-args --max-procs --replace --delimiter -j --jobs --colsep"
    options = Options(words, valued.replace(" -i", "").replace(" -l", ""), stop=True)
    for file in options.values("-a", "--arg-file"):
        shell.ask(file)
        stdin = shell.text_of(file, stdin)
    command = options.rest or ["echo"]
    if name == "parallel" and len(command) == 1 and " " in command[0]:
        command = ["sh", "-c", command[0]]
    mark = (options.values("-I", "--replace") or ["{}"])[0]
    incoming = stdin.replace("\0", "\n").split()
    if len(incoming) > MOST_INCOMING:
        raise Beyond("too many words come in")
    if any(mark in word for word in command):
        lines = [line for line in stdin.replace("\0", "\n").split("\n") if line] or [ANY]
        for line in lines:
            shell.command([word.replace(mark, line) for word in command], "")
        return ANY
    return shell.command([*command, *incoming], "")


def run_loader(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    """`uv run --env-file .env pytest`, `dotenv -f .env run CMD`: they load the file; what they run must not print it."""
    ran = next((at for at, word in enumerate(words) if word in {"-c", "--command"}), 0) if name == "nix" else 0
    if ran:
        return shell.command(words[ran + 1 :], stdin)
    options = Options(words, RUN_VALUED, stop=True)
    if name in {"dotenv", "dotenv-cli"} and options.has("-p"):
        shell.ask(".env")
    loaded = options.values(*ENVIRONMENT_FILES)
    rest = options.rest
    run_words = RUN_WORDS[name]
    if rest[:1] and rest[0] in run_words:
        inner = Options(rest[1:], RUN_VALUED, stop=True)
        loaded += inner.values(*ENVIRONMENT_FILES)
        rest = inner.rest
        if name in {"npm", "pnpm"}:
            together_apart(shell, inner.values("-c", "--call"), stdin)
        folders = options.values("--directory", "-C", "--prefix") + inner.values("--directory", "-C")
    elif name == "env-cmd":
        folders = []
    elif name in DOTENVS and "--" in words:
        rest = words[words.index("--") + 1 :]
        folders = []
    elif name in DOTENVS and rest and rest[0] not in {"list", "get", "set", "unset", "encrypt", "decrypt"}:
        folders = []
    else:
        if name in DOTENVS:
            shell.ask((loaded or [".env"])[0])
        for word in words:
            shell.ask_shapes(word, writes=True)
        return ANY
    if name in DOTENVS and not loaded and not shell.is_missing(".env"):
        loaded = [".env"]
    shell.refuse_printing(loaded, rest)
    rest = rest[1:] if rest[:1] == ["--"] else rest
    return in_folders(shell, folders, rest, stdin)


def switch_user(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`su -c CMD`, `script -c CMD`, `nix-shell --run CMD`."""
    options = Options(words, "-c --command --run -s --shell")
    for command in options.values("-c", "--command", "--run"):
        shell.run_apart(command, stdin)
    for word in options.rest:
        shell.ask(word, writes=True)
    if not options.has("-c", "--command", "--run") and stdin.strip(ANY + "\n"):
        shell.run_apart(stdin, "")
    return ANY


def terminal(shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`tmux send-keys 'CMD' Enter`, `tmux new -d CMD`, `screen -X stuff CMD`."""
    for word in words:
        if " " in word:
            shell.run_apart(word, "")
    kept = [word for word in words if word not in {"Enter", "C-m"} and not word.startswith("-")]
    for word in kept:
        shell.ask_shapes(word)
    return ANY


def make(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    options = Options(words, "-C --directory -f --file --makefile -j -o -W -I")
    before = shell.state.cwds
    told = options.values("-f", "--file", "--makefile")
    files = told or [*MAKEFILES]
    folders = options.values("-C", "--directory")
    for folder in folders:
        shell.state.cwds = tuple(os.path.normpath(os.path.join(cwd, shell.home(plain(folder)))) for cwd in before)
    files += [os.path.join(folder, file) for folder in folders for file in files]
    written = stdin + "".join(shell.text_of(file, "") for file in files)
    recipes = [line for line in written.split("\n") if line.startswith("\t") or "$(shell " in line]
    recipes += [line.partition(";")[2] for line in written.split("\n") if re.match(r"[^\t#=]+:[^=]*;", line)]
    # A project's own Makefile loads .env, as `--env-file` does; another one is made for this command alone.
    for line in re.findall(r"(?m)^[-s]?include[ \t]+(\S[^\n]*)", written if told else stdin):
        for word in line.split():
            shell.ask(word)
    for text in options.values("--eval") + recipes:
        shell.run_apart(text.strip("\t@-").replace("$(shell ", "$("), "")
    for word in options.rest + options.values("-f", "--file", "--makefile"):
        shell.ask_shapes(word)
    shell.state.cwds = before
    return ANY


def find_runners() -> dict[str, Callable[[Shell, str, list[str], str], str]]:
    table: dict[str, Callable[[Shell, str, list[str], str], str]] = {}
    table.update(dict.fromkeys(wrappers(), wrap))
    table.update(dict.fromkeys(LANGUAGES, run_language))
    table.update({f"python3.{minor}": run_language for minor in range(6, 20)})
    table.update(dict.fromkeys(SHELLS, check_or_run))
    table.update(dict.fromkeys(SHELLS_OF_WINDOWS, run_shell_of_windows))
    table.update(dict.fromkeys(RUN_WORDS, run_loader))
    table.update(dict.fromkeys(("xargs", "gxargs", "parallel"), run_many))
    table.update(dict.fromkeys(("su", "script", "nix-shell", "at", "batch", "runuser"), switch_user))
    table.update(dict.fromkeys(("tmux", "screen"), terminal))
    table.update(dict.fromkeys(("make", "gmake"), make))
    table["env"] = environment
    return table


RUNNERS = find_runners()
