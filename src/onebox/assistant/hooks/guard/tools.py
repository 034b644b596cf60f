"""What each tool would do with which file."""

from __future__ import annotations

import os

from onebox.assistant.hooks.guard.inputs import fields_in, judge_fields, judge_server
from onebox.assistant.hooks.guard.powershell import judge_powershell
from onebox.assistant.hooks.guard.prompts import commands_of_prompt, files_of_prompt, is_prompt
from onebox.assistant.hooks.guard.shell import judge_shell
from onebox.assistant.hooks.guard.tokens import token_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onebox.assistant.hooks.guard.places import Places

# They take words, or name files and open none.
_WORDS_ONLY = frozenset(
    "Agent Task TodoWrite WebSearch AskUserQuestion EnterPlanMode ExitPlanMode Skill SlashCommand ToolSearch Workflow"
    " ScheduleWakeup ReportFindings ListAgents SendMessage Glob LS KillShell KillBash BashOutput TaskOutput TaskStop"
    " TaskCreate TaskGet TaskList TaskUpdate CronCreate CronDelete CronList EnterWorktree ExitWorktree".split()
)
_OF_TYPES = {
    "py": ("*.py", "*.pyi"),
    "js": ("*.js", "*.jsx", "*.mjs", "*.cjs"),
    "ts": ("*.ts", "*.tsx", "*.mts", "*.cts"),
    "go": ("*.go",),
    "rust": ("*.rs",),
    "md": ("*.md", "*.markdown"),
    "css": ("*.css", "*.scss"),
    "html": ("*.html", "*.htm"),
    "java": ("*.java",),
    "php": ("*.php",),
    "json": ("*.json",),
    "yaml": ("*.yaml", "*.yml"),
}


class OddInput(Exception):
    """A call that cannot be judged: what it would touch is not where it belongs."""


def judge(payload: dict[str, Any], places: Places) -> str | None:
    """Why this call must not be made; None when it may."""
    tool = payload.get("tool_name")
    if not isinstance(tool, str) or not tool:
        raise OddInput("the call does not say which tool it is of")
    if tool in _WORDS_ONLY:
        return None
    given = payload.get("tool_input")
    if not isinstance(given, dict):
        raise OddInput(f"the input of {tool} is no object")
    cwd = payload.get("cwd")
    cwd = os.path.normpath(cwd) if isinstance(cwd, str) and os.path.isabs(cwd) else places.project
    if tool in _JUDGES:
        return _JUDGES[tool](tool, given, places, cwd)
    if tool.startswith("mcp__"):
        return judge_server(tool, given, places, cwd)
    if "command" in given:
        return _shell(tool, given, places, cwd)
    return judge_fields(given, places, cwd, writes=True)


def _text(tool: str, given: dict[str, Any], *names: str) -> str:
    """The first of these fields that is there; it has to be text."""
    for name in names:
        if name in given:
            if not isinstance(given[name], str):
                raise OddInput(f"{name} of {tool} is no text")
            return str(given[name])
    raise OddInput(f"{tool} comes without {names[0]}")


def _read(tool: str, given: dict[str, Any], places: Places, cwd: str) -> str | None:
    path = _text(tool, given, "file_path", "notebook_path", "path")
    return places.reason(path, cwd=cwd) or places.reason(_trimmed_path(path), cwd=cwd)


def _write(tool: str, given: dict[str, Any], places: Places, cwd: str) -> str | None:
    path = _text(tool, given, "file_path", "notebook_path", "path")
    trimmed = _trimmed_path(path)
    said = places.reason(path, cwd=cwd, writes=True) or places.reason(trimmed, cwd=cwd, writes=True)
    said = said or places.runs_guard(trimmed, cwd=cwd)
    if said is not None:
        return said
    # What is replaced is in the file already, and a path holds no token.
    added = [
        value for name, value in fields_in(given) if name not in {"old_string", "file_path", "notebook_path", "path"}
    ]
    text = "\n".join(added)
    return (_prompt(text, places, cwd) if is_prompt(trimmed) else None) or token_reason(text, path, places, cwd)


def _trimmed_path(path: str) -> str:
    """As Claude Code takes it."""
    return path.strip().strip("\ufeff").strip()


def _prompt(text: str, places: Places, cwd: str) -> str | None:
    """Claude Code runs the commands of a prompt, and takes its files in, before any hook is asked."""
    for command in commands_of_prompt(text):
        said = judge_shell(command, places, cwd)
        if said is not None:
            return f"the prompt would run {said}"
    for path in files_of_prompt(text):
        said = places.reason(path, cwd=cwd)
        if said is not None:
            return f"the prompt would take in `@{path}`, and {said}"
    return None


def _grep(tool: str, given: dict[str, Any], places: Places, cwd: str) -> str | None:
    path = given.get("path") or cwd
    if not isinstance(path, str):
        raise OddInput(f"path of {tool} is no text")
    path = _trimmed_path(path)
    whole = os.path.join(cwd, os.path.expanduser(path))
    if not os.path.isdir(whole):
        return places.reason(path, cwd=cwd)
    said = places.reason(path, cwd=cwd)
    if said is not None:
        return said
    wanted, unwanted = _globs(tool, given)
    if wanted:
        # A glob that is asked for finds what is hidden or ignored too.
        return places.tree(path, cwd=cwd, names=wanted, without=unwanted, follows=False)
    if given.get("output_mode") != "content":
        return None
    of_type = given.get("type")
    names = _OF_TYPES.get(of_type) if isinstance(of_type, str) else None
    said = places.tree(path, cwd=cwd, ignored=False, names=names, without=unwanted, follows=False)
    return f'{said}; search without it (glob: "!NAME")' if said else None


def _globs(tool: str, given: dict[str, Any]) -> tuple[list[str], list[str]]:
    glob = given.get("glob") or ""
    if not isinstance(glob, str):
        raise OddInput(f"glob of {tool} is no text")
    wanted: list[str] = []
    unwanted: list[str] = []
    for word in glob.split():
        for each in _alternatives(word):
            if each.startswith("!"):
                name = each[1:].removeprefix("**/").removesuffix("/**").removesuffix("/")
                unwanted += [] if "/" in name else [name]  # of one folder alone; what else is there is searched
            else:
                name = each.rstrip("/").rpartition("/")[2]
                wanted.append("*" if name in {"", "**"} else name)
    return wanted, unwanted


def _alternatives(glob: str) -> list[str]:
    """`*.{a,b}` as `*.a` and `*.b`; without braces, a comma parts globs."""
    start, end = glob.find("{"), glob.rfind("}")
    if start < 0 or end < start:
        return [each for each in glob.split(",") if each]
    inside = glob[start + 1 : end].replace("{", "").replace("}", "").split(",")
    return [glob[:start] + each + glob[end + 1 :] for each in inside]


def _shell(tool: str, given: dict[str, Any], places: Places, cwd: str) -> str | None:
    return judge_shell(_text(tool, given, "command"), places, cwd)


def _powershell(tool: str, given: dict[str, Any], places: Places, cwd: str) -> str | None:
    return judge_powershell(_text(tool, given, "command"), places, cwd)


def _fetch(tool: str, given: dict[str, Any], places: Places, cwd: str) -> str | None:
    address = _text(tool, given, "url")
    return places.reason(address.strip(), cwd=cwd) if address.strip().lower().startswith("file:") else None


_JUDGES = {
    "Read": _read,
    "NotebookRead": _read,
    "Edit": _write,
    "Write": _write,
    "MultiEdit": _write,
    "NotebookEdit": _write,
    "Grep": _grep,
    "Bash": _shell,
    "PowerShell": _powershell,
    "WebFetch": _fetch,
}
