"""Reads the call from stdin, and ends with 0 and silence, or with 2 and the reason on stderr."""

from __future__ import annotations

import json
import os
import sys

from onebox.assistant.hooks.guard.instead import how_else
from onebox.assistant.hooks.guard.patterns import SecretList
from onebox.assistant.hooks.guard.places import Places
from onebox.assistant.hooks.guard.reach import root_of
from onebox.assistant.hooks.guard.tools import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BLOCK = 2
_SECONDS = 4
_MOST_LETTERS = 600
_LONGEST_REASON = 330
_LIST = ".claude/secrets.txt"
_MANAGED = ("/etc/claude-code", "/Library/Application Support/ClaudeCode")
# The list as it was when this file was written: it holds where the project's own is gone.
BAKED_LIST = ""


def main() -> int:
    """Whatever goes wrong blocks the call: who cannot look does not say that all is well."""
    try:
        _watch_the_clock()
        payload = json.loads(sys.stdin.buffer.read())
        if not isinstance(payload, dict):
            raise TypeError("what came on stdin is no JSON object")
        said = judge(payload, _places(payload))
    except (Exception, KeyboardInterrupt) as failed:  # noqa: BLE001
        return _say(_unjudged(f"{type(failed).__name__}: {failed}"))
    return 0 if said is None else _say(_blocked(payload, said))


def _watch_the_clock() -> None:
    import signal

    if not hasattr(signal, "setitimer"):
        return

    def late(*_: object) -> None:
        _say(_unjudged(f"it took longer than {_SECONDS} seconds; make the call smaller"))
        os._exit(BLOCK)

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)


def _places(payload: dict[str, Any]) -> Places:
    cwd = payload.get("cwd")
    cwd = os.path.normpath(cwd) if isinstance(cwd, str) and os.path.isabs(cwd) else os.getcwd()
    project = os.environ.get("CLAUDE_PROJECT_DIR") or _beside() or root_of(cwd) or cwd
    beside = root_of(cwd)
    home = os.environ.get("HOME") or os.path.expanduser("~")
    programs = [os.path.normpath(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    return Places(project, home, _secrets(project), [beside] if beside else [], _own(home), programs)


def _beside() -> str | None:
    """The project whose `.claude/hooks` this file lies in."""
    folder, inside = os.path.split(os.path.dirname(os.path.abspath(__file__)))
    return os.path.dirname(folder) if inside == "hooks" and os.path.basename(folder) == ".claude" else None


def _own(home: str) -> list[str]:
    """This file's folder, and where its bytecode is kept: what is written there is run as the guard; and where settings
    lie that could switch hooks off."""
    caches = [home + "/.cache", os.path.abspath(os.environ.get("XDG_CACHE_HOME") or home + "/.cache")]
    own = [os.path.dirname(os.path.abspath(__file__)), *(cache + "/onebox-kit" for cache in dict.fromkeys(caches))]
    moved = os.environ.get("CLAUDE_CONFIG_DIR")
    if moved:
        own += [os.path.abspath(moved) + "/settings.json", os.path.abspath(moved) + "/settings.local.json"]
    return [*own, *_MANAGED]


def _secrets(project: str) -> SecretList:
    try:
        with open(os.path.join(project, _LIST), encoding="utf-8", errors="surrogateescape") as file:
            return SecretList.parse(file.read(), _LIST)
    except OSError:
        return SecretList.parse(BAKED_LIST, "the hook's own list")


def _say(text: str) -> int:
    cut = text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
    os.write(2, (cut + "\n").encode("utf-8", "replace"))
    return BLOCK


def _unjudged(why: str) -> str:
    return (
        f"protect secrets: this call was not run, since it could not be judged ({why}).\n"
        "Where: .claude/hooks/protect_secrets.py, which lets nothing pass that it has not understood.\n"
        "Instead: do it in a simpler way; if that fails too, tell the person, who can run `onebox kit doctor`."
    )


def _blocked(payload: dict[str, Any], said: str) -> str:
    tool = str(payload["tool_name"])
    said = said if len(said) <= _LONGEST_REASON else said[: _LONGEST_REASON - 1] + "…"
    return f"protect secrets: {tool} was not run.\nWhy: {said}.\nInstead: {_instead(tool, said)}"


def _instead(tool: str, said: str) -> str:
    if "is longer or deeper" in said:
        return "say it in smaller parts, and write a long text with the Write tool."
    if "has the shape of" in said:
        return "write the name of an environment variable there; the value belongs in a file that git ignores, and the person puts it in."
    if "guards the secrets" in said or "what guards" in said:
        return "leave it as it is; tell the person what you would change in it, and why."
    return how_else(tool, said)


if __name__ == "__main__":
    sys.exit(main())
