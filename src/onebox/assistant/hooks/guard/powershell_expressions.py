"""Reads the words of a PowerShell command, and its expressions."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.powershell_lexer import (
    BLANKS,
    DASHES,
    DOUBLE_QUOTES,
    LINE_ENDS,
    SINGLE_QUOTES,
    PowerShellLexer,
    Syntax,
)

REDIRECT = r"(?:\*|[1-6])?(?:>>?)(?:&[12])?|<"
NUMBER = r"(?i)0x[0-9a-f]+|\d+(?:\.(?!\.)\d+)?(?:e[-+]?\d+)?(?:[dlun]|[kmgtp]b)?(?![\w\\/:*-]*[\\/:])"
TYPE = r"\[\s*([A-Za-z_][\w.+`]*(?:\[[\w.,+\[\] ]*\])?(?:\([^)\n]*\))?)\s*\]"
MEMBER = r"[A-Za-z_]\w*"
OPTION = rf"[{DASHES}]([A-Za-z_?][\w?-]*)(:?)"
OPERATOR = rf"[{DASHES}]([A-Za-z]+)(?![\w-])"
SIGNS = r"\.\.|\?\?(?!=)|[-+*/%](?!=)|,|\?(?=[ \t(])"
UNARY = rf"(?i)[{DASHES}](?:not|bnot|join|i?split|csplit)(?!\w)|!|\+\+|--|[-+,](?=[\w$(@'\"\[. ])"
_COMPARING = "eq ne gt ge lt le like notlike match notmatch replace contains notcontains in notin split".split()
POWERS = {
    **dict.fromkeys(("and", "or", "xor", "??", "?"), 1),
    **dict.fromkeys(("band", "bor", "bxor"), 2),
    **dict.fromkeys([mode + name for name in _COMPARING for mode in ("", "i", "c")], 3),
    **dict.fromkeys(("is", "isnot", "as", "join"), 3),
    **dict.fromkeys(("+", "-", "shl", "shr"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
    "f": 6,
    "..": 7,
    ",": 8,
}
_UNARY_POWER = 9


class ExpressionReader(PowerShellLexer):
    """Reads words and expressions; statements are read by who extends it."""

    def statement(self) -> Syntax:
        raise NotImplementedError

    def block(self) -> Syntax:
        """`{…}`"""
        self.expect("{")
        start = self.at
        statements = self.inside("}")
        return Syntax("block", self.text[start : self.at - 1], statements)

    def bracketed(self) -> Syntax:
        """`(…)`"""
        self.expect("(")
        return Syntax("group", parts=self.inside(")"))

    # ---- words of a command

    def verbatim(self) -> list[Syntax]:
        """After `--%` the line is handed on as it is."""
        found = self.match(r"--%([^\r\n|]*)")
        assert found is not None
        self.at = found.end()
        words = re.findall(r'(?:"[^"]*"|\S)+', found[1])
        return [Syntax("word", parts=[Syntax("text", word.replace('"', ""), bare='"' not in word)]) for word in words]

    def redirect(self) -> Syntax:
        found = self.match(REDIRECT)
        assert found is not None
        self.at = found.end()
        if "&" in found[0]:
            return Syntax("redirect", found[0])
        self.space()
        return Syntax("redirect", found[0], [self.argument()])

    def option_or_argument(self) -> Syntax:
        option = self.match(OPTION)
        if option is None:
            return self.argument()
        start, self.at = self.at, option.end()
        after = self.peek()
        if option[2]:
            self.space()
            return Syntax("option", option[1], [self.argument()], bare=True)
        if after and after not in BLANKS + LINE_ENDS + ";|&(){},<>":
            # `-DNAME=value`, `--env-file=.env`: a program's own way.
            self.at = start
            return self.argument()
        return Syntax("option", option[1], bare=True)

    def argument(self) -> Syntax:
        parts = [self.one_argument()]
        while True:
            back = self.at
            self.space()
            if not self.take(","):
                self.at = back
                return parts[0] if len(parts) == 1 else Syntax("list", parts=parts)
            self.space(lines=True)
            parts.append(self.one_argument())

    def one_argument(self) -> Syntax:
        letter, two = self.peek(), self.peek(2)
        if not letter:
            raise self.unreadable()
        splat = self.match(r"@(\w+)")
        if splat is not None:
            self.at = splat.end()
            return Syntax("splat", splat[1].lower())
        starts = letter in SINGLE_QUOTES + DOUBLE_QUOTES + "({" or two in {"@(", "@{"} or self.here()
        if starts:
            return self.postfix(self.primary())
        if letter != "$":
            return self.word()
        first = self.postfix(self.primary())
        after = self.peek()
        if not after or after in BLANKS + LINE_ENDS + ";|&(){},<>":
            return first
        rest = self.word()
        return Syntax("word", first.text + rest.text, [first, *rest.parts])

    def here(self) -> bool:
        return self.peek() == "@" and self.match(f"@[{SINGLE_QUOTES}{DOUBLE_QUOTES}]") is not None

    # ---- expressions

    def expression(self, power: int = 1, *, commas: bool = True) -> Syntax:
        """What binds at least as tightly as `power`."""
        left = self.operand()
        while True:
            back = self.at
            self.space(lines=not commas)
            name = self.operator()
            strength = POWERS.get(name, 0)
            if strength < power or (name == "," and not commas):
                self.at = back
                return left
            self.space(lines=True)
            if name == ",":
                left = self.comma(left)
                continue
            right = self.expression(strength + 1, commas=commas)
            if name == "?":
                self.expect(":")
                self.space(lines=True)
                right = Syntax("list", parts=[right, self.expression(1, commas=commas)])
            left = Syntax("binary", name, [left, right])

    def operator(self) -> str:
        found = self.match(OPERATOR)
        if found is None:
            found = self.match(SIGNS)
            if found is None:
                return ""
            self.at = found.end()
            return found[0]
        self.at = found.end()
        return found[1].lower()

    def comma(self, left: Syntax) -> Syntax:
        right = self.expression(_UNARY_POWER)
        if left.kind == "list" and left.bare:
            left.parts.append(right)
            return left
        return Syntax("list", parts=[left, right], bare=True)

    def operand(self) -> Syntax:
        found = self.match(UNARY)
        if found is not None and not self.match(NUMBER):
            self.at = found.end()
            self.space(lines=True)
            return Syntax("unary", found[0].lstrip(DASHES).lower() or "-", [self.expression(POWERS[","])])
        kind = self.match(TYPE)
        if kind is None:
            return self.postfix(self.primary())
        self.at = kind.end()
        if self.peek(2) == "::":
            return self.postfix(Syntax("type", kind[1]))
        back = self.at
        self.space()
        if self.peek() and (self.peek() in SINGLE_QUOTES + DOUBLE_QUOTES + "$@([{" or self.peek().isdigit()):
            return Syntax("cast", kind[1], [self.operand()])
        self.at = back
        return self.postfix(Syntax("type", kind[1]))

    def primary(self) -> Syntax:
        letter, start = self.peek(), self.at
        if letter == "$":
            found = self.variable()
        elif letter and (letter in SINGLE_QUOTES + DOUBLE_QUOTES or self.here()):
            found = self.quoted()
        elif self.take("@("):
            found = Syntax("array", parts=self.inside(")"))
        elif self.take("@{"):
            found = self.table()
        elif letter == "@" and self.match(MEMBER, 1):
            found = self.one_argument()
        elif letter == "(":
            found = self.bracketed()
        elif letter == "{":
            found = self.block()
        else:
            number = self.match(NUMBER)
            found = Syntax("text", number[0]) if number is not None else None
            self.at = number.end() if number is not None else self.at
        if found is None:
            self.at = start
            raise self.unreadable()
        return found

    def table(self) -> Syntax:
        parts: list[Syntax] = []
        while True:
            while self.space(lines=True) or self.take(";"):
                pass
            if self.take("}"):
                return Syntax("table", parts=parts)
            name = self.match(r"[\w.-]+")
            if name is not None:
                self.at = name.end()
                parts.append(Syntax("text", name[0]))
            else:
                parts.append(self.operand())
            self.expect("=")
            self.space(lines=True)
            parts.append(self.statement())

    def postfix(self, target: Syntax) -> Syntax:
        while True:
            if self.take("::"):
                target = self.member(target, static=True)
            elif self.peek() == "[" and self.text[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                target = Syntax("index", parts=[target, Syntax("group", parts=self.inside("]"))])
            elif self.match(r"\??\.(?=[A-Za-z_$'\"({])") and self.peek(2) != "..":
                self.take("?")
                self.at += 1
                target = self.member(target, static=False)
            elif not (self.take("++") or self.take("--")):
                return target

    def member(self, target: Syntax, *, static: bool) -> Syntax:
        name = self.match(MEMBER)
        parts = [target]
        if name is not None:
            self.at = name.end()
        else:
            parts.append(self.primary())
        text = name[0] if name is not None else ""
        if self.take("("):
            return Syntax("call", text, parts + self.call_arguments(), bare=static)
        if self.peek() == "{" and text.lower() in {"foreach", "where"}:
            return Syntax("call", text, [*parts, self.block()], bare=static)
        return Syntax("member", text, parts, bare=static)

    def call_arguments(self) -> list[Syntax]:
        found = []
        self.space(lines=True)
        while not self.take(")"):
            found.append(self.expression(commas=False))
            self.space(lines=True)
            if not self.take(",") and self.peek() != ")":
                raise self.unreadable()
            self.space(lines=True)
        return found
