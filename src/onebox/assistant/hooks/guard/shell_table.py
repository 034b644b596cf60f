"""Which command does what with its arguments: data, to be read and extended; and what each kind means.

Per line: the commands, a colon, the kind, and what the kind needs.
  names    only names what it is given, or tells its size and date
  makes    the same, and makes it where nothing is: of what guards the secrets that is not harmless
  text     prints or sends its arguments as text
  reads    reads the files that it is given
  mode     changes owner or mode: of a secret that is harmless, of the guard's own files it is not
  pattern  the first argument is a pattern or program, unless one of the options (before `|`) gives it;
           after `|`: all options that take a value
  only     of its arguments only these options' values are files, and what stands after `@`
  code     its arguments are files and programs that may name files
  sql      the same, where a program says that it reads or writes one
A command that is not here reads and writes the files that it is given, in whatever shape.
"""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_asking import is_address, shapes
from onebox.assistant.hooks.guard.shell_code import ask_code, literals
from onebox.assistant.hooks.guard.shell_options import Options
from onebox.assistant.hooks.guard.shell_words import ANY, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

COMMANDS = """
true false : exit return break continue sleep wait kill pkill killall ps jobs fg bg disown umask ulimit times: text
which whereis type hash command-not-found help apropos history clear reset tput stty tty seq yes: text
ssh-add notify-send write banner figlet cowsay expr let cal uname hostname whoami id groups: text
man info glab\tsnippet slack\tfile: reads
logger say: only -f --file
brew apt apt-get yum dnf apk pacman snap systemctl service launchctl journalctl unset unalias getopts: text
jira glab slack todo redis-cli: text
[ test stat file date dirname realpath readlink df pathchk wc cksum sum: names
touch mkdir mktemp mkfifo: makes
md5 md5sum sha1sum sha224sum sha256sum sha384sum sha512sum shasum b2sum namei lsof fuser getfacl lsattr: names
namei inotifywait fswatch find2perl code-workspace locate mdfind updatedb cd complete: names
ls-files dotnet-env: names
chmod chown chgrp setfacl chattr xattr chflags: mode
cat tac nl less more most bat batcat strings od xxd hexdump hd sort uniq paste join comm column: reads
fold fmt pr expand unexpand tsort shuf cmp sdiff diff3 vimdiff delta look iconv: reads
base32 basenc gzcat zcat bzcat xzcat zstdcat zless view pygmentize jless fx glow mdcat highlight: reads
node_modules_check pbcopy xclip xsel wl-copy open xdg-open start: reads
grepdiff zgrep zegrep zfgrep bzgrep xzgrep: pattern -e -f --regexp --file | -e -f -m -A -B -C -d -D --regexp --file
jq jaq gojq: pattern -f --from-file | -f --from-file --arg --argjson --indent --tab -L
yq: pattern --from-file | --from-file -p -o --input-format --output-format
wget: only -O --output-document -i --input-file --post-file --body-file -o -a --load-cookies --config
gh\tpr gh\tissue gh\tapi gh\trun gh\tworkflow gh\tsearch gh\tlabel: only -F --body-file --input --template
psql mysql mariadb sqlite3 mongosh mongo duckdb clickhouse-client clickhouse-local: sql
vim vi nvim ex ed emacs nano gdb lldb expect m4 dc bc crontab: code
"""
LOADERS = """
ansible-playbook ansible-vault: --vault-password-file --private-key --key-file
mosh autossh: -i
uvicorn gunicorn hypercorn granian: --env-file --ssl-keyfile --ssl-certfile --keyfile --certfile
flask honcho foreman heroku overmind hivemind nf: -e --env --env-file
npm pnpm yarn: --userconfig
act: --secret-file --env-file --var-file
fastapi vite wrangler supabase vercel netlify sst: --env-file
"""

# What an option of this name is given is loaded, whatever program it is of.
LOADS_ITSELF = "--env-file"
TOUCHES_FILES = (
    r"(?im)\\[a-z!.]|^\s*\.[a-z]|pg_\w{0,20}file|\bcopy\b|\bload\b|\bsource\b|outfile|dumpfile|readfile|writefile|\battach\b"
    r"|read_\w{2,10}\(|\bfs\.|\bcat\(|\bfile\("
)
PASSES_ON = frozenset("cat tac nl less more bat sort uniq shuf paste column fold fmt pr expand iconv".split())


def by_table(shell: Shell, name: str, words: list[str], stdin: str) -> str:
    table = shell.table = shell.table or read_table()
    if words and name + "\t" + words[0] in table:
        kind, data = table[name + "\t" + words[0]]
        words = words[1:]
    else:
        kind, data = table.get(name, ("", ""))
    if kind in {"", "loads"}:
        ran = next((at for at, word in enumerate(words) if word in {"run", "local:run"}), -1)
        if name in {"honcho", "foreman", "heroku", "nf"} and ran >= 0 and not shell.is_missing(".env"):
            shell.refuse_printing([".env"], words[ran + 1 :])
        if not kind:
            shell.refuse_printing(Options(words, LOADS_ITSELF).values(LOADS_ITSELF), words)
        words = without_loaded(words, data or ("" if kind else LOADS_ITSELF))
        for word in words:
            shell.ask_shapes(word, writes=True)
        return ANY
    return KINDS_OF_COMMANDS[kind](shell, words, stdin, data) if name not in PASSES_ON else passing(shell, words, stdin)


def only_names(shell: Shell, name: str) -> bool:
    shell.table = shell.table or read_table()
    return name in {"echo", "printf", "ls"} or shell.table.get(name, ("", ""))[0] in {"names", "makes", "text"}


def read_table() -> dict[str, tuple[str, str]]:
    table: dict[str, tuple[str, str]] = {}
    for line in COMMANDS.strip().split("\n"):
        commands, _, what = line.rpartition(": ")
        kind, _, data = what.partition(" ")
        for command in commands.split(" "):
            table[command] = (kind, data)
    for line in LOADERS.strip().split("\n"):
        commands, _, data = line.partition(": ")
        for command in commands.split(" "):
            table[command] = ("loads", data)
    return table


def without_loaded(words: list[str], options: str) -> list[str]:
    """The words without what the program loads itself, and does not print."""
    if not options:
        return words
    loaded = options.split()
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in loaded:
            skip = True
        elif word.partition("=")[0] not in loaded:
            kept.append(word)
    return kept


def passing(shell: Shell, words: list[str], stdin: str) -> str:
    """Reads its files, or passes on what comes in."""
    reading(shell, words, stdin, "")
    if "uniq" in shell.source:
        for word in [word for word in words if not word.startswith("-")][1:]:
            shell.ask(word, writes=True)
    files = [word for word in words if not word.startswith("-") and not word.isdigit()]
    return shell.text_of_all(files, stdin)


def naming(shell: Shell, words: list[str], _stdin: str, _data: str) -> str:
    """A list of names, or of dates, that is read from a file is printed in complaints."""
    for at, word in enumerate(words):
        if word == "-f" and shell.source.startswith(("file ", "date ")):
            shell.ask("".join(words[at + 1 : at + 2]))
        elif word.startswith(("--files0-from=", "--files-from=", "--file=")):
            shell.ask(word.partition("=")[2])
    return "\n".join(word for word in words if not word.startswith("-")) + "\n" if words else ANY


def making(shell: Shell, words: list[str], stdin: str, data: str) -> str:
    for word in words:
        if not word.startswith("-") and not shell.refusal(word):
            shell.ask(word, writes=True)
    return naming(shell, words, stdin, data)


def telling(_shell: Shell, _words: list[str], _stdin: str, _data: str) -> str:
    return ANY


def reading(shell: Shell, words: list[str], stdin: str, _data: str) -> str:
    for word in words:
        shell.ask_shapes(word)
    shell.ask_outputs(words)
    return stdin or ANY


def changing_mode(shell: Shell, words: list[str], _stdin: str, _data: str) -> str:
    for word in words:
        if word.startswith("-"):
            continue
        if not shell.refusal(word):
            # Of a folder above all that guards them: whatever mode that gets, it is read, or it blocks.
            shell.ask(word, writes=True)
    return ""


def with_pattern(shell: Shell, words: list[str], stdin: str, data: str) -> str:
    given, _, valued = data.partition(" | ")
    options = Options(words, valued)
    files = options.rest if options.has(*given.split()) else options.rest[1:]
    if options.has("-i", "--inplace"):
        shell.ask_edited(files, "\n".join(words))
        for word in files:
            shell.ask_shapes(word, writes=True)
    for word in files + options.values("-f", "--file", "--from-file"):
        shell.ask_shapes(word)
    if options.has("-n", "--null-input") and not files:
        return "\n".join(literals(plain(" ".join(options.rest[:1])))) or ANY
    return ANY if files else stdin


def only_options(shell: Shell, words: list[str], _stdin: str, data: str) -> str:
    options = Options(words, data)
    for name in data.split():
        for value in options.values(name):
            for shape in shapes(value):
                shell.ask(shape, writes=True)
    for word in words:
        if "@" in word and not is_address(word):
            cut = word.index("@")
            if cut == 0 or word[cut - 1] in "=<":
                shell.ask(word[cut + 1 :].partition(";")[0])
        if word.startswith(("file:", "<")):
            shell.ask(word.lstrip("<"))
    return ANY


def with_code(shell: Shell, words: list[str], stdin: str, _data: str) -> str:
    for word in words:
        shell.ask_shapes(word, writes=True)
        if " " in word or word.startswith("+"):
            ask_code(shell, "", plain(word), words_too=True)
    if stdin and stdin != ANY:
        ask_code(shell, "", plain(stdin), words_too=True)
    return ANY


def with_sql(shell: Shell, words: list[str], stdin: str, data: str) -> str:
    r"""A database's client: `t.key` in a query is a column, and in `\\copy t from 'x.key'` a file is named."""
    kept = [word for word in words if not re.search(r"\s", word) or re.search(TOUCHES_FILES, word)]
    return with_code(shell, kept, stdin if re.search(TOUCHES_FILES, stdin) else "", data)


KINDS_OF_COMMANDS: dict[str, Callable[[Shell, list[str], str, str], str]] = {
    "names": naming,
    "makes": making,
    "text": telling,
    "reads": reading,
    "mode": changing_mode,
    "pattern": with_pattern,
    "only": only_options,
    "code": with_code,
    "sql": with_sql,
}
