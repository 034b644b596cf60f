"""The list of secrets that a repository begins with, and what Claude Code itself denies by it.

Claude Code reads the `Read(…)` rules of a file of settings as a `.gitignore`: in their order, the last that matches
decides, and `!` opens again. That was seen with 2.1.331, and the soak tests look again. Not opened again is what a rule
denies on the whole disk (`//…`), in the home (`~/…`) or in the project's root (`/…`); classes such as `[!a]` mean
something else there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.hooks.guard.patterns import Pattern, SecretList, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXTS = Path(__file__).with_name("texts") / "secrets"
_BESIDE_COMMON = {"python": ("telegram",), "wordpress": ("wordpress",), "box": ("telegram", "box")}
_GUARDS = (".claude/settings.json", ".claude/settings.local.json", ".claude/secrets.txt", ".claude/hooks")
_ANYWHERE = "**/"


def default_list(stack: str) -> str:
    """The text of `.claude/secrets.txt` for a stack of the kit's, or several (`python+wordpress`)."""
    beside = dict.fromkeys(name for each in stack.split("+") for name in _BESIDE_COMMON.get(each, ()))
    return "\n".join((_TEXTS / f"{name}.txt").read_text("utf-8") for name in ("common", *beside))


def deny_rules(text: str) -> list[str]:
    """`permissions.deny` for the project's settings: the list, line for line, as far as Claude Code can read it; then
    what guards it. `//` is the root of the disk, `/` the project, `~/` the home.

    `Read` alone, as it keeps from editing and overwriting, too. `Edit` would forbid `cp .env.example .env` as well."""
    secrets = [f"Read({place})" for pattern, opened in _in_order(text) if (place := _place(pattern, opened=opened))]
    own = [f"Edit(/{name}/**)" if name.endswith("hooks") else f"Edit(/{name})" for name in _GUARDS]
    return [*secrets, *own]


def sandbox_denials(text: str) -> dict[str, list[str]]:
    """`sandbox.filesystem`: `denyRead` and `denyWrite`.

    What the list says in full and never opens again, in the project's root and the home: the sandbox of Linux mounts
    over paths that are there, and takes no globs. A secrets file is not in `denyWrite`: a template may make a missing
    one."""
    found = [
        f"{'~' if pattern.home else '.'}/{_name(pattern)}"
        for pattern, opened in _in_order(text)
        if _is_plain(pattern) and not pattern.negated and not opened
    ]
    return {"denyRead": list(dict.fromkeys(found)), "denyWrite": [f"./{name}" for name in _GUARDS[2:]]}


def _in_order(text: str) -> Iterator[tuple[Pattern, bool]]:
    """Each line, and whether a later one may open again a part of what it denies."""
    patterns = SecretList.parse(text).patterns
    for at, pattern in enumerate(patterns):
        yield pattern, any(_may_open(later, pattern) for later in patterns[at + 1 :] if later.negated)


def _may_open(later: Pattern, pattern: Pattern) -> bool:
    """Of a name that is said in full it is certain; in doubt, yes."""
    return not _is_plain(pattern) or Pattern(0, _last(later)).matches(fold(_last(pattern)))


def _place(pattern: Pattern, *, opened: bool) -> str | None:
    """What stands in a rule's brackets; None where no rule can say it, so that the hook alone does."""
    text = (
        pattern.text[:-1] if pattern.text.endswith("/**") else pattern.text
    )  # Claude Code drops `/**`, and its anchor
    if "[!" in text or "[^" in text:
        return None
    if pattern.negated:
        return None if pattern.home else text
    if pattern.home or (text.startswith("/") and "/" not in pattern.body):
        return None if opened else text
    # A name counts anywhere, and many of these files lie in the home.
    if _is_plain(pattern) and not opened and (pattern.anywhere or not pattern.anchored):
        return f"//{_ANYWHERE}{text.removeprefix(_ANYWHERE)}"
    return text.removeprefix("/")


def _is_plain(pattern: Pattern) -> bool:
    """Whether it names a file or a folder in full."""
    return Pattern(0, _name(pattern)).literal


def _name(pattern: Pattern) -> str:
    return pattern.body.removeprefix(_ANYWHERE)


def _last(pattern: Pattern) -> str:
    return pattern.body.rpartition("/")[2]
