"""Reads the words of a shell command: quotes, escapes, and what is expanded."""

from __future__ import annotations

import re
import time

from onebox.assistant.hooks.guard.shell_quotes import decode_escapes, extended_glob
from onebox.assistant.hooks.guard.shell_words import LIVE, Beyond, Node, Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.shell_words import Redirect

DEEPEST = 16
# Of the processor: what is read longer is no command that a person writes.
READING_SECONDS = 0.15
TICKS = 63
RUN = re.compile(r"[^\s'\"\\$`|&;()<>*?\[{,}@+!]+")
QUOTED_RUN = re.compile(r"[^\"\\$`]+")
BRACED_RUN = re.compile(r"[^'\"\\$`}*?\[]+")
SUM_RUN = re.compile(r"[^$`\"'\\()]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[0-9]|[@*#?$!-]")
BRACED_NAME = r"([!#]?)([A-Za-z_][A-Za-z_0-9]*|[0-9]+|[@*#?!-]|\$(?![({]))(\[[^\]]{0,80}\])?"
BRACED_OPERATOR = r":?[-=+?]|##?|%%?|//?|\^\^?|,,?|@|:"
BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+")


class WordReader:
    """`broken_at`: where a quote or bracket began that never ends, or -1."""

    def __init__(self, text: str, depth: int = 0, until: float = 0.0) -> None:
        if depth > DEEPEST:
            raise Beyond("nested too deep")
        self.text = text
        self.at = 0
        self.end = len(text)
        self.depth = depth
        self.broken_at = -1
        self.commands = 0
        self.ticks = 0
        self.until = until or time.process_time() + READING_SECONDS
        self.waiting: list[tuple[Redirect, str, bool, bool]] = []

    def sequence(self, stops: tuple[str, ...]) -> Node:
        """Commands; read by the one who knows them."""
        raise NotImplementedError

    def inner_program(self, text: str) -> Node:
        """What a text inside of this one says."""
        raise NotImplementedError

    def tick(self) -> None:
        self.ticks += 1
        if self.ticks & TICKS == 1 and time.process_time() > self.until:
            raise Beyond("too long")

    def skip_blank(self) -> None:
        blank = BLANK.match(self.text, self.at)
        if blank:
            self.at = blank.end()
        if self.text.startswith("#", self.at):
            line_end = self.text.find("\n", self.at)
            self.at = self.end if line_end < 0 else line_end

    def close(self, closing: str, opened: int) -> None:
        self.skip_blank()
        if self.text.startswith(closing, self.at):
            self.at += len(closing)
        elif self.broken_at < 0:
            self.broken_at = opened

    def word(self) -> list[Part]:
        """A word from here; empty where none begins."""
        parts: list[Part] = []
        while self.at < self.end:
            self.tick()
            run = RUN.match(self.text, self.at)
            if run:
                parts.append(Part("text", run.group()))
                self.at = run.end()
                continue
            character = self.text[self.at]
            if character in "<>" and self.text.startswith("(", self.at + 1):
                parts.append(self.process())
            elif character in " \t\r\n|&;()<>":
                break
            elif character in "@+?*!" and self.text.startswith("(", self.at + 1):
                self.at, text = extended_glob(self.text, self.at)
                parts.append(Part("text", text))
            elif not self.quoted_or_expanded(parts, quoted=False):
                parts.append(Part("text", LIVE.get(character, character)))
                self.at += 1
        return parts

    def quoted_or_expanded(self, parts: list[Part], *, quoted: bool) -> bool:
        """Reads one quoted text, escape or expansion, where one begins."""
        character = self.text[self.at]
        if character == "\\":
            self.escape(parts, quoted=quoted)
        elif character == "'" and not quoted:
            self.single_quotes(parts)
        elif character == '"' and not quoted:
            opened = self.at
            self.at += 1
            inner = self.parts_until('"', QUOTED_RUN)
            parts.extend(inner or [Part("text", "", quoted=True)])
            self.close_quote('"', opened)
        elif character == "`":
            parts.append(self.backticks(quoted=quoted))
        elif character == "$":
            self.dollar(parts, quoted=quoted)
        else:
            return False
        return True

    def close_quote(self, closing: str, opened: int) -> None:
        if self.text.startswith(closing, self.at):
            self.at += 1
        elif self.broken_at < 0:
            self.broken_at = opened

    def escape(self, parts: list[Part], *, quoted: bool) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if following == "\n":
            return
        parts.append(Part("text", "\\" + following if quoted and following not in '$`"\\' else following, quoted=True))

    def single_quotes(self, parts: list[Part]) -> None:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            self.broken_at = self.at if self.broken_at < 0 else self.broken_at
            end = self.end
        parts.append(Part("text", self.text[self.at + 1 : end], quoted=True))
        self.at = end + 1

    def parts_until(self, closing: str, run_of: re.Pattern[str]) -> list[Part]:
        """Parts of a double-quoted text, of a here-document, or of what stands in `${…}`; stops before `closing`."""
        parts: list[Part] = []
        quoted = closing != "}"
        while self.at < self.end:
            self.tick()
            run = run_of.match(self.text, self.at)
            if run:
                parts.append(Part("text", run.group(), quoted=True))
                self.at = run.end()
                continue
            character = self.text[self.at]
            if character == closing:
                break
            if not self.quoted_or_expanded(parts, quoted=quoted):
                parts.append(Part("text", LIVE.get(character, character)))
                self.at += 1
        return parts

    def dollar(self, parts: list[Part], *, quoted: bool) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following == "(":
            parts.append(self.substitution(quoted=quoted))
        elif following == "{":
            parts.append(self.braced(quoted=quoted))
        elif following == "'" and not quoted:
            self.at, text = decode_escapes(self.text, self.at + 2)
            parts.append(Part("text", text, quoted=True))
        elif following == '"' and not quoted:
            self.at += 1
            self.quoted_or_expanded(parts, quoted=False)
        else:
            name = NAME.match(self.text, self.at + 1)
            self.at = name.end() if name else self.at + 1
            parts.append(Part("variable", name.group(), quoted=quoted) if name else Part("text", "$", quoted=True))

    def substitution(self, *, quoted: bool) -> Part:
        opened = self.at
        if self.text.startswith("$((", self.at) and self.is_sum(self.at + 3):
            self.at += 3
            return Part("sum", word=self.sum_parts(), quoted=quoted)
        self.at += 2
        waiting, self.waiting = self.waiting, []
        body = self.sequence(())
        self.close(")", opened)
        self.waiting = waiting + self.waiting
        return Part("run", body=body, quoted=quoted)

    def process(self) -> Part:
        opened = self.at
        direction = self.text[self.at]
        self.at += 2
        body = self.sequence(())
        self.close(")", opened)
        return Part("pipe", direction, body=body)

    def is_sum(self, at: int) -> bool:
        """Whether the two brackets that open before `at` close together."""
        depth = 0
        for bracket in re.compile(r"[()]").finditer(self.text, at, min(self.end, at + 2000)):
            depth += 1 if bracket.group() == "(" else -1
            if depth < 0:
                return self.text.startswith("))", bracket.start())
        return False

    def sum_parts(self) -> list[Part]:
        """What is run inside of `((…))`."""
        parts: list[Part] = []
        depth = 0
        while self.at < self.end:
            self.tick()
            run = SUM_RUN.match(self.text, self.at)
            if run:
                parts.append(Part("text", run.group(), quoted=True))
                self.at = run.end()
            character = self.text[self.at : self.at + 1]
            if character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if depth < 0:
                    self.at = min(self.at + 2, self.end)
                    break
            elif character and self.quoted_or_expanded(parts, quoted=True):
                continue
            self.at += 1
        return parts

    def braced(self, *, quoted: bool) -> Part:
        opened = self.at
        name = re.compile(BRACED_NAME).match(self.text, self.at + 2)
        if not name:
            self.at += 2
            inner = self.parts_until("}", BRACED_RUN)
            self.close_quote("}", opened)
            return Part("sum", word=inner, quoted=quoted)
        self.at = name.end()
        operator = re.compile(BRACED_OPERATOR).match(self.text, self.at)
        self.at = operator.end() if operator else self.at
        prefix = name.group(1)
        part = Part("variable", name.group(2), quoted=quoted, operator=prefix or (operator.group() if operator else ""))
        part.word = self.parts_until("}", BRACED_RUN)
        self.close_quote("}", opened)
        if name.group(3):
            part.text += name.group(3)
        return part

    def backticks(self, *, quoted: bool) -> Part:
        opened = self.at
        self.at += 1
        inner: list[str] = []
        while self.at < self.end and self.text[self.at] != "`":
            if self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in ("`", "\\", "$", '"'):
                self.at += 1
            inner.append(self.text[self.at])
            self.at += 1
        self.close_quote("`", opened)
        return Part("run", body=self.inner_program("".join(inner)), quoted=quoted)
