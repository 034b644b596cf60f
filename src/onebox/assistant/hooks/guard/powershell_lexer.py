"""The letters of PowerShell: spaces and comments, quotes, here-strings, variables, words."""

from __future__ import annotations

import re

# It takes the quotes and dashes of typesetters for those of programmers.
SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"
DOUBLE_QUOTES = '"\u201c\u201d\u201e'
DASHES = "-\u2013\u2014\u2015"
BLANKS = " \t\f\v\u00a0\u0085"
LINE_ENDS = "\r\n"
WORD_ENDS = BLANKS + LINE_ENDS + ";|&(){},<>\0"
IN_WORD = rf"[^{BLANKS}{LINE_ENDS};|&(){{}},<>\0`${SINGLE_QUOTES}{DOUBLE_QUOTES}]+"
VARIABLE_NAME = r"(?:\w+:(?=[\w?]))?[\w?]+|[$^]"
COMMENT = r"<#(?s:.)*?#>|#[^\r\n]*|`\r?\n"
# `e is an escape in newer versions alone, and in no name of a file.
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
CODE_POINT = r"u\{([0-9a-fA-F]{1,6})\}"
CODE_POINTS = 0x110000


class Unreadable(Exception):
    """What stands here cannot be read: a quote or bracket never closes, or it is no statement."""


class Syntax:
    """A piece of PowerShell. `kind` tells what `text` and `parts` are:

    text (text; bare: written without quotes), string (parts), word (parts, without quotes), variable (text: its name in
    small letters), group, array and block (parts: statements; text: as written), table (parts: key, value, …),
    list (parts), unary and binary (text: the operator), cast (text: the type), type (text), member (text: the name, or
    two parts; bare: of a type), call (the same, with arguments after), index (two parts), splat (text),
    assign (text: the operator; target, statement), pipe (parts: commands or expressions), command (text: as written;
    parts: words, options and redirections), option (text: its name; perhaps a value), redirect (text: the operator; target),
    with (an expression and redirections), chain (parts), if (parts: condition and body in turn), loop (parts),
    each (text: the variable; expression, body), switch (parts), function (text: the name; parameters, body),
    parameters (parts: text and perhaps a value), try (parts)."""

    __slots__ = ("bare", "kind", "parts", "text")

    def __init__(self, kind: str, text: str = "", parts: list[Syntax] | None = None, *, bare: bool = False) -> None:
        self.kind = kind
        self.text = text
        self.parts = parts or []
        self.bare = bare


class PowerShellLexer:
    """`at` is where it reads."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def inside(self, _closing: str) -> list[Syntax]:
        """The statements up to a bracket, which is read too."""
        raise NotImplementedError

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def match(self, pattern: str, further: int = 0) -> re.Match[str] | None:
        return re.compile(pattern).match(self.text, self.at + further)

    def unreadable(self) -> Unreadable:
        """To be raised: here it stops."""
        return Unreadable(self.text[self.at :])

    def space(self, *, lines: bool = False) -> bool:
        """Goes past blanks and comments; says whether there were any."""
        start, passed = self.at, BLANKS + LINE_ENDS if lines else BLANKS
        while self.at < len(self.text):
            if self.text[self.at] in passed:
                self.at += 1
                continue
            comment = self.match(COMMENT)
            if comment is None:
                break
            self.at = comment.end()
        return self.at > start

    def take(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def expect(self, text: str) -> None:
        self.space(lines=True)
        if not self.take(text):
            raise self.unreadable()

    # ---- texts

    def quoted(self) -> Syntax:
        """A text in quotes, or a here-string, at its first letter."""
        if self.peek() == "@":
            return self.here_string()
        if self.peek() in SINGLE_QUOTES:
            return Syntax("text", self.single_quoted())
        return self.double_quoted()

    def single_quoted(self) -> str:
        start = self.at
        self.at += 1
        found: list[str] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter in SINGLE_QUOTES:
                if self.peek() not in SINGLE_QUOTES or not self.peek():
                    return "".join(found)
                self.at += 1
            found.append(letter)
        self.at = start
        raise self.unreadable()

    def double_quoted(self) -> Syntax:
        start = self.at
        self.at += 1
        parts: list[Syntax] = []
        while self.at < len(self.text):
            if self.peek() in DOUBLE_QUOTES:
                self.at += 1
                if self.peek() not in DOUBLE_QUOTES or not self.peek():
                    return Syntax("string", parts=parts)
                self.add(parts, self.peek())
                self.at += 1
            else:
                self.part(parts)
        self.at = start
        raise self.unreadable()

    def here_string(self) -> Syntax:
        quotes = SINGLE_QUOTES if self.text[self.at + 1] in SINGLE_QUOTES else DOUBLE_QUOTES
        # Only at the beginning of a line does it end.
        found = self.match(rf"@[{quotes}][ \t]*\r?\n((?:(?s:.*?)\r?\n)??)[{quotes}]@")
        if found is None:
            raise self.unreadable()
        self.at = found.end()
        body = re.sub(r"\r?\n\Z", "", found[1])
        if quotes == SINGLE_QUOTES:
            return Syntax("text", body)
        reader = type(self)(body)
        parts: list[Syntax] = []
        while reader.at < len(body):
            reader.part(parts)
        return Syntax("string", parts=parts)

    def part(self, parts: list[Syntax]) -> None:
        """The next letter of a text that may hold variables, or the variable."""
        if self.peek() == "`":
            self.add(parts, self.escaped())
            return
        variable = self.variable() if self.peek() == "$" else None
        if variable is not None:
            parts.append(variable)
            return
        found = self.match(rf"[^`${DOUBLE_QUOTES}]+") or self.match("(?s:.)")
        if found is None:
            raise self.unreadable()
        self.add(parts, found[0])
        self.at = found.end()

    def add(self, parts: list[Syntax], text: str, *, bare: bool = False) -> None:
        if parts and parts[-1].kind == "text" and parts[-1].bare == bare:
            parts[-1].text += text
        else:
            parts.append(Syntax("text", text, bare=bare))

    def escaped(self) -> str:
        self.at += 1
        point = self.match(CODE_POINT)
        if point is not None:
            self.at = point.end()
            number = int(point[1], 16)
            return chr(number) if number < CODE_POINTS else ""
        letter = self.peek()
        self.at += 1
        if letter in LINE_ENDS:
            self.take("\n")
            return ""
        return ESCAPES.get(letter, letter)

    def variable(self) -> Syntax | None:
        """`$x`, `${x}`, `$env:x`, `$(…)`; None when the sign stands for itself."""
        start = self.at
        if self.take("$("):
            statements = self.inside(")")
            return Syntax("group", self.text[start : self.at], statements)
        if self.take("${"):
            found = self.match(r"((?:`(?s:.)|[^`}])*)\}")
            if found is None:
                self.at = start
                raise self.unreadable()
            self.at = found.end()
            return Syntax("variable", re.sub(r"`(.)", r"\1", found[1]).lower())
        found = self.match(VARIABLE_NAME, 1)
        if found is None:
            return None
        self.at = found.end()
        return Syntax("variable", found[0].lower())

    # ---- words

    def word(self) -> Syntax:
        """What stands without quotes, or with some in it, up to a blank or a sign that ends it."""
        start = self.at
        parts: list[Syntax] = []
        while self.at < len(self.text):
            letter = self.peek()
            if letter in WORD_ENDS:
                break
            if letter == "`":
                self.add(parts, self.escaped())
            elif letter in SINGLE_QUOTES:
                self.add(parts, self.single_quoted())
            elif letter in DOUBLE_QUOTES:
                parts += self.double_quoted().parts
            elif letter == "$":
                self.part(parts)
            else:
                found = self.match(IN_WORD)
                self.add(parts, found[0] if found is not None else letter, bare=True)
                self.at = found.end() if found is not None else self.at + 1
        if self.at == start:
            raise self.unreadable()
        return Syntax("word", self.text[start : self.at], parts)
