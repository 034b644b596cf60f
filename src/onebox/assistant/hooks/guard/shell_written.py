"""What of a command's own words ends up in a file: what takes the place of something, and not what is looked for."""

from __future__ import annotations

import re

TYPE_CHECKING = False

# What these print has their words in it.
CHANGES_TEXT = frozenset(
    "sed gsed awk gawk mawk nawk jq jaq gojq yq perl ruby python python2 python3 node nodejs deno bun php envsubst"
    " dasel m4 xmlstarlet".split()
)
# These change the files that they are given.
EDITS = frozenset("sd ed ex vi vim nvim emacs dasel crudini rpl replace xmlstarlet augtool toml yaml".split())
SUBSTITUTED = r"(?<![\w/])[sy]([/|#,:@!~%])(?:\\.|(?!\1)[^\n])*?\1((?:\\.|(?!\1)[^\n])*)\1?"
ADDRESS_OF_LINES = r"(?:(?<=^)|(?<=[\s;{,!'\"]))/(?:\\.|[^/\n])+/"
REPLACED = r"\b(replace|replaceAll|replace_all|sub|gsub|str_replace|preg_replace)\(\s*r?(['\"/])(?:\\.|(?!\2)[^\n])*?\2"
OPENED_TO_WRITE = r"['\"][wax]b?\+?['\"]|write|append|put_contents|\bdump|['\"]\s*>{1,2}"
PATH_IN_CODE = r"['\"]>{0,2}([\w./-]{1,200})['\"]"
LONGEST_PROGRAM = 20_000


def kept_text(text: str) -> str:
    """Without what is replaced, and without the patterns that choose lines."""
    if len(text) > LONGEST_PROGRAM:
        return text
    text = re.sub(SUBSTITUTED, r"\n\2\n", text)
    text = re.sub(REPLACED, r"\1(", text)
    return re.sub(ADDRESS_OF_LINES, "", text)


def paths_written(code: str) -> list[str]:
    """The files that a program seems to write."""
    if not re.search(OPENED_TO_WRITE, code):
        return []
    return [text for text in re.findall(PATH_IN_CODE, code)[:20] if "." in text or "/" in text]
