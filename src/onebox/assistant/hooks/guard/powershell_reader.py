"""Reads PowerShell into statements."""

from __future__ import annotations

from onebox.assistant.hooks.guard.powershell_expressions import NUMBER, OPTION, REDIRECT, TYPE, UNARY, ExpressionReader
from onebox.assistant.hooks.guard.powershell_lexer import (
    BLANKS,
    DASHES,
    DOUBLE_QUOTES,
    LINE_ENDS,
    SINGLE_QUOTES,
    Syntax,
)

KEYWORD = (
    r"(?i)(if|elseif|else|foreach|for|while|do|until|switch|function|filter|try|catch|finally|return|throw|exit|break"
    r"|continue|param|begin|process|end|clean|dynamicparam|trap)(?![\w:.\\/*-])"
)
LABEL = r":\w+[ \t]+(?=(?i:foreach|for|while|do|switch)\b)"
ASSIGNS = r"(?:[-+*/%]|\?\?)?=(?!=)"
_STATEMENT_ENDS = ";" + LINE_ENDS


class PowerShellReader(ExpressionReader):
    """`statements` are those at the top that could be read; where reading stops, `Unreadable` says with what left."""

    def next_statement(self) -> Syntax | None:
        """The next one; None at the end."""
        while self.space(lines=True) or self.take(";"):
            pass
        return self.statement() if self.at < len(self.text) else None

    def inside(self, closing: str) -> list[Syntax]:
        found: list[Syntax] = []
        while True:
            while self.space(lines=True) or self.take(";"):
                pass
            if self.take(closing):
                return found
            if self.at >= len(self.text):
                raise self.unreadable()
            found.append(self.statement())

    # ---- statements

    def statement(self) -> Syntax:
        label = self.match(LABEL)
        if label is not None:
            self.at = label.end()
        keyword = self.match(KEYWORD)
        if keyword is not None:
            start, self.at = self.at, keyword.end()
            found = self.of_keyword(keyword[1].lower())
            if found is not None:
                return found
            self.at = start
        return self.chain()

    def of_keyword(self, keyword: str) -> Syntax | None:
        if keyword == "if":
            return self.if_statement()
        if keyword in {"while", "switch", "foreach", "for", "do"}:
            return self.loop(keyword)
        if keyword in {"function", "filter"}:
            return self.function()
        if keyword == "param":
            return self.parameters()
        if keyword in {"return", "throw", "exit", "break", "continue"}:
            self.space()
            ended = not self.peek() or self.peek() in _STATEMENT_ENDS + "})|&"
            return Syntax("try", parts=[] if ended else [self.statement()])
        if keyword in {"try", "begin", "process", "end", "clean", "dynamicparam", "trap"}:
            return self.try_statement(keyword)
        return None

    def if_statement(self) -> Syntax:
        parts = [self.bracketed(), self.block()]
        while True:
            back = self.at
            self.space(lines=True)
            keyword = self.match(KEYWORD)
            word = keyword[1].lower() if keyword else ""
            if keyword is None or word not in {"elseif", "else"}:
                self.at = back
                return Syntax("if", parts=parts)
            self.at = keyword.end()
            parts += [self.bracketed(), self.block()] if word == "elseif" else [self.block()]

    def loop(self, keyword: str) -> Syntax | None:
        self.space(lines=True)
        if keyword == "do":
            body = self.block()
            self.space(lines=True)
            after = self.match(KEYWORD)
            if after is None or after[1].lower() not in {"while", "until"}:
                raise self.unreadable()
            self.at = after.end()
            return Syntax("loop", parts=[body, self.bracketed()])
        if keyword == "switch":
            return self.switch()
        if keyword == "foreach":
            return self.each()
        if self.peek() != "(":
            return None
        return Syntax("loop", parts=[self.bracketed(), self.block()])

    def each(self) -> Syntax | None:
        while self.match(OPTION):
            self.word()
            self.space()
        found = self.match(r"\(\s*\$(\w+)\s+(?i:in)(?=[\s($@'\"])")
        if found is None:
            return None
        self.at = found.end()
        return Syntax("each", found[1].lower(), [Syntax("group", parts=self.inside(")")), self.block()])

    def switch(self) -> Syntax:
        """Its conditions, its subject, and its bodies; the file that it goes through is a `redirect`."""
        parts: list[Syntax] = []
        option = self.match(OPTION)
        while option is not None:
            self.at = option.end()
            self.space()
            if option[1].lower() == "file":
                parts.append(Syntax("redirect", "<", [self.argument()]))
                self.space()
            option = self.match(OPTION)
        if self.peek() == "(":
            parts.append(self.bracketed())
        self.expect("{")
        self.space(lines=True)
        while not self.take("}"):
            parts.append(self.block() if self.peek() == "{" else self.argument())
            while self.space(lines=True) or self.take(";"):
                pass
        return Syntax("switch", parts=parts)

    def function(self) -> Syntax:
        self.space()
        name = self.word().text.lower().rpartition(":")[2]
        self.space(lines=True)
        parameters = self.parameters() if self.peek() == "(" else Syntax("parameters")
        return Syntax("function", name, [parameters, self.block()])

    def parameters(self) -> Syntax:
        """`(…)` with types and attributes passed over."""
        self.expect("(")
        found = []
        self.space(lines=True)
        while not self.take(")"):
            variable = self.variable() if self.peek() == "$" else None
            if variable is not None:
                self.space(lines=True)
                value = [self.default()] if self.take("=") else []
                found.append(Syntax("text", variable.text, value))
            elif self.peek() == "[":
                self.attribute()
            elif not self.take(","):
                raise self.unreadable()
            self.space(lines=True)
        return Syntax("parameters", parts=found)

    def default(self) -> Syntax:
        self.space(lines=True)
        return self.expression(commas=False)

    def attribute(self) -> None:
        depth = 0
        while True:
            letter = self.peek()
            if not letter:
                raise self.unreadable()
            if letter in SINGLE_QUOTES + DOUBLE_QUOTES:
                self.quoted()
                continue
            self.at += 1
            depth += (letter == "[") - (letter == "]")
            if depth == 0:
                return

    def try_statement(self, keyword: str) -> Syntax | None:
        """Blocks that may run: those of `try`, and the named blocks of a function."""
        self.space(lines=True)
        if self.peek() != "{":
            return None
        parts = [self.block()]
        while keyword == "try":
            back = self.at
            self.space(lines=True)
            after = self.match(KEYWORD)
            if after is None or after[1].lower() not in {"catch", "finally"}:
                self.at = back
                break
            self.at = after.end()
            self.space(lines=True)
            while self.peek() == "[":
                self.attribute()
                self.take(",")
                self.space(lines=True)
            parts.append(self.block())
        return Syntax("try", parts=parts)

    def chain(self) -> Syntax:
        parts = [self.pipeline()]
        while self.take("&&") or self.take("||"):
            self.space(lines=True)
            parts.append(self.pipeline())
        self.take("&")
        return parts[0] if len(parts) == 1 else Syntax("chain", parts=parts)

    def pipeline(self) -> Syntax:
        parts = [self.element()]
        while True:
            back = self.at
            self.space(lines=True)
            # A line may begin with the pipe.
            if self.peek(2) == "||" or not self.take("|"):
                self.at = back
                self.space()
                break
            self.space(lines=True)
            parts.append(self.element())
        if self.at < len(self.text) and self.peek() not in _STATEMENT_ENDS + ")}]|&":
            raise self.unreadable()
        return parts[0] if len(parts) == 1 and parts[0].kind == "assign" else Syntax("pipe", parts=parts)

    def element(self) -> Syntax:
        self.space()
        letter, after = self.peek(), self.text[self.at + 1 : self.at + 2]
        if letter == "&" or (letter == "." and (after in BLANKS or after in "$({'\"")):
            self.at += 1
            self.space(lines=True)
            return self.command(called=True)
        if not self.begins_expression(letter, after):
            return self.command(called=False)
        first = self.expression()
        self.space()
        sign = self.match(ASSIGNS)
        if sign is not None:
            self.at = sign.end()
            self.space(lines=True)
            return Syntax("assign", sign[0], [first, self.statement()])
        redirects = []
        while self.match(REDIRECT):
            redirects.append(self.redirect())
            self.space()
        return Syntax("with", parts=[first, *redirects]) if redirects else first

    def begins_expression(self, letter: str, after: str) -> bool:
        if not letter:
            raise self.unreadable()
        if letter in SINGLE_QUOTES + DOUBLE_QUOTES + "$@([{!,":
            return letter != "[" or self.match(TYPE) is not None
        number = self.match(NUMBER)
        if number is not None:
            return not self.text[number.end() : number.end() + 1].isalpha()
        if letter in DASHES + "+":
            return self.match(UNARY) is not None and (after.isdigit() or after in "$(@'\" " or after.isalpha())
        return False

    def command(self, *, called: bool) -> Syntax:
        start = self.at
        parts = [self.argument() if called else self.command_name()]
        while True:
            self.space()
            letter = self.peek()
            if not letter or letter in _STATEMENT_ENDS + "|)}&":
                break
            if self.match(REDIRECT):
                parts.append(self.redirect())
            elif self.text.startswith("--%", self.at):
                parts += self.verbatim()
            else:
                parts.append(self.option_or_argument())
        return Syntax("command", self.text[start : self.at], parts, bare=not called)

    def command_name(self) -> Syntax:
        name = self.match(r"[%?](?=[\s{(])")
        if name is not None:
            self.at = name.end()
            return Syntax("text", name[0], bare=True)
        return self.word()
