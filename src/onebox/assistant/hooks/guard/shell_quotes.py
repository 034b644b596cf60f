"""Two small languages inside of words: the escapes of $'…', and patterns with brackets such as @(a|b)."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_words import CLOSE, COMMA, LIVE, OPEN, STAR

TYPE_CHECKING = False

ESCAPE = r"(?s)\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c(.)|(.))"
LETTERS = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ANSI_RUN = r"(?s)(?:[^'\\]|\\.)*"
HIGHEST = 0x10FFFF


def decode_escapes(text: str, start: int) -> tuple[int, str]:
    """The text of $'…' that begins at `start`, and where it ends."""
    found = re.compile(ANSI_RUN).match(text, start)
    end = found.end() if found else start
    return min(end + 1, len(text)), unescape(text[start:end])


def unescape(text: str) -> str:
    r"""With `\\n`, `\\x2e`, `\\u002e`, `\\056` as what they stand for."""
    return re.sub(ESCAPE, meant, text) if "\\" in text else text


def meant(escape: re.Match[str]) -> str:
    short, four, eight, octal, control, letter = escape.groups()
    if control:
        return chr(ord(control[0]) & 0x1F)
    if letter is not None:
        return LETTERS.get(letter, letter if letter in "\\'\"?" else "\\" + letter)
    number = int(octal, 8) & 0xFF if octal else int(short or four or eight, 16)
    return chr(number) if number <= HIGHEST and not 0xD800 <= number <= 0xDFFF else ""


def extended_glob(text: str, start: int) -> tuple[int, str]:
    """`@(a|b)` and `?(a)` as their alternatives, the others as `*`."""
    depth = 0
    at = start + 1
    pieces: list[str] = [""]
    while at < len(text) and at < start + 400:
        character = text[at]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                break
        if character == "|" and depth == 1:
            pieces.append("")
        elif character == "\\":
            at += 1
            pieces[-1] += text[at : at + 1]
        elif not (character == "(" and depth == 1) and character not in "'\"":
            pieces[-1] += LIVE.get(character, character) if character in "*?[" else character
        at += 1
    if text[start] not in "@?" or depth > 1:
        return at + 1, STAR
    if text[start] == "?" or len(pieces) == 1:
        pieces.append("" if text[start] == "?" else pieces[0])
    return at + 1, OPEN + COMMA.join(pieces) + CLOSE
