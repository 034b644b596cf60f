"""Reads the commands of a shell program: lists, pipes, compounds, redirections, here-documents."""

from __future__ import annotations

import re

from onebox.assistant.hooks.guard.shell_lexer import DEEPEST, NAME, WordReader
from onebox.assistant.hooks.guard.shell_words import LIVE, Beyond, Node, Part, Redirect

TYPE_CHECKING = False

MOST_COMMANDS = 3000
HERE_RUN = re.compile(r"[^\\$`]+")
ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z_0-9]*(?:\[[^\]\s]{0,80}\])?\+?)=")
REDIRECTION = re.compile(r"(\d{1,3}|\{\w{1,40}\})?(<<<|<<-|<<|<>|<&|>&|>>|>\||&>>|&>|<(?!\()|>(?!\())")
RESERVED = re.compile(
    r"(?:if|then|elif|else|fi|while|until|for|select|do|done|case|esac|function|coproc|time|in|\{|\}|!|\[\[)"
    r"(?=[\s;&|()<>]|$)"
)
PROGRAM_END = ("then", "elif", "else", "fi", "do", "done", "esac", "}")


class Reader(WordReader):
    def program(self) -> Node:
        """The whole text; what closes nothing is stepped over."""
        parts: list[Node] = []
        while True:
            self.tick()
            parts.append(self.sequence(()))
            if self.at >= self.end:
                return Node("list", parts)
            word = RESERVED.match(self.text, self.at)
            self.at = word.end() if word else self.at + 1

    # ---- lists

    def sequence(self, stops: tuple[str, ...]) -> Node:
        """Commands up to `)`, to one of the words of `stops`, or to the end."""
        parts: list[Node] = []
        self.depth += 1
        if self.depth > DEEPEST * 2:
            raise Beyond("nested too deep")
        while True:
            self.tick()
            self.skip_to_command()
            if self.at >= self.end or self.text[self.at] == ")" or self.text.startswith(";;", self.at):
                break
            word = RESERVED.match(self.text, self.at)
            if word and (word.group() in stops or word.group() in PROGRAM_END):
                break
            before = self.at
            parts.append(self.and_or())
            if self.at == before:
                self.at += 1
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Node("list", parts)

    def skip_to_command(self) -> None:
        while self.at < self.end:
            self.skip_blank()
            self.tick()
            character = self.text[self.at : self.at + 1]
            if character == "\n":
                self.newline()
            elif (character == "&" and not self.text.startswith("&>", self.at)) or (
                character == ";" and not self.text.startswith(";;", self.at)
            ):
                self.at += 1
            else:
                return

    def newline(self) -> None:
        self.at += 1
        waiting, self.waiting = self.waiting, []
        for redirect, delimiter, strip, quoted in waiting:
            self.here_document(redirect, delimiter, strip, quoted)

    def and_or(self) -> Node:
        left = self.pipeline()
        while True:
            self.skip_blank()
            operator = self.text[self.at : self.at + 2]
            if operator not in {"&&", "||"}:
                return left
            self.at += 2
            self.skip_lines()
            left = Node("and" if operator == "&&" else "or", [left, self.pipeline()])

    def skip_lines(self) -> None:
        self.skip_blank()
        while self.text.startswith("\n", self.at):
            self.newline()
            self.skip_blank()

    def pipeline(self) -> Node:
        parts = [self.command()]
        while True:
            self.skip_blank()
            if not self.text.startswith("|", self.at) or self.text.startswith("||", self.at):
                return parts[0] if len(parts) == 1 else Node("pipe", parts)
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self.skip_lines()
            parts.append(self.command())

    # ---- commands

    def command(self) -> Node:
        self.commands += 1
        if self.commands > MOST_COMMANDS:
            raise Beyond("too many commands")
        self.skip_blank()
        start = self.at
        if self.text.startswith("!(", self.at):
            self.at += 1
        word = RESERVED.match(self.text, self.at)
        if word and word.group() in {"!", "time", "coproc"}:
            return self.prefixed(word.group(), word.end())
        if self.text.startswith("(", self.at):
            node = self.parentheses()
        elif word and word.group() in self.COMPOUNDS:
            self.at = word.end()
            node = self.COMPOUNDS[word.group()](self, word.group())
        else:
            node = self.simple()
            node.source = self.text[start : self.at].strip()
            return node
        self.redirections(node)
        node.source = self.text[start : self.at].strip()
        return node

    def prefixed(self, word: str, end: int) -> Node:
        self.at = end
        if word == "time":
            option = re.compile(r"\s+-p\b").match(self.text, self.at)
            self.at = option.end() if option else self.at
        inner = self.command()
        return Node("not", [inner]) if word == "!" else inner

    def redirections(self, node: Node) -> None:
        self.skip_blank()
        found = REDIRECTION.match(self.text, self.at)
        while found:
            self.redirection(node, found.group(1) or "", found.group(2), found.end())
            self.skip_blank()
            found = REDIRECTION.match(self.text, self.at)

    def redirection(self, node: Node, number: str, operator: str, end: int) -> None:
        self.at = end
        self.skip_blank()
        start = self.at
        word = self.word()
        redirect = Redirect(operator, word, number)
        node.redirects.append(redirect)
        if operator in {"<<", "<<-"}:
            written = self.text[start : self.at]
            delimiter = "".join(part.text for part in word if part.kind == "text")
            quoted = any(character in written for character in "'\"\\")
            for character, mark in LIVE.items():
                delimiter = delimiter.replace(mark, character)
            redirect.word = []
            self.waiting.append((redirect, delimiter, operator == "<<-", quoted))

    def here_document(self, redirect: Redirect, delimiter: str, strip: bool, quoted: bool) -> None:
        lines: list[str] = []
        while self.at < self.end:
            line_end = self.text.find("\n", self.at)
            line_end = self.end if line_end < 0 else line_end
            line = self.text[self.at : line_end]
            line = line.lstrip("\t") if strip else line
            self.at = min(line_end + 1, self.end)
            if line == delimiter:
                break
            if self.depth > 1 and line.startswith(delimiter) and line[len(delimiter) :].lstrip()[:1] == ")":
                # `$(cat <<EOF … EOF)`: bash ends the document there too.
                self.at = line_end - len(line) + len(delimiter)
                break
            lines.append(line)
        body = "\n".join(lines) + ("\n" if lines else "")
        if quoted:
            redirect.word = [Part("text", body, quoted=True)]
        else:
            inner = Reader(body, self.depth + 1, self.until)
            redirect.word = inner.parts_until("", HERE_RUN)

    def simple(self) -> Node:
        node = Node("simple")
        while True:
            self.tick()
            self.skip_blank()
            if self.at >= self.end:
                return node
            found = REDIRECTION.match(self.text, self.at)
            if found:
                self.redirection(node, found.group(1) or "", found.group(2), found.end())
                continue
            character = self.text[self.at]
            if character == "(" and len(node.words) == 1 and not node.assigned:
                return self.function(node)
            if character in "\n;&|)":
                return node
            if character == "(":
                self.at += 1
                continue
            if not (node.words == [] and self.assignment(node)):
                node.words.append(self.word())

    def assignment(self, node: Node) -> bool:
        found = ASSIGNED.match(self.text, self.at)
        if not found:
            return False
        self.at = found.end()
        if self.text.startswith("(", self.at):
            self.at += 1
            node.assigned.append((found.group(1), [], self.words_until(")")))
        else:
            node.assigned.append((found.group(1), self.word(), []))
        return True

    def words_until(self, closing: str) -> list[list[Part]]:
        """The words up to `closing`, over lines."""
        words: list[list[Part]] = []
        while True:
            self.skip_lines()
            if self.at >= self.end:
                return words
            if self.text.startswith(closing, self.at):
                self.at += len(closing)
                return words
            before = self.at
            words.append(self.word())
            if self.at == before:
                self.at += 1

    def function(self, node: Node) -> Node:
        name = "".join(part.text for part in node.words[0])
        self.at += 1
        self.skip_blank()
        if not self.text.startswith(")", self.at):
            return node
        self.at += 1
        self.skip_lines()
        return Node("function", [self.command()], name)

    # ---- compounds

    def parentheses(self) -> Node:
        if self.text.startswith("((", self.at) and self.is_sum(self.at + 2):
            self.at += 2
            return Node("test", words=[self.sum_parts()])
        opened = self.at
        self.at += 1
        body = self.sequence(())
        self.close(")", opened)
        return Node("subshell", [body])

    def braces(self, _word: str) -> Node:
        opened = self.at
        body = self.sequence(("}",))
        self.close("}", opened)
        return Node("group", [body])

    def conditional(self, _word: str) -> Node:
        opened = self.at
        parts = [self.sequence(("then",))]
        while True:
            word = RESERVED.match(self.text, self.at)
            if not word or word.group() not in {"then", "elif", "else"}:
                break
            self.at = word.end()
            parts.append(self.sequence(("then", "elif", "else", "fi")))
        self.close("fi", opened)
        return Node("branches", parts)

    def loop(self, _word: str) -> Node:
        return Node("loop", [self.sequence(("do",)), self.do_done()])

    def do_done(self) -> Node:
        self.skip_to_command()
        opened = self.at
        if self.text.startswith("{", self.at):
            self.at += 1
            return self.braces("{")
        self.close("do", opened)
        body = self.sequence(("done",))
        self.close("done", opened)
        return body

    def for_loop(self, word: str) -> Node:
        self.skip_blank()
        if self.text.startswith("((", self.at):
            self.at += 2
            heading = Node("test", words=[self.sum_parts()])
            return Node("loop", [heading, self.do_done()])
        name = NAME.match(self.text, self.at)
        self.at = name.end() if name else self.at
        node = Node("for", text=name.group() if name else "_")
        self.skip_lines()
        inside = RESERVED.match(self.text, self.at)
        if inside and inside.group() == "in":
            self.at = inside.end()
            node.words = self.words_of_line()
        else:
            node.words = [[Part("variable", "@", quoted=True)]]
        node.parts = [self.do_done()]
        return node

    def words_of_line(self) -> list[list[Part]]:
        words: list[list[Part]] = []
        while True:
            self.skip_blank()
            if self.at >= self.end or self.text[self.at] in "\n;&|)":
                return words
            before = self.at
            words.append(self.word())
            if self.at == before:
                self.at += 1

    def case(self, _word: str) -> Node:
        opened = self.at
        self.skip_blank()
        node = Node("case", words=[self.word()])
        self.skip_lines()
        self.close("in", opened)
        while True:
            self.skip_lines()
            word = RESERVED.match(self.text, self.at)
            if self.at >= self.end or (word and word.group() == "esac"):
                break
            before = self.at
            self.text.startswith("(", self.at) and self.step()
            node.words.extend(self.words_of_patterns())
            node.parts.append(self.sequence(("esac",)))
            ending = re.compile(r";;?&?|\)").match(self.text, self.at)
            self.at = ending.end() if ending else self.at
            if self.at == before:
                self.at += 1
        self.close("esac", opened)
        return node

    def step(self) -> bool:
        self.at += 1
        return True

    def words_of_patterns(self) -> list[list[Part]]:
        words: list[list[Part]] = []
        while self.at < self.end:
            self.skip_lines()
            if self.text.startswith(")", self.at):
                self.at += 1
                break
            before = self.at
            words.append(self.word())
            if self.at == before:
                self.at += 1
        return words

    def named_function(self, _word: str) -> Node:
        self.skip_blank()
        name = "".join(part.text for part in self.word())
        self.skip_blank()
        brackets = re.compile(r"\(\s*\)").match(self.text, self.at)
        self.at = brackets.end() if brackets else self.at
        self.skip_lines()
        return Node("function", [self.command()], name)

    def double_bracket(self, _word: str) -> Node:
        return Node("test", words=self.words_until("]]"))

    COMPOUNDS = {  # noqa: RUF012  (typing's ClassVar would be an import)
        "{": braces,
        "if": conditional,
        "while": loop,
        "until": loop,
        "for": for_loop,
        "select": for_loop,
        "case": case,
        "function": named_function,
        "[[": double_bracket,
    }

    def inner_program(self, text: str) -> Node:
        return Reader(text, self.depth + 1, self.until).program()


def read_shell(text: str, depth: int = 0) -> tuple[Node, str]:
    """The program, and what of the text could not be read (from an opening quote that never closes)."""
    reader = Reader(text, depth)
    program = reader.program()
    return program, text[reader.broken_at :] if reader.broken_at >= 0 else ""
