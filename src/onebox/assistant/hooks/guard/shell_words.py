"""What a shell command is read into: words of parts, and commands of words."""

from __future__ import annotations

TYPE_CHECKING = False

# Characters of the private use area stand for what is live in a word, so that a value stays a plain text:
# what was quoted is itself, what the shell would act upon is one of these.
ANY = "\ue000"  # a part that cannot be known
STAR = "\ue001"
ONE = "\ue002"
BRACKET = "\ue003"
OPEN = "\ue004"
COMMA = "\ue005"
CLOSE = "\ue006"
# From here on each character stands for one `Names` or `Pipe` that the interpretation remembers.
FIRST_REFERENCE = 0xE100
LAST_REFERENCE = 0xF8FF

MOST_PATTERNS = 64
LIVE = {"*": STAR, "?": ONE, "[": BRACKET, "{": OPEN, ",": COMMA, "}": CLOSE}
PLAIN = {ord(mark): character for character, mark in LIVE.items()}


class Beyond(Exception):
    """The command is larger or deeper than what is read in full."""


class Denied(Exception):
    """A part of the command must not run; the text says why."""


class Part:
    """One part of a word. `kind`: text, variable, run (a substitution), pipe (a process substitution), sum."""

    __slots__ = ("body", "kind", "operator", "quoted", "text", "word")

    def __init__(
        self,
        kind: str,
        text: str = "",
        *,
        quoted: bool = False,
        operator: str = "",
        word: list[Part] | None = None,
        body: Node | None = None,
    ) -> None:
        self.kind = kind
        self.text = text
        self.quoted = quoted
        self.operator = operator
        self.word = word or []
        self.body = body


class Redirect:
    """`operator` as written without its number; a here-document's word is its body."""

    __slots__ = ("number", "operator", "word")

    def __init__(self, operator: str, word: list[Part], number: str = "") -> None:
        self.operator = operator
        self.word = word
        self.number = number


class Node:
    """A command.

    `kind` tells which fields count: simple (assigned, words), list and pipe (parts), and, or (two parts),
    group and subshell (parts), branches (parts: conditions and what they lead to, in turn), loop (parts),
    for (text: the variable; words; parts), case (words: the subject; parts), function (text: its name; parts),
    test (words).
    """

    __slots__ = ("assigned", "kind", "parts", "redirects", "source", "text", "words")

    def __init__(
        self, kind: str, parts: list[Node] | None = None, text: str = "", words: list[list[Part]] | None = None
    ) -> None:
        self.kind = kind
        self.parts = parts or []
        self.text = text
        self.words = words or []
        # (`name`, `name[key]`, either with `+` after it; the value; the elements of an array)
        self.assigned: list[tuple[str, list[Part], list[list[Part]]]] = []
        self.redirects: list[Redirect] = []
        self.source = ""


class Names:
    """Names of files that a command has listed: those of a folder, or of its whole tree."""

    __slots__ = ("changed", "deep", "folder", "follows", "hidden", "ignored", "names", "without")

    def __init__(
        self,
        folder: str,
        *,
        deep: bool = True,
        hidden: bool = True,
        ignored: bool = True,
        names: tuple[str, ...] | None = None,
        without: tuple[str, ...] = (),
        changed: bool = False,
        follows: bool = True,
    ) -> None:
        self.folder = folder
        self.follows = follows
        self.deep = deep
        self.hidden = hidden
        self.ignored = ignored
        # More of them are taken for all, and for none.
        self.names = names if names is None or len(names) <= MOST_PATTERNS else None
        self.without = without[:MOST_PATTERNS]
        # Only what git would take in anew.
        self.changed = changed

    def but(self, pattern: str) -> Names:
        """Without the names that this pattern matches; looked for in the whole tree, which is more."""
        return Names(
            self.folder,
            hidden=self.hidden,
            ignored=self.ignored,
            names=self.names,
            without=(*self.without, pattern),
        )


class Pipe:
    """What a process substitution gives to read."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def plain(text: str) -> str:
    """The text with what was live in it as the characters that were written."""
    return text if text.isascii() else text.translate(PLAIN)


def is_reference(character: str) -> bool:
    return FIRST_REFERENCE <= ord(character) <= LAST_REFERENCE
