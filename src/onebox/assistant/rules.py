"""The ledger of rules, `.claude/rules.toml`: which failure taught which rule, what checks it, and when that was proved.

It is written by hand, line by line, so that a person's comments and order in it survive."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from onebox.kernel.errors import OneboxError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LEDGER = ".claude/rules.toml"
VIOLATIONS = ".claude/violations"

_HEADER = re.compile(r"^\s*\[\[\s*(\w+)\s*\]\]")
_KEY = re.compile(r"^\s*(\w+)\s*=")
_LONGEST_ID = 60


class LedgerInvalid(OneboxError):
    """`.claude/rules.toml` cannot be read as a ledger."""

    code: ClassVar[str] = "rules_invalid"


class RuleRefused(OneboxError):
    """A rule that is not believed, or that cannot be found."""

    code: ClassVar[str] = "rule_refused"


@dataclass(frozen=True)
class Rule:
    id: str
    rule: str
    failure: str
    learnt: date
    check: str | None = None
    """a shell command that fails when the rule is broken; None: nothing checks it"""
    proved: date | None = None
    """when the check was last seen to fail on the violation; None: never"""
    violation: str | None = None
    """the patch that breaks the rule, relative to the project"""
    line: int = 0
    """of its heading in the ledger, from 1; 0: it is in none"""

    @property
    def in_claude_md(self) -> str:
        """Its line in CLAUDE.md."""
        # What begins a comment would swallow all behind it, and the end of the kit's part with it.
        said = self.rule.rstrip(".").replace("<!--", "&lt;!--")
        if self.check is None:
            return f"- {said}" if said.endswith(("!", "?")) else f"- {said}."
        return " ".join(f"- {said} (checked: {_as_code(self.check)}).".split())


def _as_code(command: str) -> str:
    """
    >>> print(_as_code("make check"), _as_code("test `ls`"))
    `make check` `` test `ls` ``
    """
    longest = max(map(len, re.findall("`+", command)), default=0)
    return f"{'`' * (longest + 1)} {command} {'`' * (longest + 1)}" if longest else f"`{command}`"


def one_line(text: str, what: str) -> str:
    """The text on one line, without the mark of a list before it. Raises RuleRefused, which names `what` it is, for an
    empty one and for control characters."""
    line = re.sub(r"^(?:[-*+>#]+\s+)+", "", " ".join(text.split()))
    if not line or not line.isprintable():
        raise RuleRefused(f"{what}: {text!r} is no text that a rule can have", hint="give words on one line")
    return line


def as_check(text: str) -> str:
    """The command as it is, but for what stands around it. Raises RuleRefused for an empty one and for several lines."""
    command = text.strip()
    if not command or not command.isprintable():
        raise RuleRefused(
            f"{text!r} is no check: it must be a command on one line",
            hint="join lines by `&&`, or write a script and name it",
        )
    return command


def same_rule(one: str, other: str) -> bool:
    """Whether two texts say the same rule, but for capitals, spaces and the full stop."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join(text.split()).rstrip(".").casefold()


class Ledger:
    """The ledger of one project. A project without the file has an empty one."""

    def __init__(self, project: Path) -> None:
        self.file = project / LEDGER
        try:
            self._text = self.file.read_text(encoding="utf-8") if self.file.is_file() else ""
        except UnicodeDecodeError as error:
            raise LedgerInvalid(
                f"{LEDGER}: byte {error.start} is no UTF-8", hint="save it as UTF-8, or take it from git"
            ) from None
        self.rules = self._read()

    def _read(self) -> list[Rule]:
        try:
            tables = tomllib.loads(self._text).get("rule", [])
        except tomllib.TOMLDecodeError as error:
            raise LedgerInvalid(f"{LEDGER}: {error}", hint="mend the file by hand, or take it from git") from error
        lines = [number for number, name in self._headers() if name == "rule"]
        if not isinstance(tables, list) or len(tables) != len(lines):
            raise LedgerInvalid(f"{LEDGER}: the rules are not `[[rule]]` entries", hint="write each under `[[rule]]`")
        return [_rule_of(table, line) for table, line in zip(tables, lines, strict=True)]

    def _headers(self) -> list[tuple[int, str]]:
        found = [(number, _HEADER.match(line)) for number, line in enumerate(self._text.splitlines(), 1)]
        return [(number, match[1]) for number, match in found if match]

    def rule(self, id: str) -> Rule:
        """Raises RuleRefused for one that is not there."""
        for rule in self.rules:
            if rule.id == id:
                return rule
        from onebox.kernel.nearest import did_you_mean

        known = [rule.id for rule in self.rules]
        raise RuleRefused(
            f"{LEDGER} has no rule {id!r}{did_you_mean(id, known)}", hint="`onebox kit rules` lists them with their ids"
        )

    def free_id(self, rule: str) -> str:
        """An id made of the rule's words that no entry has, retired ones included."""
        words = re.sub(r"[^a-z0-9]+", "-", rule.lower()).strip("-")[:_LONGEST_ID].rstrip("-") or "rule"
        taken = set(re.findall(r'^\s*id\s*=\s*"([^"]*)"', self._text, re.MULTILINE))
        return next(free for free in (words, *(f"{words}-{n}" for n in range(2, len(taken) + 3))) if free not in taken)

    @property
    def text(self) -> str:
        """What the file is to hold; whoever changes the ledger writes it."""
        return self._text

    def add(self, rule: Rule) -> None:
        """Appends it."""
        space = "" if not self._text else "\n" if self._text.endswith("\n") else "\n\n"
        self._take(self._text + space + _entry(rule))

    def set_check(self, id: str, check: str) -> None:
        """Gives a rule its check, which nobody proved yet."""
        self._change(id, {"check": _quoted(check), "proved": None, "violation": None})

    def set_proved(self, id: str, on: date, violation: str) -> None:
        """Writes down that its check was seen to fail on this patch."""
        self._change(id, {"proved": on.isoformat(), "violation": _quoted(violation)})

    def retire(self, id: str, on: date) -> None:
        """Makes its entry a `[[retired]]` one, in its place."""
        self._change(id, {"retired": on.isoformat(), "violation": None}, header="[[retired]]")

    def _change(self, id: str, values: Mapping[str, str | None], header: str | None = None) -> None:
        start = self.rule(id).line - 1
        lines = self._text.splitlines()
        end = min((number - 1 for number, _ in self._headers() if number - 1 > start), default=len(lines))
        keys = [(number, _KEY.match(lines[number])) for number in range(start + 1, end)]
        place = {match[1]: number for number, match in keys if match}
        new = [f"{key} = {value}" for key, value in values.items() if value is not None and key not in place]
        if new:
            lines.insert(max(place.values(), default=start) + 1, "\n".join(new))
        gone = {number for key, number in place.items() if key in values and values[key] is None}
        for key, value in values.items():
            if key in place and value is not None:
                lines[place[key]] = f"{key} = {value}{_comment_of(lines[place[key]])}"
        if header:
            lines[start] = _HEADER.sub(header, lines[start])
        self._take("\n".join(line for number, line in enumerate(lines) if number not in gone) + "\n")

    def _take(self, text: str) -> None:
        self._text = text
        self.rules = self._read()


def read_whole(file: Path) -> str:
    """The text with its line ends as they are; "" if there is no file."""
    return file.read_bytes().decode("utf-8", "surrogateescape") if file.is_file() else ""


def _comment_of(line: str) -> str:
    """What a person wrote behind a value, as far as it can be told without reading TOML."""
    found = re.fullmatch(r'\s*\w+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^"#\s]+)(\s+#.*)', line)
    return found[1] if found else ""


def _entry(rule: Rule) -> str:
    values = [
        ("id", _quoted(rule.id)),
        ("rule", _quoted(rule.rule)),
        ("failure", _quoted(rule.failure)),
        ("learnt", rule.learnt.isoformat()),
        ("check", rule.check and _quoted(rule.check)),
        ("proved", rule.proved and rule.proved.isoformat()),
        ("violation", rule.violation and _quoted(rule.violation)),
    ]
    return "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in values if value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # of printable text: the same as a basic string of TOML


def _rule_of(table: Mapping[str, Any], line: int) -> Rule:
    known = {key: kind for key, kind in _KINDS.items() if key in table}
    missing = [key for key in ("id", "rule", "failure", "learnt") if key not in table]
    wrong = [key for key, kind in known.items() if type(table[key]) is not kind]
    if missing or wrong:
        what = f"lacks {', '.join(missing)}" if missing else f"has a {wrong[0]} that is no {_NAMES[_KINDS[wrong[0]]]}"
        raise LedgerInvalid(
            f"{LEDGER}:{line}: the rule {what}", hint="see docs/reference/rules-ledger.md for what each key holds"
        )
    return Rule(**{key: table[key] for key in known}, line=line)


_KINDS: dict[str, type] = {
    "id": str, "rule": str, "failure": str, "learnt": date, "check": str, "proved": date, "violation": str,
}  # fmt: skip
_NAMES = {str: "text", date: "date"}
