"""What the assistant can do instead of a call that was blocked."""

from __future__ import annotations

import os
import re

_NAMED = r"`([^`]+)`(?: leads to `[^`]+`, which)? is a secret \([^`]*`([^`]*)`"
_SEARCHES = ("`grep", "`egrep", "`fgrep", "`xargs", "`ag ", "`ack")
_ALWAYS = {".env", "wp-config.php"}
_EDITS = {"Write", "Edit", "MultiEdit", "NotebookEdit"}


def how_else(tool: str, said: str) -> str:
    """The next step, for a secret that was to be read, written or taken along. `said` is the reason as it is shown."""
    found = re.search(_NAMED, said)
    path, pattern = found.groups() if found else (".env", "")
    name = os.path.basename(path.rstrip("/"))
    if "and this reaches it" in said or (tool == "Grep" and said.startswith("in ")):
        return _without(tool, said, name) + _unless(name, pattern)
    return _for_one(tool, said, name) + _unless(name, pattern)


def _without(tool: str, said: str, name: str) -> str:
    if tool == "Grep":
        return f"search in a folder or for a type that leaves it out, or with the glob `!{name}`."
    if said.startswith(("`git add", "`git stash")):
        return f"name the files that are meant; or have `{name}` ignored first (`echo '{name}' >> .gitignore`)."
    if said.startswith(_SEARCHES):
        return f"`git grep` and `rg` pass over what git ignores: use one of them, or add `--exclude='{name}'`."
    return (
        f"name the files or folders that are meant, or leave it out (`--exclude='{name}'`, in find `! -name '{name}'`)."
    )


def _for_one(tool: str, said: str, name: str) -> str:
    template = _template(name)
    if tool in _EDITS or re.search(r">\s*\S*" + re.escape(name), said):
        write = f"write its template (such as `{template}`)" if template else "leave the file to the person"
        return f"{write}; a template may be copied to a missing file (`cp -n`), and the person fills it in."
    if said.startswith(("`. ", "`source ")):
        return f"let what you start load it: `uv run --env-file {name} …`, `node --env-file={name} …`, `dotenv run …`."
    read = f"read its template (such as `{template}`), " if template else ""
    return f"{read}let the program load the file itself, or ask the person for what you need."


def _template(name: str) -> str:
    if name.startswith("wp-config"):
        return "wp-config-sample.php"
    return ".env.example" if ".env" in name else ""


def _unless(name: str, pattern: str) -> str:
    """Not all that has such a name holds a secret; who says so is the person."""
    if not pattern or name in _ALWAYS or name.startswith("id_"):
        return ""
    return f" If it holds no secret, the person can allow it: `!{name}` in .claude/secrets.txt."
