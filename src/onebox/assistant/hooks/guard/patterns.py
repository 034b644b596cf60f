"""The list of secrets: gitignore syntax, read without regard to case; a pattern that begins with `~/` is one of the home."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

# Which characters some file systems read as nothing, so that `.e<zero width>nv` opens `.env`.
_UNSEEN = dict.fromkeys([0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])
# Casefolding leaves the dotless i alone, and gives the dotted capital one a second character.
_LETTERS = {0x130: "i", 0x131: "i"}
_SPECIAL = "*?[\\"
_CLASSES = {
    "alnum": r"a-zA-Z0-9",
    "alpha": r"a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": r"0-9",
    "graph": r"\x21-\x7e",
    "lower": r"a-zA-Z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": r"a-zA-Z",
    "xdigit": r"0-9a-fA-F",
}


def fold(text: str) -> str:
    """How a name is compared: two that any common file system may take for the same are equal."""
    if text.isascii():
        return text.lower()
    from unicodedata import normalize

    seen = text.translate(_UNSEEN).translate(_LETTERS)
    return normalize("NFC", normalize("NFC", seen).casefold())


class Pattern:
    """One line of the list."""

    __slots__ = ("_matcher", "anchored", "anywhere", "body", "folders_only", "home", "line", "negated", "text")

    def __init__(self, line: int, text: str) -> None:
        self.line, self.text = line, text
        self.negated = text.startswith("!")
        body = text[1:] if self.negated else text
        self.home = body.startswith("~/")
        body = body[1:] if self.home else body
        self.folders_only = body.endswith("/")
        body = body[:-1] if self.folders_only else body
        self.anchored = "/" in body
        self.body = body.removeprefix("/")
        self.anywhere = self.body.startswith("**/")
        self._matcher: Callable[[str], bool] | None = None

    @property
    def literal(self) -> bool:
        return _ends(self.body) is None

    def matches(self, path: str) -> bool:
        """`path`: folded; a name, or for an anchored pattern the path from its root."""
        if self._matcher is None:
            self._matcher = matcher(self.body)
        return self._matcher(path)


def matcher(glob: str) -> Callable[[str], bool]:
    """Tells whether a folded path is meant by this glob. Most globs need no regular expression, which is slow to make."""
    ends = _ends(glob)
    if ends is None:
        return fold(glob).__eq__
    if "/" not in glob and "*".join(ends) == glob:
        before, after = fold(ends[0]), fold(ends[1])
        shortest = len(before) + len(after)
        return lambda path: len(path) >= shortest and path.startswith(before) and path.endswith(after)
    expression = _expression(glob)
    if expression is None:
        return _never
    import re

    match = re.compile(expression, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda path: match(path) is not None


def _ends(glob: str) -> tuple[str, str] | None:
    """What stands before the first special character, and behind the last; None when there is none."""
    places = [at for at, letter in enumerate(glob) if letter in _SPECIAL]
    return (glob[: places[0]], glob[places[-1] + 1 :]) if places else None


def _always(_path: str) -> bool:
    return True


def _never(_path: str) -> bool:
    return False


def _expression(glob: str) -> str | None:
    """The glob as a regular expression; None when git would never match it (a bracket or an escape is left open)."""
    made, at = [], 0
    while at < len(glob):
        letter = glob[at]
        if letter == "*":
            text, at = _stars(glob, at)
        elif letter == "?":
            text, at = "[^/]", at + 1
        elif letter == "[":
            found = _bracket(glob, at + 1)
            if found is None:
                return None
            text, at = found
        else:
            at += letter == "\\"
            if at == len(glob):
                return None
            text, at = _escaped(fold(glob[at])), at + 1
        made.append(text)
    return "".join(made)


def _escaped(letter: str) -> str:
    return letter if letter.isalnum() or letter == "_" else "\\" + letter


def _stars(glob: str, at: int) -> tuple[str, int]:
    end = at
    while glob[end : end + 1] == "*":
        end += 1
    whole = glob.startswith("**", at) and (at == 0 or glob[at - 1] == "/")
    if whole and glob[end : end + 1] == "/":
        return "(?:.*/)?", end + 1
    if whole and end == len(glob):
        return ".*", end
    return "[^/]*", end


def _bracket(glob: str, at: int) -> tuple[str, int] | None:
    """A class of characters, from behind its `[`."""
    negated = glob[at : at + 1] in {"!", "^"}
    at += negated
    items, first, previous = [], True, ""
    while first or glob[at : at + 1] != "]":
        first = False
        if at >= len(glob):
            return None
        if glob.startswith("[:", at):
            end = glob.find(":]", at)
            if end > 0:
                name, at, previous = glob[at + 2 : end], end + 2, ""
                if name not in _CLASSES:
                    return None
                items.append(_CLASSES[name])
                continue
        if glob[at] == "-" and previous and glob[at + 1 : at + 2] not in {"", "]"}:
            at += 1 + (glob[at + 1] == "\\")
            if at >= len(glob):
                return None
            if previous <= glob[at]:
                items.append(f"{_escaped(previous)}-{_escaped(glob[at])}")
            previous, at = "", at + 1
            continue
        at += glob[at] == "\\"
        if at >= len(glob):
            return None
        previous = glob[at]
        items.append(_escaped(previous))
        at += 1
    text = "".join(items)
    if negated:
        return f"[^/{text}]", at + 1
    return (f"(?!/)[{text}]" if text else "(?!)"), at + 1


class SecretList:
    """The patterns of a list. `source` is what messages call it."""

    def __init__(self, patterns: Sequence[Pattern], source: str = ".claude/secrets.txt") -> None:
        self.patterns = list(patterns)
        self.source = source
        self._names: set[str] = set()
        self._starts: tuple[str, ...] = ()
        self._ends: tuple[str, ...] = ()
        self._odd: list[Callable[[str], bool]] = []
        self._index()

    @classmethod
    def parse(cls, text: str, source: str = ".claude/secrets.txt") -> SecretList:
        return cls([Pattern(number, line) for number, line in _lines(text)], source)

    def rule_for(
        self, parts: Sequence[str], folder: bool = False, home: Sequence[str] | None = None, anchored: bool = True
    ) -> tuple[int, str] | None:
        """(line, pattern) of what makes this path a secret, or None.

        parts: the path from the root of the list; home: the same from the home, where it lies there; folder: whether it
        is one; anchored=False: the path lies outside, and only what counts anywhere applies."""
        found = self.last_match(parts, folder, home, anchored)
        return None if found is None or found.negated else (found.line, found.text)

    def last_match(
        self, parts: Sequence[str], folder: bool = False, home: Sequence[str] | None = None, anchored: bool = True
    ) -> Pattern | None:
        """The pattern that decides; also one with `!`. What lies in a secret folder cannot be allowed again."""
        names = [fold(part) for part in parts]
        at_home = [fold(part) for part in home] if home is not None else []
        found = None
        for above in range(max(len(names), len(at_home)) - 1, -1, -1):
            rooted = names[: len(names) - above] if len(names) > above else []
            homely = at_home[: len(at_home) - above] if len(at_home) > above else []
            found = self._match(rooted, homely, folder or above > 0, anchored)
            if found is not None and not found.negated:
                return found
        return found

    def names(self) -> list[str]:
        """The names that the list says in full, such as `.env`."""
        return [pattern.body for pattern in self.patterns if pattern.literal and not pattern.negated]

    def _index(self) -> None:
        """What is needed to see at once that a name is none of ours, as nearly all are: the last names of the patterns."""
        starts, ends = [], []
        for pattern in self.patterns:
            if pattern.negated:
                continue
            last = pattern.body.rpartition("/")[2]
            # A bracket may hold a slash, and what stands behind one may be a part of it.
            plain = "[" not in pattern.body and "\\" not in pattern.body
            sure = _ends(last)
            if sure is None and plain:
                self._names.add(fold(last))
            elif sure and sure[0] and plain:
                starts.append(fold(sure[0]))
            elif sure and sure[1] and plain:
                ends.append(fold(sure[1]))
            else:
                self._odd.append(matcher(last) if plain or "/" not in pattern.body else _always)
        self._starts, self._ends = tuple(starts), tuple(ends)

    def suspects(self, name: str) -> bool:
        """Whether a pattern may mean a file or folder of this name (folded). It is quick, and never wrong where it says no."""
        if name in self._names or name.startswith(self._starts) or name.endswith(self._ends):
            return True
        return any(match(name) for match in self._odd)

    def _match(self, names: list[str], home: list[str], folder: bool, anchored: bool) -> Pattern | None:
        name = names[-1] if names else home[-1] if home else ""
        if not self.suspects(name):
            return None
        rooted, homely = "/".join(names), "/".join(home)
        for pattern in reversed(self.patterns):
            if pattern.folders_only and not folder:
                continue
            if pattern.home:
                hit = bool(homely) and pattern.matches(homely)
            elif pattern.anchored:
                hit = (anchored or pattern.anywhere) and bool(rooted) and pattern.matches(rooted)
            else:
                hit = pattern.matches(name)
            if hit:
                return pattern
        return None


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that hold a pattern, as git reads them."""
    found = []
    for number, raw in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        line = _trimmed(raw.removesuffix("\r"))
        if line and not line.startswith("#") and line not in {"!", "/", "!/"}:
            found.append((number, line))
    return found


def _trimmed(line: str) -> str:
    """Without the blanks at its end, but for one that a backslash keeps."""
    at, kept = 0, 0
    while at < len(line):
        at, blank = at + (2 if line[at] == "\\" else 1), line[at] == " "
        kept = kept if blank else at
    return line[:kept]
