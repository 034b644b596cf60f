"""The guard as it is installed: its entry, its matcher, its script, its interpreter, and what it says to real calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onebox.assistant.doctor.faults import INIT, Fault
from onebox.assistant.doctor.installed import CHECK, GUARD, Hook
from onebox.assistant.doctor.matching import matches
from onebox.assistant.doctor.replay import (
    ANY_MCP,
    BLOCKED,
    Call,
    Replay,
    calls,
    missing_secret,
    payload,
    replay,
    run_hook,
)
from onebox.assistant.doctor.scripts import script_faults
from onebox.assistant.doctor.timing import slow_faults
from onebox.assistant.rules import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SETTINGS = ".claude/settings.json"
SECRETS = ".claude/secrets.txt"
GUARDED = ("Read", "Edit", "Write", "MultiEdit", "NotebookEdit", "Grep", "Glob", "Bash", "PowerShell", "Monitor",
           ANY_MCP)  # fmt: skip
"""the tools that read or write files; the last stands for those of every MCP server"""
_CHECKED = ("Edit", "Write", "MultiEdit", "NotebookEdit")


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
    patterns = _patterns(guard, project)
    if patterns is not None and all(pattern.startswith("!") for pattern in patterns):
        return [], [Fault("list_empty", "no line of the list says that something is secret: the guard lets all pass",
                          *_list_of(guard, project))]  # fmt: skip
    secret = missing_secret(patterns or (), project) or ".env.onebox-doctor"
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
            f'"matcher": "{wanted}" there, or: {hooks[0].anew}',
        )


def _text(matcher: object) -> str | None:
    return matcher if isinstance(matcher, str) else None


def _handler_faults(guard: Hook) -> Iterator[Fault]:
    """What in the entry itself lets a call through."""
    handler = guard.handler
    if handler.get("type") != "command":
        yield Fault(
            "no_command", f"the hook's type is {handler.get('type')!r}, so no program is run", guard.where, guard.anew
        )
    if handler.get("onFailure") != "block":
        yield Fault("on_failure_missing", "a hook that cannot be started, or is killed for its time, lets the call through",
                    guard.where, f'"onFailure": "block" there, or: {guard.anew}')  # fmt: skip
    for key, why in (
        ("async", "the call is made without waiting for the hook"),
        ("asyncRewake", "the call is made without waiting for the hook"),
        ("if", "the hook is called for some of the calls alone"),
    ):
        if handler.get(key):
            yield Fault("entry_opens", f"`{key}` is set: {why}", guard.where, f"delete `{key}` there")


def _patterns(guard: Hook, project: Path) -> list[str] | None:
    """Of the list that this guard goes by; None where there is none, and it goes by the one that it was made with."""
    lists = [project / SECRETS, *([guard.root / "hooks/secrets.txt"] if guard.root else [])]
    found = next((file for file in lists if file.is_file()), None)
    if found is None:
        return None
    return [line.strip() for line in read_whole(found).splitlines() if line.strip() and not line.startswith("#")]


def _list_of(guard: Hook, project: Path) -> tuple[str, str]:
    """The list that this guard goes by, and what writes it anew."""
    if guard.root is None or (project / SECRETS).is_file():
        return SECRETS, f"git checkout -- {SECRETS}, or: rm {SECRETS} && {INIT}"
    return str(guard.root / "hooks/secrets.txt"), guard.anew


def _verdict_faults(guard: Hook, replays: Sequence[Replay]) -> Iterator[Fault]:
    """One fault for each kind of trouble: if nothing is blocked, that is one fault, not ten."""
    wrong = [each for each in replays if each.fault]
    for fault in dict.fromkeys(each.fault for each in wrong):
        what = ", ".join(f"{each.call.tool} ({each.call.about})" for each in wrong if each.fault == fault)
        yield Fault("wrong_verdict", f"{what}: {fault}", guard.where, _anew(guard))


def crash_faults(guard: Hook, project: Path) -> Iterator[Fault]:
    """What breaks the hook must block."""
    for given, name in (("no JSON at all", "that is no JSON"), ("[]", "that is no object"), ("", "that is empty")):
        ended = run_hook(guard, project, given)
        if ended.code != BLOCKED:
            yield Fault("fails_open", f"an input {name} ends with exit code {ended.code}: what breaks the hook opens it",
                        guard.where, _anew(guard))  # fmt: skip
            return


def _anew(hook: Hook) -> str:
    """What writes the entry and the script again, whatever was edited of them."""
    return f"{INIT} --force" if hook.anew == INIT else hook.anew


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
    for word in re.findall(r"[^\s\"']+", hook.substituted(" ".join(hook.words), project)):
        file = project / word
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
                            f"says {ended.lines[:1]}", hook.where, _anew(hook))  # fmt: skip
