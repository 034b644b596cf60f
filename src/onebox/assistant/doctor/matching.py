"""Which tools a hook is called for: the matcher, as Claude Code reads it."""

from __future__ import annotations

import re

_LIST = re.compile(r"[a-zA-Z0-9_|, -]+")
_LIST_BEFORE_2_1_195 = re.compile(r"[a-zA-Z0-9_|]+")


def matches(matcher: str | None, tool: str) -> bool:
    """Letters, digits, `_`, `-`, blanks, `,` and `|` are a list of exact names; anything else is a regular expression
    that may match anywhere in the name. None, "" and `*` match every tool, a broken expression none.

    >>> matches("Edit|Write", "NotebookEdit"), matches("Edit.*", "NotebookEdit")
    (False, True)
    """
    if matcher in {None, "", "*"}:
        return True
    assert matcher is not None
    if _LIST.fullmatch(matcher):
        return tool in names_of(matcher)
    return _somewhere(matcher, tool)


def matched_before_2_1_195(matcher: str | None, tool: str) -> bool:
    """The same in older versions, where `-`, `,` and a blank made it an expression."""
    if matcher in {None, "", "*"} or (matcher and _LIST_BEFORE_2_1_195.fullmatch(matcher)):
        return matches(matcher, tool)
    return _somewhere(matcher or "", tool)


def names_of(matcher: str) -> list[str]:
    return [name.strip() for name in re.split(r"[|,]", matcher)]


def _somewhere(expression: str, tool: str) -> bool:
    try:
        return re.search(expression, tool) is not None
    except re.error:
        return False
