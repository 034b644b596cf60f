"""Commands that make another text of a known one: names of files come out of these."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_options import Options
from onebox.assistant.hooks.guard.shell_words import ANY, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from onebox.assistant.hooks.guard.shell import Shell

LONGEST_CHANGED = 2_000
LONGEST_LINE = 300
# What means the same in sed's patterns and in Python's.
SED_PATTERN = r"(?:[^\\+?(){}|]|\\[./])+"


def changed_lines(scripts: list[str], stdin: str) -> str:
    """Of `s/a/b/` on known lines, what comes out; else the lines as they came in, which is what they most resemble."""
    script = plain(scripts[0]) if len(scripts) == 1 else ""
    parts = re.split(r"(?<!\\)" + re.escape(script[1:2]), script) if re.match(r"s[/#|,:@]", script) else []
    if len(parts) != 4 or len(stdin) > LONGEST_CHANGED or parts[1].count("*") > 1:
        return stdin
    if not re.fullmatch(SED_PATTERN, parts[1]) or re.search(r"[&\\]", parts[2]):
        return stdin
    try:
        changed = re.compile(parts[1], re.IGNORECASE if "i" in parts[3].lower() else 0)
    except re.error:
        return stdin
    if max(map(len, stdin.split("\n"))) > LONGEST_LINE:
        return stdin
    lines = [changed.sub(parts[2], line, count=0 if "g" in parts[3] else 1) for line in stdin.split("\n")]
    return "\n".join(lines)


def decode_text(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`base64 -d` of a known text."""
    import base64

    files = [word for word in words if not word.startswith("-")]
    for word in words:
        shell.ask_shapes(word)
    shell.ask_outputs(words)
    if files or stdin in {"", ANY}:
        return ANY
    if not any(word in {"-d", "-D", "--decode"} for word in words):
        return base64.b64encode(stdin.encode("utf-8", "replace")).decode() + "\n"
    try:
        return base64.b64decode(stdin.strip()).decode("utf-8", "replace")
    except ValueError:
        return ANY


def decode_hex(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`xxd -r -p` of a known text."""
    options = Options(words, "-c -l -s -g -o")
    for at, word in enumerate(options.rest):
        shell.ask_shapes(word, writes=at > 0)
    if not options.has("-r") or stdin in {"", ANY}:
        return ANY
    try:
        return bytes.fromhex(stdin.strip()).decode("utf-8", "replace")
    except ValueError:
        return ANY


def reverse(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    for word in words:
        shell.ask_shapes(word)
    return "\n".join(line[::-1] for line in stdin.split("\n")) if not words else ANY


def translate(_shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`tr a b`, `tr -d a`, for known texts and short sets."""
    plain_words = [plain(word) for word in words]
    if len(plain_words) == 2 and plain_words[0] == "-d":
        return "".join(character for character in stdin if character not in with_escapes(plain_words[1]))
    if len(plain_words) == 2 and "[" not in plain_words[0] and plain_words[1] and not plain_words[0].startswith("-"):
        old, new = spread(with_escapes(plain_words[0])), spread(with_escapes(plain_words[1]))
        new += new[-1:] * (len(old) - len(new))
        return stdin.translate({ord(a): b for a, b in zip(old, new)})
    return stdin


def with_escapes(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\0", "\0").replace("\\t", "\t")


def spread(text: str) -> str:
    """`a-z` as its letters."""
    return re.sub(
        r"(.)-(.)",
        lambda found: "".join(chr(code) for code in range(ord(found.group(1)), min(ord(found.group(2)), 0x250) + 1)),
        text[:200],
    )


def first_part(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`head -c 4`, `tail -n 1`: of what comes in, all that it may be and the part that is asked for."""
    options = Options(words, "-c --bytes -n --lines")
    counts = options.values("-c", "--bytes")
    for word in options.rest:
        shell.ask_shapes(word)
    text = shell.text_of_all(options.rest, stdin)
    if counts and counts[0].isdigit() and ANY not in text:
        return text[: int(counts[0])] if _name == "head" else text[-int(counts[0]) :]
    return text


def columns(shell: Shell, _name: str, words: list[str], stdin: str) -> str:
    """`cut -d. -f1,2`, `cut -c1-4` of known lines."""
    options = Options(words, "-d --delimiter -f --fields -c --characters -b --bytes --output-delimiter")
    for word in options.rest:
        shell.ask_shapes(word)
    text = shell.text_of_all(options.rest, stdin)
    if options.has("--complement", "--output-delimiter") or not text.isascii() or len(text) > LONGEST_CHANGED:
        return text
    delimiter = plain((options.values("-d", "--delimiter") or ["\t"])[0])
    fields = plain((options.values("-f", "--fields") or [""])[0])
    letters = plain((options.values("-c", "--characters", "-b", "--bytes") or [""])[0])
    cut = []
    for line in text.split("\n"):
        if fields:
            cut.append(delimiter.join(chosen(line.split(delimiter), fields)))
        else:
            cut.append("".join(chosen(list(line), letters)))
    return "\n".join(cut)


def chosen(pieces: list[str], ranges: str) -> list[str]:
    """Those of `1,3-5,7-`, counted from one."""
    if len(pieces) == 1:
        return pieces
    kept = []
    for told in ranges.split(","):
        low, dash, high = told.partition("-")
        start = int(low) if low.isdigit() else 1
        end = (int(high) if high.isdigit() else len(pieces)) if dash else start
        kept += pieces[max(0, start - 1) : end]
    return kept


def base_name(_shell: Shell, _name: str, words: list[str], _stdin: str) -> str:
    """`basename x.env.example .example`."""
    options = Options(words, "-s --suffix")
    suffixes = options.values("-s", "--suffix")
    told = options.rest
    if not suffixes and not options.has("-a", "--multiple") and len(told) > 1:
        told, suffixes = told[:1], told[1:]
    names = [word.rstrip("/").rpartition("/")[2] for word in told]
    for suffix in suffixes[:1]:
        names = [name[: -len(suffix)] if name.endswith(suffix) and name != suffix else name for name in names]
    return "\n".join(names) + "\n"


TEXT_COMMANDS: dict[str, Callable[[Shell, str, list[str], str], str]] = {
    "base64": decode_text,
    "xxd": decode_hex,
    "rev": reverse,
    "tr": translate,
    "head": first_part,
    "tail": first_part,
    "cut": columns,
    "basename": base_name,
}
