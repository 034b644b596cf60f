"""The guard as it is installed: its entry, its matcher, its script, its interpreter, and what it says to real calls."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import INIT, Fault
from onebox.assistant.doctor.installed import CHECK, GUARD, Hook
from onebox.assistant.doctor.matching import matches
from onebox.assistant.doctor.replay import (
    BLOCKED,
    Call,
    Replay,
    calls,
    missing_secret,
    payload,
    replay,
    run_hook,
    substituted,
)
from onebox.assistant.doctor.timing import slow_faults
from onebox.assistant.rules import read_whole
from onebox.assistant.running import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SETTINGS = ".claude/settings.json"
SECRETS = ".claude/secrets.txt"
GUARDED = ("Read", "Edit", "Write", "MultiEdit", "NotebookEdit", "Grep", "Glob", "Bash", "PowerShell",
           "mcp__filesystem__read_file")  # fmt: skip
"""the tools that read or write files; the last stands for those of every MCP server"""
_CHECKED = ("Edit", "Write", "MultiEdit", "NotebookEdit")
_OLDEST_PYTHON = (3, 9)
_EXECUTES_ITSELF = re.compile(r"(?:^|[;&|]\s*)(?:exec\s+)?\"?\$\{?CLAUDE_PROJECT_DIR|^\"?\./")


def guards_of(hooks: Sequence[Hook]) -> list[Hook]:
    """The entries that run the guard before a call."""
    return [hook for hook in hooks if hook.event == "PreToolUse" and hook.runs(GUARD)]


def entry_faults(hooks: Sequence[Hook], project: Path) -> Iterator[Fault]:
    """What is wrong with how the guard is installed, without running it."""
    guards = guards_of(hooks)
    if not guards:
        yield Fault("guard_missing", f"no PreToolUse hook runs {GUARD}: nothing guards the secrets", SETTINGS, INIT)
        return
    yield from _unmatched(guards, GUARDED, "guards")
    for guard in guards:
        yield from script_faults(guard, GUARD, project)
        yield from _handler_faults(guard)
    yield from _others(hooks, project)


def play(guard: Hook, project: Path) -> tuple[list[Replay], list[Fault]]:
    """Plays every call that its matcher lets through to it: how it answered, and what is wrong with that. A guard that
    cannot be run at all is played none."""
    if [*script_faults(guard, GUARD, project)]:
        return [], []
    secret = missing_secret([line.strip() for line in _patterns(project)], project) or ".env.onebox-doctor"
    played = [call for call in calls(project, secret) if matches(_text(guard.matcher), call.tool)]
    replays = [replay(guard, call, project) for call in played]
    return replays, [
        *_verdict_faults(guard, replays),
        *slow_faults(guard, project),
        *crash_faults(guard, project),
    ]


def _unmatched(hooks: Sequence[Hook], tools: Sequence[str], does: str) -> Iterator[Fault]:
    """A tool that no entry is called for."""
    open_ = [tool for tool in tools if not any(matches(_text(hook.matcher), tool) for hook in hooks)]
    if open_:
        wanted = "*" if does == "guards" else "|".join(tools)
        yield Fault(
            "matcher_too_narrow",
            f"the matcher {hooks[0].matcher!r} leaves out {', '.join(open_)}: no hook {does} these",
            hooks[0].where,
            f'"matcher": "{wanted}" there, or: {INIT}',
        )


def _text(matcher: object) -> str | None:
    return matcher if isinstance(matcher, str) else None


def script_faults(hook: Hook, script: str, project: Path) -> Iterator[Fault]:
    """What keeps the script of a hook from being run at all."""
    word = next(word for word in hook.words if script in word)
    named = re.search(rf"(?:\$\{{?\w+\}}?|[^\s\"'$])*{re.escape(script)}", word.replace('"', ""))
    assert named is not None
    place = substituted(named[0], project).replace("$CLAUDE_PROJECT_DIR", str(project))
    file = Path(place) if place.startswith("/") else project / place
    if not place.startswith("/"):
        yield Fault(
            "path_is_relative",
            f"`{named[0]}` is looked for in the folder that the assistant is in, and not found from another",
            hook.where,
            f"write ${{CLAUDE_PROJECT_DIR}}/.claude/hooks/{script} there, or: {INIT}",
        )
    if not file.is_file():
        yield Fault("script_missing", f"the script {place} is not there", hook.where, INIT)
        return
    if not os.access(file, os.X_OK) and _EXECUTES_ITSELF.search(" ".join(hook.words)):
        yield Fault("run_bit_lost", f"{place} is run as a program, and may not be", hook.where, f"chmod +x {place}")
    yield from _interpreter_faults(hook, project)


def _interpreter_faults(hook: Hook, project: Path) -> Iterator[Fault]:
    named = re.search(r"(?:^|[\s\"'/])(python[\d.]*)\b", " ".join(hook.words))
    program = named[1] if named else "python3"
    if shutil.which(program) is None:
        yield Fault("interpreter_missing", f"{program} is not on the PATH: the hook cannot run", hook.where,
                    f"install Python {'.'.join(map(str, _OLDEST_PYTHON))} or newer as {program}")  # fmt: skip
        return
    told = run([program, "-I", "-S", "-c", "import sys; print(*sys.version_info[:2])"], project, seconds=10)
    version = tuple(int(part) for part in told.out.split() if part.isdigit())
    if told.code != 0 or version < _OLDEST_PYTHON:
        found = ".".join(map(str, version)) or "broken"
        yield Fault("interpreter_too_old", f"{program} is {found}; the hooks need Python 3.9 or newer", hook.where,
                    f"put a newer Python before it on the PATH as {program}")  # fmt: skip


def _handler_faults(guard: Hook) -> Iterator[Fault]:
    """What in the entry itself lets a call through."""
    handler = guard.handler
    if handler.get("type") != "command":
        yield Fault(
            "no_command", f"the hook's type is {handler.get('type')!r}, so no program is run", guard.where, INIT
        )
    if handler.get("onFailure") != "block":
        yield Fault("on_failure_missing", "a hook that cannot be started, or is killed for its time, lets the call through",
                    guard.where, f'"onFailure": "block" there, or: {INIT}')  # fmt: skip
    for key, why in (
        ("async", "the call is made without waiting for the hook"),
        ("if", "the hook is called for some of the calls alone"),
    ):
        if handler.get(key):
            yield Fault("entry_opens", f"`{key}` is set: {why}", guard.where, f"delete `{key}` there")


def _patterns(project: Path) -> list[str]:
    lines = read_whole(project / SECRETS).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _verdict_faults(guard: Hook, replays: Sequence[Replay]) -> Iterator[Fault]:
    """One fault for each kind of trouble: if nothing is blocked, that is one fault, not ten."""
    wrong = [each for each in replays if each.fault]
    for fault in dict.fromkeys(each.fault for each in wrong):
        what = ", ".join(f"{each.call.tool} ({each.call.about})" for each in wrong if each.fault == fault)
        yield Fault("wrong_verdict", f"{what}: {fault}", guard.where, f"{INIT} --force; then look at {SECRETS}")


def crash_faults(guard: Hook, project: Path) -> Iterator[Fault]:
    """What breaks the hook must block."""
    for given, name in (("no JSON at all", "that is no JSON"), ("[]", "that is no object"), ("", "that is empty")):
        ended = run_hook(guard, project, given)
        if ended.code != BLOCKED:
            yield Fault("fails_open", f"an input {name} ends with exit code {ended.code}: what breaks the hook opens it",
                        guard.where, f"{INIT} --force")  # fmt: skip
            return


def _others(hooks: Sequence[Hook], project: Path) -> Iterator[Fault]:
    """Another hook before the same calls that answers for the person, or changes the call behind the guard's back."""
    for hook in hooks:
        if hook.event != "PreToolUse" or hook.runs(GUARD) or hook.runs(CHECK):
            continue
        told = "\n".join([*hook.words, *(read_whole(file) for file in _files_of(hook, project))])
        if "updatedInput" in told:
            yield Fault("changes_the_call", "this hook may change a call (`updatedInput`) after the guard has judged it",
                        hook.where, "let it deny instead, and say what to do")  # fmt: skip
        if re.search(r"permissionDecision\W+allow\b", told) and not re.search(r"permissionDecision\W+(deny|ask)", told):
            yield Fault("answers_allow", "this hook answers `allow` and never anything else: the person is not asked, and "
                        "what the guard leaves to the permission rules passes", hook.where,
                        "let it print nothing when a call is safe")  # fmt: skip


def _files_of(hook: Hook, project: Path) -> Iterator[Path]:
    for word in re.findall(r"[^\s\"']+", " ".join(hook.words).replace("$CLAUDE_PROJECT_DIR", str(project))):
        file = project / substituted(word, project)
        if file.suffix in {".py", ".sh", ".js", ".ts", ".mjs", ".rb"} and file.is_file():
            yield file


def check_hook_faults(hooks: Sequence[Hook], project: Path) -> Iterator[Fault]:
    """The same for the hook that checks after an edit: it may fail, but it must be there and be silent."""
    after = [hook for hook in hooks if hook.event == "PostToolUse" and hook.runs(CHECK)]
    stop = [hook for hook in hooks if hook.event == "Stop" and hook.runs(CHECK)]
    for event, found in (("PostToolUse", after), ("Stop", stop)):
        if not found:
            yield Fault("check_missing", f"no {event} hook runs {CHECK}", SETTINGS, INIT)
    if after:
        yield from _unmatched(after, _CHECKED, "checks after")
    for hook in [*after, *stop][:1]:
        broken = [*script_faults(hook, CHECK, project)]
        yield from broken
        if not broken:
            call = Call("Write", "write a file", {"file_path": str(project / "onebox-doctor.txt")}, secret=False)
            ended = run_hook(hook, project, payload(call, project, "PostToolUse"))
            if ended.code != 0 or ended.lines:
                yield Fault("check_not_silent", f"after a write of nothing that it checks it ends with {ended.code} and "
                            f"says {ended.lines[:1]}", hook.where, f"{INIT} --force")  # fmt: skip
