"""Texts that Claude Code reads as a prompt: the commands that it runs in them, and the files that it takes in, without a tool."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False

_NAMES = {"claude.md", "claude.local.md", "agents.md"}
_INLINE = r"!`([^`\n]{1,2000})`"
_FENCED = r"(?ms)^\s{0,8}```!\s*\n(.{1,5000}?)^\s{0,8}```"
_OF_HOOK = r"(?m)^[\s-]*[\"']?command[\"']?:\s*([^\n]{1,2000})$"
_MENTIONED = r"(?:^|(?<=\s))@([\w.~/-]{1,400})"


def is_prompt(path: str) -> bool:
    """CLAUDE.md, and the Markdown of commands, skills, and agents."""
    low = path.strip().lower()
    return low.endswith(".md") and (os.path.basename(low) in _NAMES or "/.claude/" in "/" + low)


def commands_of_prompt(text: str) -> list[str]:
    """What is run when the text is loaded, and by the hooks in its head."""
    found = re.findall(_INLINE, text) + re.findall(_FENCED, text)
    return found + [command.strip().strip("\"'") for command in re.findall(_OF_HOOK, text)]


def files_of_prompt(text: str) -> list[str]:
    """What `@path` takes in."""
    return [path.rstrip(".") for path in re.findall(_MENTIONED, text)] if "@" in text else []
