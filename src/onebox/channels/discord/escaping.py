"""A text so that Discord shows it as it was written."""

from __future__ import annotations

import re

_URL = r"https?://[^\s<>]+"
_MARKS = r"[\\*_~`|\[\]<]"
_AT_A_LINE_S_START = r"^(?P<indent>[ \t]*)(?P<mark>>|#|-|\+)"
_TO_ESCAPE = re.compile(f"(?P<url>{_URL})|(?P<any>{_MARKS})|{_AT_A_LINE_S_START}", re.MULTILINE)


def escape_discord(text: str) -> str:
    r"""With a backslash before each mark of Discord's Markdown; a URL is left alone, or it would lead elsewhere.

    >>> print(escape_discord("*Hi* <@1> https://example.org/a_b"))
    \*Hi\* \<@1> https://example.org/a_b
    """
    return _TO_ESCAPE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    if match["url"]:
        return match["url"]
    return f"{match['indent'] or ''}\\{match['any'] or match['mark']}"
